/**
 * Tells systemd how this process does, as sd_notify(3) describes: a datagram to the socket in `NOTIFY_SOCKET`. Without one,
 * nobody wants to know.
 */
import { checked, libc } from './libc.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
/** The same on x86-64 and arm64. */
const SOCK_CLOEXEC = 0o2000000;
/** Bytes of the path in `struct sockaddr_un`. */
const PATH_SIZE_MAX = 108;
/** systemd advises half of its limit; a third leaves room for one that comes late. */
const BEATS_PER_LIMIT = 3;

const socket = libc('int socket(int, int, int)');
const sendto = libc('int64_t sendto(int, void *, size_t, int, void *, uint32_t)');
const close = libc('int close(int)');

type Environment = Readonly<Record<string, string | undefined>>;

/** @param state Lines as sd_notify(3) lists them. @returns Whether somebody was told. */
export function notify(state: string, environment: Environment = process.env): boolean {
  const path = environment['NOTIFY_SOCKET'];
  if (path === undefined || path === '') return false;
  const address = addressOf(path);
  const fd = checked('socket', socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  try {
    const bytes = Buffer.from(state);
    checked('sendto', sendto(fd, bytes, bytes.length, 0, address, address.length));
    return true;
  } finally {
    close(fd);
  }
}

/** Milliseconds between beats that systemd waits for; `undefined` where it does not watch this process. */
export function watchdogMs(environment: Environment = process.env): number | undefined {
  const { WATCHDOG_USEC: limit, WATCHDOG_PID: pid } = environment;
  const isOurs = pid === undefined || pid === String(process.pid);
  const microseconds = Number(limit);
  if (!isOurs || !(microseconds > 0)) return undefined;
  return microseconds / 1000 / BEATS_PER_LIMIT;
}

/** `struct sockaddr_un`, without a byte too many: a name that begins with `@` is in the abstract space. */
function addressOf(path: string): Buffer {
  const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : path);
  if (name.length > PATH_SIZE_MAX) throw new RangeError(`NOTIFY_SOCKET: ${name.length} bytes`);
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF_UNIX);
  return Buffer.concat([family, name]);
}
