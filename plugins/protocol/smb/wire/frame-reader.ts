/**
 * Messages out of a byte stream: direct TCP, a zero and three bytes of length before each ([MS-SMB2] §2.1).
 *
 * Short messages are copied out of one buffer that is read into again and again; a long one gets a buffer of its own, into
 * which what is still to come is read without a copy. Either way a message stays as it is for as long as somebody looks at it.
 */
import { DecodeError } from '#core/wire/reader.ts';

export const FRAME_HEADER_SIZE = 4;
/** Bytes read at a time: some hundred small requests. */
const CHUNK_SIZE = 64 * 1024;
/** It grows to this where messages are held back; the kernel is not asked for more then. */
const CHUNK_SIZE_MAX = 1024 * 1024;
/** Bytes of the largest message that is copied. */
const COPIED_SIZE_MAX = 16 * 1024;

export class FrameReader {
  #chunk = Buffer.allocUnsafeSlow(CHUNK_SIZE);
  #parsed = 0;
  #filled = 0;
  #large: Buffer | undefined;
  #largeFilled = 0;
  #roomIsLarge = false;

  /** Bytes of the largest message that is taken; whoever is not known yet has no need of large ones. */
  sizeMax: number;

  constructor(sizeMax: number) {
    this.sizeMax = sizeMax;
  }

  room(): Buffer {
    this.#roomIsLarge = this.#large !== undefined && this.#parsed === this.#filled;
    if (this.#large !== undefined && this.#roomIsLarge && this.#largeFilled < this.#large.length) {
      return this.#large.subarray(this.#largeFilled);
    }
    this.#roomIsLarge = false;
    this.#makeRoom();
    return this.#chunk.subarray(this.#filled);
  }

  /** `size` bytes arrived in what `room` gave last. */
  received(size: number): void {
    if (this.#roomIsLarge) this.#largeFilled += size;
    else this.#filled += size;
  }

  /** The next whole message, without its length. Throws `DecodeError` for what is none. */
  next(): Buffer | undefined {
    if (this.#large !== undefined) return this.#finishLarge(this.#large);
    if (this.#filled - this.#parsed < FRAME_HEADER_SIZE) return undefined;
    const word = this.#chunk.readUInt32BE(this.#parsed);
    // The first byte would be a type of NetBIOS; on port 445 it is zero.
    if (word > this.sizeMax) {
      throw new DecodeError(`message: ${word} bytes, at most ${this.sizeMax}`);
    }
    const start = this.#parsed + FRAME_HEADER_SIZE;
    if (word > COPIED_SIZE_MAX) {
      this.#large = Buffer.allocUnsafeSlow(word);
      this.#largeFilled = 0;
      this.#parsed = start;
      return this.#finishLarge(this.#large);
    }
    if (this.#filled - start < word) return undefined;
    this.#parsed = start + word;
    return Buffer.from(this.#chunk.subarray(start, start + word));
  }

  /** Messages that nobody takes yet (the connection is held back) may fill the chunk just as the system asks for more room. */
  #makeRoom(): void {
    const left = this.#filled - this.#parsed;
    const isFull = left === this.#chunk.length;
    if (isFull && left >= CHUNK_SIZE_MAX) throw new DecodeError('messages: more than are taken');
    const size = isFull ? 2 * left : CHUNK_SIZE;
    if (isFull || (left === 0 && this.#chunk.length > CHUNK_SIZE)) {
      const chunk = Buffer.allocUnsafeSlow(size);
      this.#chunk.copy(chunk, 0, this.#parsed, this.#filled);
      this.#chunk = chunk;
    } else if (this.#parsed > 0) {
      this.#chunk.copyWithin(0, this.#parsed, this.#filled);
    }
    this.#filled = left;
    this.#parsed = 0;
  }

  #finishLarge(large: Buffer): Buffer | undefined {
    const size = Math.min(large.length - this.#largeFilled, this.#filled - this.#parsed);
    this.#chunk.copy(large, this.#largeFilled, this.#parsed, this.#parsed + size);
    this.#largeFilled += size;
    this.#parsed += size;
    if (this.#largeFilled < large.length) return undefined;
    this.#large = undefined;
    return large;
  }
}
