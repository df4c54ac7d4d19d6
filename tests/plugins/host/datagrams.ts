/** A Unix datagram socket that listens, as systemd has one: Node.js offers none. */
import { libc } from '#plugins/host/libc.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;
const DATAGRAM_SIZE_MAX = 4096;

const socket = libc('int socket(int, int, int)');
const bind = libc('int bind(int, void *, uint32_t)');
const recv = libc('int64_t recv(int, void *, size_t, int)');
const close = libc('int close(int)');

export class Datagrams {
  readonly #fd: number;

  /** @param path An absolute one, or a name that begins with `@`. */
  constructor(path: string) {
    this.#fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    const family = Buffer.from([AF_UNIX, 0]);
    const address = Buffer.concat([family, Buffer.from(path.replace(/^@/, '\0'))]);
    if (bind(this.#fd, address, address.length) < 0) throw new Error(`${path}: cannot be bound`);
  }

  /** What has come since the last time. */
  take(): readonly string[] {
    const came: string[] = [];
    for (;;) {
      const bytes = Buffer.alloc(DATAGRAM_SIZE_MAX);
      const size = recv(this.#fd, bytes, bytes.length, MSG_DONTWAIT);
      if (size < 0) return came;
      came.push(bytes.toString('utf8', 0, size));
    }
  }

  close(): void {
    close(this.#fd);
  }
}
