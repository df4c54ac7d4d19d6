/** One connection: what arrives goes into the receiver's buffers, what one turn writes goes out in one system call. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { assert } from '#core/assert.ts';
import type { Connection, Receiver } from '#core/ports/net.ts';
import { DecodeError } from '#core/wire/reader.ts';
import { linger, REQUEST_MS } from './linger.ts';

/** Bytes up to which neighbouring writes are copied together: less work than one more entry of a `writev`. */
const COPIED_SIZE_MAX = 8 * 1024;
/** Milliseconds of silence after which the kernel begins to ask whether the peer is still there. */
const KEEPALIVE_MS = 10_000;

export interface Ends {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
}

type Released = (() => void) | undefined;

export class Stream implements Connection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly peerFingerprint: string;

  #socket: Socket | undefined;
  #receiver: Receiver | undefined;
  /** Written in this turn, with what to call when the kernel has taken each. */
  #waiting: Uint8Array[] = [];
  #releases: Released[] = [];
  #waitingSize = 0;
  /** Bytes that the socket has and the kernel has not. */
  #sendingSize = 0;
  #scheduled = false;
  #paused = false;
  #ending = false;
  #destroyed = false;
  /** Why the connection ends, when it does so in disorder. */
  #reason: Error | undefined;
  /** Decrypted bytes that came before a pause took effect. */
  #leftover: Buffer | undefined;

  constructor(ends: Ends, peerFingerprint: string) {
    this.remoteAddress = ends.remoteAddress;
    this.remotePort = ends.remotePort;
    this.localAddress = ends.localAddress;
    this.peerFingerprint = peerFingerprint;
  }

  get queuedSize(): number {
    return this.#waitingSize + this.#sendingSize;
  }

  write(bytes: Uint8Array, released?: () => void): void {
    if (this.#ending || this.#destroyed) {
      released?.();
      return;
    }
    this.#waiting.push(bytes);
    this.#releases.push(released);
    this.#waitingSize += bytes.length;
    this.#schedule();
  }

  pause(): void {
    this.#paused = true;
    this.#socket?.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    const leftover = this.#leftover;
    this.#leftover = undefined;
    if (leftover !== undefined) this.feed(leftover);
    if (!this.#paused) this.#socket?.resume();
  }

  end(): void {
    this.#ending = true;
    this.#schedule();
  }

  destroy(reason?: Error): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#reason ??= reason;
    this.#drop();
    const socket = this.#socket;
    if (socket instanceof TLSSocket || isShuttingDown(socket)) socket?.destroy();
    else socket?.resetAndDestroy();
  }

  /** Takes over the socket. What the receiver asked for before (writes, a pause, the end) happens now. */
  attach(socket: Socket, receiver: Receiver): void {
    this.#socket = socket;
    this.#receiver = receiver;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEPALIVE_MS);
    socket.on('error', (error) => {
      this.#reason ??= error;
    });
    // Node ends its side with the peer's: what is written later is dropped, and is no disorder.
    socket.once('end', () => {
      this.#ending = true;
    });
    socket.once('close', () => this.#closed(receiver));
    if (this.#destroyed) socket.destroy();
    else if (this.#paused) socket.pause();
    else socket.resume();
  }

  /** `size` bytes are in the buffer that the receiver gave last. */
  received(receiver: Receiver, size: number): void {
    linger(REQUEST_MS);
    try {
      receiver.received(size);
    } catch (error) {
      // Bad bytes end the connection; anything else is a broken invariant and ends the process.
      if (!(error instanceof DecodeError)) throw error;
      this.destroy(error);
    }
  }

  /** Where the next bytes go. */
  room(receiver: Receiver): Buffer {
    try {
      const room = receiver.room();
      assert(room.length > 0, 'receiver: a buffer of no bytes');
      return room;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.destroy(error);
      return Buffer.alloc(1); // the socket is gone; nothing is read into it
    }
  }

  /** Copies bytes that came in memory of their own to where the receiver wants them. */
  feed(bytes: Buffer): void {
    const receiver = this.#receiver;
    if (receiver === undefined) return;
    let offset = 0;
    while (offset < bytes.length && !this.#paused && !this.#destroyed) {
      const size = bytes.copy(this.room(receiver), 0, offset);
      offset += size;
      if (!this.#destroyed) this.received(receiver, size);
    }
    if (offset < bytes.length && !this.#destroyed) this.#leftover = bytes.subarray(offset);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    const socket = this.#socket;
    if (socket === undefined || this.#destroyed) return;
    const [chunks, releases] = [this.#waiting, this.#releases];
    this.#waiting = [];
    this.#releases = [];
    this.#waitingSize = 0;
    socket.cork();
    for (let at = 0; at < chunks.length; ) at = this.#send(socket, chunks, releases, at);
    socket.uncork();
    if (this.#ending) socket.end();
  }

  /** Sends the chunk at `at`, and with it the small ones that follow a small one. Returns where to go on. */
  #send(socket: Socket, chunks: Uint8Array[], releases: Released[], at: number): number {
    const first = chunks[at] as Uint8Array;
    let [end, size] = [at, 0];
    for (let next: Uint8Array | undefined = first; next !== undefined; next = chunks[end]) {
      if (next.length > COPIED_SIZE_MAX) break;
      size += next.length;
      end += 1;
    }
    if (end - at < 2) {
      this.#give(socket, first, releases[at]);
      return at + 1;
    }
    const together = Buffer.allocUnsafe(size);
    let offset = 0;
    for (const chunk of chunks.slice(at, end)) {
      together.set(chunk, offset);
      offset += chunk.length;
    }
    this.#give(socket, together, undefined);
    for (const released of releases.slice(at, end)) released?.();
    return end;
  }

  #give(socket: Socket, bytes: Uint8Array, released: Released): void {
    this.#sendingSize += bytes.length;
    socket.write(bytes, (error) => {
      this.#sendingSize -= bytes.length;
      released?.();
      if (!error && !this.#destroyed && this.queuedSize === 0) this.#receiver?.drained?.();
    });
  }

  #closed(receiver: Receiver): void {
    this.#destroyed = true;
    this.#drop();
    receiver.closed(this.#reason);
  }

  /** Gives back the buffers of what will not be sent. */
  #drop(): void {
    const releases = this.#releases;
    this.#waiting = [];
    this.#releases = [];
    this.#waitingSize = 0;
    this.#leftover = undefined;
    for (const released of releases) released?.();
  }
}

/**
 * Whether the kernel has been given everything, the end too, and Node.js has not heard so yet. Such a socket cannot be
 * reset: libuv answers EINVAL, Node.js takes it for closed all the same, and a process with one never ends.
 */
function isShuttingDown(socket: Socket | undefined): boolean {
  if (socket === undefined) return false;
  return socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
}
