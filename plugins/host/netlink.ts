/** Talks to the kernel over netlink(7): a request and its acknowledgement, or a request and a list. */
import { LanError } from '#core/ports/lan.ts';
import { checked, libc, nameOfError } from './libc.ts';

export const NETLINK_ROUTE = 0;
export const NETLINK_SOCK_DIAG = 4;
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_DUMP = 0x300;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const HEADER_SIZE = 16;
/** The kernel fills no message of a list beyond this. */
const ANSWER_SIZE_MAX = 32 * 1024;

const socket = libc('int socket(int, int, int)');
const send = libc('int64_t send(int, void *, size_t, int)');
const close = libc('int close(int)');
const recv = libc('int64_t recv(int, void *, size_t, int)');

export interface Request {
  readonly type: number;
  readonly flags?: number;
  readonly message: Buffer;
  /** What it is about, for the error. */
  readonly what: string;
  /** Names of errors that are as good as success. */
  readonly allowed?: readonly string[];
}

/** Sends requests one at a time; the kernel answers within the call. */
export class Netlink {
  readonly #fd: number;
  readonly #answer = Buffer.alloc(ANSWER_SIZE_MAX);
  #sequence = 0;

  constructor(protocol: number) {
    this.#fd = checked('socket', socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  }

  /** Whether it was done: false where the kernel refused with what is allowed. Throws `LanError`. */
  ask(request: Request): boolean {
    this.#send(request, NLM_F_ACK | (request.flags ?? 0));
    for (;;) {
      for (const { type, body } of this.#messages()) {
        if (type === NLMSG_ERROR) return isDone(request, -body.readInt32LE(0));
      }
    }
  }

  /** Calls `each` with the answer, and with no more than that; it is a view. */
  get(request: Request, each: (body: Buffer) => void): void {
    this.#send(request, 0);
    for (;;) {
      for (const { type, body } of this.#messages()) {
        if (type === NLMSG_ERROR) isDone(request, -body.readInt32LE(0));
        else each(body);
        return;
      }
    }
  }

  /** Calls `each` for every answer of the list; it is a view, valid until `each` returns. */
  list(request: Request, each: (body: Buffer) => void): void {
    this.#send(request, NLM_F_DUMP);
    for (;;) {
      for (const { type, body } of this.#messages()) {
        if (type === NLMSG_DONE) return;
        if (type === NLMSG_ERROR) {
          isDone(request, -body.readInt32LE(0));
          return;
        }
        each(body);
      }
    }
  }

  close(): void {
    close(this.#fd);
  }

  #send({ type, message }: Request, flags: number): void {
    const header = Buffer.alloc(HEADER_SIZE);
    this.#sequence += 1;
    header.writeUInt32LE(HEADER_SIZE + message.length, 0);
    header.writeUInt16LE(type, 4);
    header.writeUInt16LE(NLM_F_REQUEST | flags, 6);
    header.writeUInt32LE(this.#sequence, 8);
    const bytes = Buffer.concat([header, message]);
    checked('send', send(this.#fd, bytes, bytes.length, 0));
  }

  /** Of one datagram, those that answer the last request. */
  *#messages(): Generator<{ readonly type: number; readonly body: Buffer }> {
    const size = checked('recv', Number(recv(this.#fd, this.#answer, ANSWER_SIZE_MAX, 0)));
    for (let at = 0; at + HEADER_SIZE <= size; ) {
      const length = this.#answer.readUInt32LE(at);
      const end = at + length;
      if (length < HEADER_SIZE || end > size) return;
      const isMine = this.#answer.readUInt32LE(at + 8) === this.#sequence;
      const type = this.#answer.readUInt16LE(at + 4);
      if (isMine) yield { type, body: this.#answer.subarray(at + HEADER_SIZE, end) };
      at = (end + 3) & ~3;
    }
  }
}

function isDone({ what, allowed = [] }: Request, errno: number): boolean {
  if (errno === 0) return true;
  const code = nameOfError(errno);
  if (!allowed.includes(code)) throw new LanError(what, code);
  return false;
}

/** `struct nlattr`, padded to four bytes. */
export function attribute(type: number, value: Buffer): Buffer {
  const size = 4 + value.length;
  const bytes = Buffer.alloc((size + 3) & ~3);
  bytes.writeUInt16LE(size, 0);
  bytes.writeUInt16LE(type, 2);
  value.copy(bytes, 4);
  return bytes;
}

export function numberAttribute(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  return attribute(type, bytes);
}
