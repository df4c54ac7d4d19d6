/*
 * The little of XDR (RFC 4506), ONC RPC (RFC 5531) and NFSv3 (RFC 1813) that nfsload.c speaks: numbers, opaque bytes,
 * handles, a call's header, the place of a reply's results. Each put_ function returns the place behind what it wrote;
 * room is the caller's matter.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

enum { PROGRAM_NFS = 100003, PROGRAM_MOUNT = 100005, MOUNTPROC3_MNT = 1 };
enum {
  NULLPROC = 0,
  GETATTR = 1,
  LOOKUP = 3,
  ACCESS = 4,
  READ = 6,
  WRITE = 7,
  CREATE = 8,
  MKDIR = 9,
  REMOVE = 12,
  READDIRPLUS = 17,
  COMMIT = 21
};
enum { NFS3ERR_NOENT = 2, FILE_SYNC = 2, STATUS_MAX = 128 };

/* Sizes on the wire, in bytes. */
enum { FATTR3 = 84, WCC_ATTR = 24, FHSIZE3_MAX = 64, VERIFIER = 8 };

typedef struct {
  uint32_t length;
  uint8_t data[FHSIZE3_MAX];
} handle_t;

/* ---- XDR (RFC 4506) ---- */

static uint8_t *put_u32(uint8_t *at, uint32_t value) {
  value = htonl(value);
  memcpy(at, &value, 4);
  return at + 4;
}

static uint8_t *put_u64(uint8_t *at, uint64_t value) {
  return put_u32(put_u32(at, (uint32_t)(value >> 32)), (uint32_t)value);
}

static uint8_t *put_opaque(uint8_t *at, const void *data, uint32_t length) {
  uint32_t padding = (4 - length % 4) % 4;
  at = put_u32(at, length);
  memcpy(at, data, length);
  memset(at + length, 0, padding);
  return at + length + padding;
}

static uint8_t *put_handle(uint8_t *at, const handle_t *handle) {
  return put_opaque(at, handle->data, handle->length);
}

static uint8_t *put_name(uint8_t *at, const char *name) {
  return put_opaque(at, name, (uint32_t)strlen(name));
}

/* sattr3 with a mode and nothing else (RFC 1813 section 2.6). */
static uint8_t *put_mode(uint8_t *at, uint32_t mode) {
  at = put_u32(at, 1);
  at = put_u32(at, mode);
  for (int i = 0; i < 5; i++) at = put_u32(at, 0); /* uid, gid, size, atime, mtime: leave */
  return at;
}

static uint32_t get_u32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, 4);
  return ntohl(value);
}

static uint64_t get_u64(const uint8_t *at) { return (uint64_t)get_u32(at) << 32 | get_u32(at + 4); }

static uint32_t padded(uint32_t length) { return (length + 3) & ~3u; }

static void get_handle(handle_t *handle, const uint8_t *at) {
  uint32_t length = get_u32(at);
  handle->length = length > FHSIZE3_MAX ? 0 : length; /* one that is too long is none: the server will say so */
  memcpy(handle->data, at + 4, handle->length);
}

/* ---- ONC RPC (RFC 5531) ---- */

/* Room for the record mark, then a call's header with AUTH_SYS credentials of root. Returns where its arguments go. */
static uint8_t *put_call(uint8_t *start, uint32_t xid, uint32_t program, uint32_t procedure) {
  uint8_t *at = put_u32(start + 4, xid);
  at = put_u32(at, 0); /* CALL */
  at = put_u32(at, 2); /* RPC version */
  at = put_u32(at, program);
  at = put_u32(at, 3);
  at = put_u32(at, procedure);
  at = put_u32(at, 1); /* AUTH_SYS, 28 bytes: stamp, machine, uid, gid, one group */
  at = put_u32(at, 28);
  at = put_u32(at, 1);
  at = put_opaque(at, "load", 4);
  at = put_u32(at, 0);
  at = put_u32(at, 0);
  at = put_u32(at, 1);
  at = put_u32(at, 0);
  at = put_u32(at, 0); /* verifier: AUTH_NONE */
  return put_u32(at, 0);
}

static void put_mark(uint8_t *start, const uint8_t *end) {
  put_u32(start, 0x80000000u | (uint32_t)(end - start - 4));
}

/* Where the results of an accepted reply begin; 0 where the call was refused. */
static uint32_t results_of(const uint8_t *reply, uint32_t length) {
  if (length < 24 || get_u32(reply + 8) != 0) return 0;
  uint32_t at = 20 + padded(get_u32(reply + 16));
  if (at + 4 > length || get_u32(reply + at) != 0) return 0;
  return at + 4;
}
