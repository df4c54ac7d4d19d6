/*
 * An NFSv3 load generator over TCP. It keeps DEPTH calls outstanding on each of CONNECTIONS connections, counts for
 * SECONDS seconds after a warm-up, and prints one line of JSON: operations/s, MB/s, latency in microseconds and errors
 * by NFS status. Calls are encoded by hand (RFC 5531, RFC 1813), so that the generator costs a fraction of what any
 * server does.
 *
 *     cc -O2 -o nfsload nfsload.c        (wants its two headers beside it)
 *     nfsload -H 127.0.0.1 -p 2049 -m 20048 -e /export -o getattr -c 1 -q 32 -t 5 -r 17
 *
 *     -o null|getattr|access|lookup|read|write|stable|create|readdirplus
 *     -s bytes a call    -f files    -F MiB of the file that is read and written    -w seconds of warm-up
 *     -r seed: transaction ids, offsets and names come from it. Two runs against one server need different seeds:
 *        with equal ones its duplicate-request cache may answer the second run from what it kept of the first.
 *
 * One operation is one call, but: `create` counts its CREATE and its REMOVE as one each, and `readdirplus` counts one
 * for the whole listing of 1,000 entries, however many calls the server's pages make of it.
 * Exit: 0 all answered well, 1 could not run, 2 usage, 3 errors in replies (the line is printed all the same).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>

#include "nfsload-client.h"

/* A slot's number stands in the low bits of its transaction ids. */
enum { SLOT_BITS = 12, DEPTH_MAX = 1 << SLOT_BITS };
/* Entries of the directory that READDIRPLUS lists, without "." and "..". */
enum { LISTING = 1000, PAGE_NAMES = 8192, PAGE_BYTES = 32768 };
/* Bytes of one WRITE that fills the file, and of the least free room before a read. */
enum { FILL_BYTES = 65536, READ_ROOM = 65536 };

typedef struct {
  double since;
  int procedure;
  int busy;
  /* `create`: serial number of the file that this slot has created and has to remove, or 0. */
  int created;
  /* `readdirplus`: where the listing stands. */
  uint64_t cookie;
  uint8_t verifier[VERIFIER];
  int entries;
} slot_t;

typedef struct {
  int fd;
  uint8_t *rx;
  size_t rx_length, rx_capacity;
  uint8_t *tx;
  size_t tx_length, tx_capacity, tx_sent;
  slot_t *slots;
  int wants_write;
} connection_t;

static const char *host = "127.0.0.1", *export_path = "/export", *operation = "getattr";
static int nfs_port = 2049, mount_port = 20048, connections = 1, depth = 16, files_count = 64, file_mib = 16;
static uint32_t io_bytes = 4096;
static double seconds = 5, warm_seconds = 0;
static uint64_t seed = 1;

static handle_t root, directory, *files;
static uint8_t *payload;
static int serial, stopping;

static uint32_t *latencies;
static size_t latencies_length, latencies_capacity;
static uint64_t operations, calls, bytes, errors, errors_by_status[STATUS_MAX], errors_rpc, errors_content;

/* ---- setup ---- */

static void die_status(const char *what, uint32_t status) {
  fprintf(stderr, "nfsload: %s: status %" PRIu32 "\n", what, status);
  exit(1);
}

static int is_operation(const char *name) { return strcmp(operation, name) == 0; }

static uint32_t lookup(int fd, const handle_t *parent, const char *name, handle_t *found) {
  uint8_t *at = begin_call(PROGRAM_NFS, LOOKUP);
  at = put_handle(at, parent);
  const uint8_t *results = finish_call(fd, put_name(at, name));
  uint32_t status = get_u32(results);
  if (status == 0) get_handle(found, results + 4);
  return status;
}

/* Finds the file or folder, or creates it. */
static void make(int fd, const handle_t *parent, const char *name, int is_folder, handle_t *made) {
  uint32_t status = lookup(fd, parent, name, made);
  if (status == 0) return;
  if (status != NFS3ERR_NOENT) die_status("LOOKUP", status);
  uint8_t *at = begin_call(PROGRAM_NFS, is_folder ? MKDIR : CREATE);
  at = put_name(put_handle(at, parent), name);
  if (!is_folder) at = put_u32(at, 0); /* UNCHECKED */
  status = get_u32(finish_call(fd, put_mode(at, is_folder ? 0755 : 0644)));
  if (status != 0) die_status(is_folder ? "MKDIR" : "CREATE", status);
  status = lookup(fd, parent, name, made);
  if (status != 0) die_status("LOOKUP", status);
}

static uint64_t size_of(int fd, const handle_t *file) {
  const uint8_t *results = finish_call(fd, put_handle(begin_call(PROGRAM_NFS, GETATTR), file));
  if (get_u32(results) != 0) die_status("GETATTR", get_u32(results));
  return get_u64(results + 4 + 20); /* after type, mode, links, uid, gid */
}

/* Gives the first file its full size, so that reads return data and writes find their blocks. */
static void fill(int fd) {
  uint64_t size = (uint64_t)file_mib << 20;
  if (size_of(fd, &files[0]) >= size) return;
  for (uint64_t offset = 0; offset < size; offset += FILL_BYTES) {
    uint8_t *at = put_handle(begin_call(PROGRAM_NFS, WRITE), &files[0]);
    at = put_u64(at, offset);
    at = put_u32(at, FILL_BYTES);
    at = put_u32(at, 0); /* UNSTABLE */
    const uint8_t *results = finish_call(fd, put_opaque(at, payload, FILL_BYTES));
    if (get_u32(results) != 0) die_status("WRITE", get_u32(results));
  }
  uint8_t *at = put_handle(begin_call(PROGRAM_NFS, COMMIT), &files[0]);
  const uint8_t *results = finish_call(fd, put_u32(put_u64(at, 0), 0));
  if (get_u32(results) != 0) die_status("COMMIT", get_u32(results));
}

static void mount_export(void) {
  int fd = dial(host, mount_port);
  const uint8_t *results = finish_call(fd, put_name(begin_call(PROGRAM_MOUNT, MOUNTPROC3_MNT), export_path));
  if (get_u32(results) != 0) die_status("MOUNT", get_u32(results));
  get_handle(&root, results + 4);
  close(fd);
}

static void setup(void) {
  char name[32];
  handle_t unused;
  payload = malloc(CALL_MAX);
  for (int i = 0; i < CALL_MAX; i++) payload[i] = (uint8_t)next_random();
  mount_export();
  int fd = dial(host, nfs_port);
  files = calloc((size_t)files_count, sizeof *files);
  if (is_operation("readdirplus")) {
    make(fd, &root, "listing", 1, &directory);
    for (int i = 0; i < LISTING; i++) {
      snprintf(name, sizeof name, "entry-%04d", i);
      make(fd, &directory, name, 0, &unused);
    }
  } else {
    make(fd, &root, "load", 1, &directory);
    for (int i = 0; i < files_count; i++) {
      snprintf(name, sizeof name, "f%d", i);
      make(fd, &directory, name, 0, &files[i]);
    }
    if (is_operation("read") || is_operation("write") || is_operation("stable")) fill(fd);
  }
  close(fd);
}

/* ---- the load ---- */

static uint64_t random_offset(void) {
  uint64_t places = ((uint64_t)file_mib << 20) / io_bytes;
  return next_random() % places * io_bytes;
}

static uint8_t *put_create_or_remove(uint8_t *start, uint32_t xid, slot_t *slot) {
  char name[48];
  int is_create = slot->created == 0;
  if (is_create) slot->created = ++serial;
  snprintf(name, sizeof name, "c%" PRIu64 "-%d", seed, slot->created);
  if (!is_create) slot->created = 0;
  slot->procedure = is_create ? CREATE : REMOVE;
  uint8_t *at = put_call(start, xid, PROGRAM_NFS, (uint32_t)slot->procedure);
  at = put_name(put_handle(at, &directory), name);
  return is_create ? put_mode(put_u32(at, 0), 0644) : at;
}

static uint8_t *put_page(uint8_t *start, uint32_t xid, slot_t *slot) {
  uint8_t *at = put_call(start, xid, PROGRAM_NFS, READDIRPLUS);
  slot->procedure = READDIRPLUS;
  at = put_u64(put_handle(at, &directory), slot->cookie);
  memcpy(at, slot->verifier, VERIFIER);
  return put_u32(put_u32(at + VERIFIER, PAGE_NAMES), PAGE_BYTES);
}

/* Operations that are one call of one procedure each time; -1 for all others. */
static int procedure_of(const char *name) {
  static const struct {
    const char *name;
    int procedure;
  } table[] = {{"null", NULLPROC}, {"getattr", GETATTR}, {"access", ACCESS}, {"lookup", LOOKUP},
               {"read", READ},     {"write", WRITE},     {"stable", WRITE}};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (strcmp(name, table[i].name) == 0) return table[i].procedure;
  }
  return -1;
}

static uint8_t *put_operation(uint8_t *start, uint32_t xid, slot_t *slot) {
  const handle_t *file = &files[next_random() % (uint64_t)files_count];
  if (is_operation("create")) return put_create_or_remove(start, xid, slot);
  if (is_operation("readdirplus")) return put_page(start, xid, slot);
  slot->procedure = procedure_of(operation);
  uint8_t *at = put_call(start, xid, PROGRAM_NFS, (uint32_t)slot->procedure);
  switch (slot->procedure) {
    case GETATTR:
      return put_handle(at, file);
    case ACCESS:
      return put_u32(put_handle(at, file), 0x3f);
    case LOOKUP: {
      char name[32];
      snprintf(name, sizeof name, "f%d", (int)(file - files));
      return put_name(put_handle(at, &directory), name);
    }
    case READ:
      return put_u32(put_u64(put_handle(at, &files[0]), random_offset()), io_bytes);
    case WRITE:
      at = put_u32(put_u64(put_handle(at, &files[0]), random_offset()), io_bytes);
      at = put_u32(at, is_operation("stable") ? FILE_SYNC : 0);
      return put_opaque(at, payload, io_bytes);
    default:
      return at;
  }
}

static void reserve(connection_t *c, size_t room) {
  if (c->tx_length + room <= c->tx_capacity) return;
  if (c->tx_sent > 0) memmove(c->tx, c->tx + c->tx_sent, c->tx_length - c->tx_sent);
  c->tx_length -= c->tx_sent;
  c->tx_sent = 0;
  if (c->tx_length + room <= c->tx_capacity) return;
  c->tx_capacity = (c->tx_length + room) * 2;
  c->tx = realloc(c->tx, c->tx_capacity);
  if (c->tx == NULL) die("out of memory");
}

static void issue(connection_t *c, int index) {
  slot_t *slot = &c->slots[index];
  int is_next_page = slot->cookie != 0;
  reserve(c, io_bytes + 512);
  uint8_t *start = c->tx + c->tx_length;
  uint32_t xid = (uint32_t)next_random() << SLOT_BITS | (uint32_t)index;
  uint8_t *end = put_operation(start, xid, slot);
  put_mark(start, end);
  c->tx_length += (size_t)(end - start);
  if (!is_next_page) slot->since = now();
  slot->busy = 1;
}

static void flush(connection_t *c, int epoll) {
  while (c->tx_sent < c->tx_length) {
    ssize_t n = write(c->fd, c->tx + c->tx_sent, c->tx_length - c->tx_sent);
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) die("write");
    c->tx_sent += (size_t)n;
  }
  if (c->tx_sent == c->tx_length) c->tx_sent = c->tx_length = 0;
  int wants_write = c->tx_length > 0;
  if (wants_write == c->wants_write) return;
  struct epoll_event event = {.events = EPOLLIN | (wants_write ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event);
  c->wants_write = wants_write;
}

static int count_busy(const connection_t *c) {
  int count = 0;
  for (int i = 0; i < depth; i++) count += c->slots[i].busy;
  return count;
}

static void count_latency(double since) {
  if (latencies_length == latencies_capacity) {
    latencies_capacity = latencies_capacity ? latencies_capacity * 2 : 1 << 20;
    latencies = realloc(latencies, latencies_capacity * sizeof *latencies);
    if (latencies == NULL) die("out of memory");
  }
  latencies[latencies_length++] = (uint32_t)((now() - since) * 1e6);
}

static void count_content_error(void) {
  errors++;
  errors_content++;
}

/* READ3resok: attributes, count, eof, data. A short answer is an error here: the file is longer. */
static void check_read(const uint8_t *results) {
  uint32_t at = 8 + (get_u32(results + 4) ? FATTR3 : 0), count = get_u32(results + at);
  bytes += count;
  if (count != io_bytes) count_content_error();
}

/* WRITE3resok: wcc_data, count, committed, verifier. */
static void check_write(const uint8_t *results) {
  uint32_t at = 8 + (get_u32(results + 4) ? WCC_ATTR : 0);
  at += 4 + (get_u32(results + at) ? FATTR3 : 0);
  uint32_t count = get_u32(results + at), committed = get_u32(results + at + 4);
  bytes += count;
  if (count != io_bytes || (is_operation("stable") && committed != FILE_SYNC)) count_content_error();
}

/* READDIRPLUS3resok: walks one page. Returns 1 when the listing is complete, and compares what it held. */
static int take_page(slot_t *slot, const uint8_t *results, const uint8_t *end) {
  const uint8_t *at = results + 8 + (get_u32(results + 4) ? FATTR3 : 0);
  memcpy(slot->verifier, at, VERIFIER);
  at += VERIFIER;
  int before = slot->entries, dots = 0;
  while (at + 4 <= end && get_u32(at) == 1) {
    uint32_t length = get_u32(at + 12);
    if (length <= 2 && at[16] == '.') dots++;
    else slot->entries++;
    at += 16 + padded(length);
    slot->cookie = get_u64(at);
    at += 8;
    at += 4 + (get_u32(at) ? FATTR3 : 0);
    at += 4 + (get_u32(at) ? 4 + padded(get_u32(at + 4)) : 0);
  }
  int is_end = at + 8 > end || get_u32(at + 4) == 1;
  int is_stuck = !is_end && slot->entries == before && dots == 0;
  if (is_stuck || (is_end && slot->entries != LISTING)) count_content_error();
  return is_end || is_stuck;
}

static void reset_listing(slot_t *slot) {
  slot->cookie = 0;
  slot->entries = 0;
  memset(slot->verifier, 0, VERIFIER);
}

/* Judges a reply's results; returns 1 when the operation is complete, 0 when it needs another call. */
static int take_results(slot_t *slot, const uint8_t *reply, uint32_t length) {
  uint32_t at = results_of(reply, length);
  if (at == 0) {
    errors++;
    errors_rpc++;
    reset_listing(slot);
    return 1;
  }
  if (slot->procedure == NULLPROC) return 1;
  const uint8_t *results = reply + at;
  uint32_t status = get_u32(results);
  if (status != 0) {
    errors++;
    if (status < STATUS_MAX) errors_by_status[status]++;
    else errors_rpc++;
    reset_listing(slot);
    return 1;
  }
  if (slot->procedure == READ) check_read(results);
  if (slot->procedure == WRITE) check_write(results);
  if (slot->procedure != READDIRPLUS) return 1;
  if (!take_page(slot, results, reply + length)) return 0;
  reset_listing(slot);
  return 1;
}

static void take_reply(connection_t *c, const uint8_t *reply, uint32_t length) {
  int index = (int)(get_u32(reply) & (DEPTH_MAX - 1));
  if (index >= depth || !c->slots[index].busy) {
    fprintf(stderr, "nfsload: a reply to a call that was never sent\n");
    exit(1);
  }
  slot_t *slot = &c->slots[index];
  slot->busy = 0;
  calls++;
  int is_complete = take_results(slot, reply, length);
  if (is_complete) {
    operations++;
    count_latency(slot->since);
  }
  int leaves_file = slot->created != 0; /* what was created is removed again, also when the time is over */
  if (!stopping || !is_complete || leaves_file) issue(c, index);
}

static void receive(connection_t *c) {
  for (;;) {
    if (c->rx_capacity - c->rx_length < READ_ROOM) {
      c->rx_capacity = c->rx_capacity ? c->rx_capacity * 2 : 1 << 18;
      c->rx = realloc(c->rx, c->rx_capacity);
      if (c->rx == NULL) die("out of memory");
    }
    ssize_t n = read(c->fd, c->rx + c->rx_length, c->rx_capacity - c->rx_length);
    if (n < 0 && errno == EAGAIN) return;
    if (n == 0) errno = ECONNRESET;
    if (n <= 0) die("the server closed the connection");
    c->rx_length += (size_t)n;
    size_t at = 0;
    while (c->rx_length - at >= 4) {
      uint32_t mark = get_u32(c->rx + at), length = mark & 0x7fffffff;
      if (!(mark >> 31)) die("a reply in fragments, which this client does not join");
      if (c->rx_length - at < length + 4) break;
      take_reply(c, c->rx + at + 4, length);
      at += length + 4;
    }
    memmove(c->rx, c->rx + at, c->rx_length - at);
    c->rx_length -= at;
  }
}

/* ---- the run ---- */

typedef struct {
  double elapsed;
  uint64_t operations, calls, bytes;
} counts_t;

static connection_t *open_connections(int epoll) {
  connection_t *all = calloc((size_t)connections, sizeof *all);
  for (int i = 0; i < connections; i++) {
    connection_t *c = &all[i];
    c->fd = dial(host, nfs_port);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    c->slots = calloc((size_t)depth, sizeof *c->slots);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
    for (int index = 0; index < depth; index++) issue(c, index);
    flush(c, epoll);
  }
  return all;
}

/* Warms up, counts, then waits for what is still outstanding. */
static counts_t run(void) {
  int epoll = epoll_create1(0), counting = 0;
  connection_t *all = open_connections(epoll);
  double begin = now() + warm_seconds, end = begin + seconds;
  counts_t counts = {0};
  struct epoll_event events[64];
  for (;;) {
    int count = epoll_wait(epoll, events, 64, 10);
    for (int i = 0; i < count; i++) {
      connection_t *c = events[i].data.ptr;
      if (events[i].events & ~(uint32_t)EPOLLOUT) receive(c);
      flush(c, epoll);
    }
    double time = now();
    if (!counting && time >= begin) {
      counting = 1;
      begin = time;
      end = begin + seconds;
      operations = calls = bytes = latencies_length = 0;
    }
    if (counting && !stopping && time >= end) {
      stopping = 1;
      counts = (counts_t){time - begin, operations, calls, bytes};
    }
    if (!stopping) continue;
    int outstanding = 0;
    for (int i = 0; i < connections; i++) outstanding += count_busy(&all[i]);
    if (outstanding == 0) return counts;
    if (time > end + ANSWER_SECONDS_MAX) {
      fprintf(stderr, "nfsload: %d calls were never answered\n", outstanding);
      exit(1);
    }
  }
}

static int compare(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return (a > b) - (a < b);
}

static uint32_t quantile(double share) {
  if (latencies_length == 0) return 0;
  return latencies[(size_t)((double)(latencies_length - 1) * share)];
}

static void print(counts_t counts) {
  qsort(latencies, latencies_length, sizeof *latencies, compare);
  printf("{\"op\":\"%s\",\"conns\":%d,\"depth\":%d,\"size\":%" PRIu32, operation, connections, depth, io_bytes);
  printf(",\"seconds\":%.3f,\"ops_s\":%.1f", counts.elapsed, (double)counts.operations / counts.elapsed);
  printf(",\"calls_s\":%.1f", (double)counts.calls / counts.elapsed);
  printf(",\"MB_s\":%.1f", (double)counts.bytes / counts.elapsed / 1e6);
  printf(",\"p50_us\":%" PRIu32 ",\"p99_us\":%" PRIu32, quantile(0.5), quantile(0.99));
  printf(",\"p999_us\":%" PRIu32 ",\"max_us\":%" PRIu32, quantile(0.999), quantile(1));
  printf(",\"errors\":%" PRIu64, errors);
  for (int i = 1; i < STATUS_MAX; i++) {
    if (errors_by_status[i]) printf(",\"nfs3err_%d\":%" PRIu64, i, errors_by_status[i]);
  }
  if (errors_rpc) printf(",\"rpc_errors\":%" PRIu64, errors_rpc);
  if (errors_content) printf(",\"content_errors\":%" PRIu64, errors_content);
  printf("}\n");
}

static int is_usable(void) {
  int is_known = procedure_of(operation) >= 0 || is_operation("create") || is_operation("readdirplus");
  int has_load = connections > 0 && depth > 0 && depth <= DEPTH_MAX && seconds > 0;
  int has_files = files_count > 0 && file_mib > 0 && io_bytes > 0 && io_bytes <= (uint32_t)file_mib << 20;
  return is_known && has_load && has_files && io_bytes <= CALL_MAX;
}

int main(int argc, char **argv) {
  int option;
  while ((option = getopt(argc, argv, "H:p:m:e:o:c:q:t:w:s:f:F:r:")) != -1) {
    switch (option) {
      case 'H': host = optarg; break;
      case 'p': nfs_port = atoi(optarg); break;
      case 'm': mount_port = atoi(optarg); break;
      case 'e': export_path = optarg; break;
      case 'o': operation = optarg; break;
      case 'c': connections = atoi(optarg); break;
      case 'q': depth = atoi(optarg); break;
      case 't': seconds = atof(optarg); break;
      case 'w': warm_seconds = atof(optarg); break;
      case 's': io_bytes = (uint32_t)atoi(optarg); break;
      case 'f': files_count = atoi(optarg); break;
      case 'F': file_mib = atoi(optarg); break;
      case 'r': seed = strtoull(optarg, NULL, 10); break;
      default: return 2;
    }
  }
  if (!is_usable()) {
    fprintf(stderr, "nfsload: unknown operation, or a number out of its range\n");
    return 2;
  }
  seed_random(seed);
  setup();
  print(run());
  return errors ? 3 : 0;
}
