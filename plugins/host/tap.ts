/** Hears and says ARP and neighbour discovery on one interface: packet(7). */
import koffi from 'koffi';
import { type Frames, LanError, type LanInterface } from '#core/ports/lan.ts';
import { AF_INET6, inetBytes } from './inet.ts';
import { addressOf, checked, lastError, libc } from './libc.ts';

const AF_PACKET = 17;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const ETH_P_ALL = 3;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const IPPROTO_IPV6 = 41;
const IPV6_JOIN_GROUP = 20;
const IPV6_LEAVE_GROUP = 21;
/** What this machine sends comes by as well. */
const PACKET_OUTGOING = 4;
/** `struct sockaddr_ll`. */
const ADDRESS_SIZE = 20;
const FRAME_SIZE_MAX = 1514;
/** Frames taken in one turn: a storm of ARP must not hold up the lease. */
const FRAMES_MAX = 64;

/**
 * Classic BPF (bpf(4)): ARP, and of IPv6 the two messages of neighbour discovery. Everything else, which is all of the
 * clients' traffic, is dropped before it costs anything.
 */
const FILTER: readonly (readonly [code: number, yes: number, no: number, value: number])[] = [
  [0x28, 0, 0, 12], // half word at 12: the type of frame
  [0x15, 7, 0, 0x0806], // ARP: take it
  [0x15, 0, 5, 0x86dd], // IPv6, or drop it
  [0x30, 0, 0, 20], // byte at 20: next header
  [0x15, 0, 3, 58], // ICMPv6, or drop it
  [0x30, 0, 0, 54], // byte at 54: type of message
  [0x35, 0, 1, 135], // from 135, or drop it
  [0x25, 0, 1, 136], // beyond 136: drop it
  [0x06, 0, 0, 0],
  [0x06, 0, 0, 0xffff],
];

const socket = libc('int socket(int, int, int)');
const bind = libc('int bind(int, void *, uint32_t)');
const setsockopt = libc('int setsockopt(int, int, int, void *, uint32_t)');
const send = libc('int64_t send(int, void *, size_t, int)');
const recvfrom = libc('int64_t recvfrom(int, void *, size_t, int, void *, void *)');
const close = libc('int close(int)');

export class Tap implements Frames {
  readonly #index: number;
  readonly #heard: (frame: Buffer) => void;
  readonly #fd: number;
  readonly #poll: ReturnType<typeof koffi.node.poll>;
  readonly #frame = Buffer.alloc(FRAME_SIZE_MAX);
  readonly #from = Buffer.alloc(ADDRESS_SIZE);
  readonly #fromSize = Buffer.alloc(4);
  #groups: number | undefined;
  #closed = false;

  constructor({ index }: LanInterface, heard: (frame: Buffer) => void) {
    this.#index = index;
    this.#heard = heard;
    this.#fd = open(index);
    this.#poll = koffi.node.poll(this.#fd, { readable: true }, () => this.#receive());
    this.#poll.unref();
  }

  send(frame: Uint8Array): void {
    if (this.#closed || send(this.#fd, frame, frame.length, 0) >= 0) return;
    throw new LanError('frame', lastError('send').code);
  }

  join(group: string): void {
    this.#member(IPV6_JOIN_GROUP, group, 'EADDRINUSE');
  }

  leave(group: string): void {
    this.#member(IPV6_LEAVE_GROUP, group, 'EADDRNOTAVAIL');
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#poll.close();
    close(this.#fd);
    if (this.#groups !== undefined) close(this.#groups);
  }

  /** Through a socket of its own: so that switches between the boxes hear of it, too. */
  #member(option: number, group: string, allowed: string): void {
    this.#groups ??= checked('socket', socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const request = Buffer.alloc(20);
    inetBytes(group).copy(request);
    request.writeInt32LE(this.#index, 16);
    if (setsockopt(this.#groups, IPPROTO_IPV6, option, request, request.length) >= 0) return;
    const error = lastError('setsockopt');
    if (error.code !== allowed) throw new LanError(group, error.code);
  }

  #receive(): void {
    for (let count = 0; count < FRAMES_MAX && !this.#closed; count += 1) {
      this.#fromSize.writeUInt32LE(ADDRESS_SIZE);
      const frame = this.#frame;
      const size = recvfrom(this.#fd, frame, frame.length, 0, this.#from, this.#fromSize);
      // Nothing more; or the interface went down, which the next send says.
      if (size < 0) return;
      if (this.#from[10] !== PACKET_OUTGOING) this.#heard(frame.subarray(0, size));
    }
  }
}

function open(index: number): number {
  const kind = SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC;
  // With no protocol, so that nothing is queued before the filter is there.
  const fd = checked('socket', socket(AF_PACKET, kind, 0));
  try {
    const program = Buffer.alloc(FILTER.length * 8);
    for (const [at, [code, yes, no, value]] of FILTER.entries()) {
      program.writeUInt16LE(code, at * 8);
      program.writeUInt8(yes, at * 8 + 2);
      program.writeUInt8(no, at * 8 + 3);
      program.writeUInt32LE(value, at * 8 + 4);
    }
    const filter = Buffer.alloc(16);
    filter.writeUInt16LE(FILTER.length, 0);
    filter.writeBigUInt64LE(addressOf(program), 8);
    checked('setsockopt', setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, filter, filter.length));
    const address = Buffer.alloc(ADDRESS_SIZE);
    address.writeUInt16LE(AF_PACKET, 0);
    address.writeUInt16BE(ETH_P_ALL, 2);
    address.writeInt32LE(index, 4);
    checked('bind', bind(fd, address, address.length));
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}
