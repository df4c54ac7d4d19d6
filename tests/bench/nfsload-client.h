/*
 * What nfsload.c needs beside its load: a clock, random numbers, connections, and calls made one at a time for its
 * setup. Whatever fails here ends the process with one line.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "nfsload-wire.h"

/* Bytes of the largest call. */
enum { CALL_MAX = 2 << 20 };
/* Seconds that a server may leave a call without an answer. */
enum { ANSWER_SECONDS_MAX = 30 };

static uint64_t random_state = 88172645463325252ull;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

/* xorshift64: fast, and the same numbers for the same seed. */
static uint64_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

static void seed_random(uint64_t seed) {
  random_state ^= seed * 0x9e3779b97f4a7c15ull; /* spreads small seeds over all bits */
  if (random_state == 0) random_state = 1;
  for (int i = 0; i < 16; i++) next_random();
}

static void die(const char *what) {
  fprintf(stderr, "nfsload: %s (%s)\n", what, strerror(errno));
  exit(1);
}

static int new_socket(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  struct timeval limit = {.tv_sec = ANSWER_SECONDS_MAX};
  if (fd < 0) die("socket");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return fd;
}

/* Connects from a reserved port where this process may, as servers that say "secure" want; from any one otherwise. */
static int dial(const char *host, int port) {
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  int first = 700, last = 1022, count = last - first + 1, offset = (int)(next_random() % (uint64_t)count);
  if (inet_pton(AF_INET, host, &server.sin_addr) != 1) die("the host has to be an IPv4 address");
  for (int i = 0; i <= count; i++) {
    int fd = new_socket(), is_any = i == count;
    struct sockaddr_in self = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(first + (offset + i) % count))};
    if (is_any || bind(fd, (void *)&self, sizeof self) == 0) {
      if (connect(fd, (void *)&server, sizeof server) == 0) return fd;
      if (errno != EADDRNOTAVAIL) die("connect"); /* that one: the pair of ports rests in TIME_WAIT */
    } else if (errno == EACCES) {
      i = count - 1;
    }
    close(fd);
  }
  die("no free port");
  return -1;
}

static void read_all(int fd, uint8_t *into, size_t length) {
  for (size_t have = 0; have < length;) {
    ssize_t n = read(fd, into + have, length - have);
    if (n == 0) errno = ECONNRESET;
    if (n <= 0) die("read");
    have += (size_t)n;
  }
}

static uint8_t call_buffer[CALL_MAX + 1024], reply_buffer[CALL_MAX];

static uint8_t *begin_call(uint32_t program, uint32_t procedure) {
  return put_call(call_buffer, (uint32_t)next_random(), program, procedure);
}

/* Sends what begin_call began; returns the results. */
static const uint8_t *finish_call(int fd, const uint8_t *end) {
  put_mark(call_buffer, end);
  for (const uint8_t *at = call_buffer; at < end;) {
    ssize_t n = write(fd, at, (size_t)(end - at));
    if (n <= 0) die("write");
    at += n;
  }
  uint32_t total = 0, mark;
  do {
    uint8_t head[4];
    read_all(fd, head, 4);
    mark = get_u32(head);
    uint32_t length = mark & 0x7fffffff;
    if (length > sizeof reply_buffer - total) die("reply too large");
    read_all(fd, reply_buffer + total, length);
    total += length;
  } while (!(mark >> 31));
  uint32_t results = results_of(reply_buffer, total);
  if (results == 0) die("the server refused an RPC call");
  return reply_buffer + results;
}
