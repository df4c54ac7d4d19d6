/** Adds and removes addresses of an interface, and switches it on: rtnetlink(7), one request and its acknowledgement. */
import ipaddr from 'ipaddr.js';
import { LanError } from '#core/ports/lan.ts';
import { checked, libc, nameOfError } from './libc.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_ROUTE = 0;
const RTM_NEWLINK = 16;
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_REPLACE = 0x100;
const NLM_F_CREATE = 0x400;
const NLMSG_ERROR = 2;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_FLAGS = 8;
/** Without asking the network first (RFC 4862 §5.4): that takes a second, and was done when it was configured. */
const IFA_F_NODAD = 0x02;
const IFF_UP = 1;
const FAMILY = { ipv4: 2, ipv6: 10 } as const;
const HEADER_SIZE = 16;
const ANSWER_SIZE_MAX = 1024;

const socket = libc('int socket(int, int, int)');
const send = libc('int64_t send(int, void *, size_t, int)');
const close = libc('int close(int)');
const recv = libc('int64_t recv(int, void *, size_t, int)');

/** Sends requests one at a time; the kernel answers within the call. */
export class Rtnetlink {
  readonly #fd = checked('socket', socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  readonly #answer = Buffer.alloc(ANSWER_SIZE_MAX);
  #sequence = 0;

  add(index: number, address: string): void {
    this.#ask(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, addressMessage(index, address), address);
  }

  remove(index: number, address: string): void {
    this.#ask(RTM_DELADDR, 0, addressMessage(index, address), address, 'EADDRNOTAVAIL');
  }

  switchOn(index: number): void {
    const message = Buffer.alloc(16);
    message.writeInt32LE(index, 4);
    message.writeUInt32LE(IFF_UP, 8);
    message.writeUInt32LE(IFF_UP, 12);
    this.#ask(RTM_NEWLINK, 0, message, `interface ${index}`);
  }

  close(): void {
    close(this.#fd);
  }

  #ask(type: number, flags: number, message: Buffer, what: string, allowed = ''): void {
    const header = Buffer.alloc(HEADER_SIZE);
    this.#sequence += 1;
    header.writeUInt32LE(HEADER_SIZE + message.length, 0);
    header.writeUInt16LE(type, 4);
    header.writeUInt16LE(NLM_F_REQUEST | NLM_F_ACK | flags, 6);
    header.writeUInt32LE(this.#sequence, 8);
    const request = Buffer.concat([header, message]);
    checked('send', send(this.#fd, request, request.length, 0));
    const errno = this.#acknowledged();
    if (errno === 0) return;
    const code = nameOfError(errno);
    if (code !== allowed) throw new LanError(what, code);
  }

  #acknowledged(): number {
    for (;;) {
      checked('recv', recv(this.#fd, this.#answer, ANSWER_SIZE_MAX, 0));
      const isMine = this.#answer.readUInt32LE(8) === this.#sequence;
      if (isMine && this.#answer.readUInt16LE(4) === NLMSG_ERROR) {
        return -this.#answer.readInt32LE(HEADER_SIZE);
      }
    }
  }
}

/** The address with no network around it: so it makes no route, and no other address of the interface depends on it. */
function addressMessage(index: number, address: string): Buffer {
  const parsed = ipaddr.parse(address);
  const bytes = Buffer.from(parsed.toByteArray());
  const head = Buffer.alloc(8);
  head.writeUInt8(FAMILY[parsed.kind()], 0);
  head.writeUInt8(bytes.length * 8, 1);
  head.writeUInt32LE(index, 4);
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(IFA_F_NODAD, 0);
  return Buffer.concat([
    head,
    attribute(IFA_LOCAL, bytes),
    attribute(IFA_ADDRESS, bytes),
    attribute(IFA_FLAGS, flags),
  ]);
}

function attribute(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(4 + value.length, 0);
  head.writeUInt16LE(type, 2);
  return Buffer.concat([head, value]);
}
