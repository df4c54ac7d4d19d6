/**
 * Frames on the wire, big-endian: payload size u32, channel u8, payload. Channel 0 is the link's own: the first frame each
 * way is a hello, every later one a sign of life: empty, or one byte that says that this connection is the one in use.
 */
import { FRAME_SIZE_MAX } from '#core/group/link.ts';
import { DecodeError } from '#core/wire/reader.ts';

export const OWN_CHANNEL = 0;
export const HEAD_SIZE = 5;

/** Bytes of a new inbox: some turns' worth of heartbeats and small entries. It grows with the first bulk write. */
const INBOX_SIZE = 64 * 1024;
/** Parts up to this size are copied together: a TLS record and a system call cost more than the copy. */
const COPY_SIZE_MAX = 4 * 1024;
/** Bytes of the buffers that small parts are gathered in: one TLS record of 16 KiB several times over. */
const SLAB_SIZE = 64 * 1024;

/** Cuts received bytes into frames, in place. */
export class Inbox {
  /** Payload bytes of the largest frame taken; small until the peer has said who it is. */
  frameSizeMax = 256;
  #buffer = Buffer.allocUnsafeSlow(INBOX_SIZE);
  #start = 0;
  #end = 0;

  /** Where the next bytes go: never empty. */
  room(): Buffer {
    return this.#buffer.subarray(this.#end);
  }

  /**
   * Delivers every frame that is whole now, as a view valid during the call; stops when `deliver` returns false. Throws
   * `DecodeError` for a frame beyond the bound, before a byte of its payload is waited for.
   */
  received(size: number, deliver: (channel: number, frame: Buffer) => boolean): void {
    this.#end += size;
    for (;;) {
      const held = this.#end - this.#start;
      const wanted = held < HEAD_SIZE ? HEAD_SIZE : HEAD_SIZE + this.#payloadSize();
      if (held < wanted) {
        this.#makeRoom(wanted);
        return;
      }
      const start = this.#start;
      this.#start += wanted;
      const frame = this.#buffer.subarray(start + HEAD_SIZE, start + wanted);
      if (!deliver(this.#buffer.readUInt8(start + 4), frame)) return;
    }
  }

  #payloadSize(): number {
    const size = this.#buffer.readUInt32BE(this.#start);
    if (size > this.frameSizeMax) {
      throw new DecodeError(`frame: ${size} bytes, at most ${this.frameSizeMax}`);
    }
    return size;
  }

  /** Moves what is held so that `wanted` bytes fit behind its start; the buffer keeps the size that it grew to. */
  #makeRoom(wanted: number): void {
    const held = this.#end - this.#start;
    if (held > 0 && this.#start + wanted <= this.#buffer.length) return;
    const source = this.#buffer;
    if (wanted > source.length) this.#buffer = Buffer.allocUnsafeSlow(grown(wanted));
    source.copy(this.#buffer, 0, this.#start, this.#end);
    this.#start = 0;
    this.#end = held;
  }
}

/** The next power of two, so that slightly larger frames need no new buffer; at most the largest frame. */
function grown(size: number): number {
  return Math.min(2 ** Math.ceil(Math.log2(size)), HEAD_SIZE + FRAME_SIZE_MAX);
}

/** Gathers the frames of one turn: small parts copied together, large ones passed on as they are. */
export class Outbox {
  #slab: Buffer = Buffer.alloc(0);
  #cut = 0;
  #used = 0;
  #pieces: Uint8Array[] = [];
  /** Bytes added and not yet taken. */
  size = 0;

  /** The parts belong to the outbox, then to whoever takes them; none may be written to again. */
  add(channel: number, parts: readonly Uint8Array[]): void {
    let size = 0;
    for (const part of parts) size += part.length;
    this.#fit(HEAD_SIZE);
    this.#used = this.#slab.writeUInt32BE(size, this.#used);
    this.#used = this.#slab.writeUInt8(channel, this.#used);
    this.size += HEAD_SIZE + size;
    for (const part of parts) {
      if (part.length > COPY_SIZE_MAX) {
        this.#endPiece();
        this.#pieces.push(part);
        continue;
      }
      this.#fit(part.length);
      this.#slab.set(part, this.#used);
      this.#used += part.length;
    }
  }

  /** What to write, in order. A slab is not written to again below what was taken. */
  take(): readonly Uint8Array[] {
    this.#endPiece();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.size = 0;
    return pieces;
  }

  #fit(size: number): void {
    if (this.#used + size <= this.#slab.length) return;
    this.#endPiece();
    this.#slab = Buffer.allocUnsafeSlow(SLAB_SIZE);
    this.#cut = 0;
    this.#used = 0;
  }

  #endPiece(): void {
    if (this.#used > this.#cut) this.#pieces.push(this.#slab.subarray(this.#cut, this.#used));
    this.#cut = this.#used;
  }
}
