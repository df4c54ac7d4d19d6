import { assert } from '#core/assert.ts';

/**
 * Writes SMB2 messages, little-endian, into one buffer. The writer owns it: `finish()` is a view, valid until the next
 * `reset()`. It grows up to `capacityMax`; a message beyond that is a bug in its encoder and stops the process.
 */
export class SmbWriter {
  #bytes: Buffer;
  readonly #capacityMax: number;
  #offset = 0;
  /** Where the header of the message being written starts: offsets of the protocol count from there. */
  origin = 0;

  /** @param capacityMax Bytes of the largest message. */
  constructor(capacityMax: number, capacity = Math.min(capacityMax, 4096)) {
    this.#capacityMax = capacityMax;
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Absolute, in `bytes`. */
  get offset(): number {
    return this.#offset;
  }

  /** As the protocol counts: from the header of this message. */
  get position(): number {
    return this.#offset - this.origin;
  }

  reset(offset = 0): void {
    this.#offset = offset;
    this.origin = offset;
  }

  /** Forgets what was written after `offset`. */
  rewind(offset: number): void {
    this.#offset = offset;
  }

  u8(value: number): void {
    const at = this.#claim(1);
    this.#offset = this.#bytes.writeUInt8(value, at);
  }

  u16(value: number): void {
    const at = this.#claim(2);
    this.#offset = this.#bytes.writeUInt16LE(value, at);
  }

  u32(value: number): void {
    const at = this.#claim(4);
    this.#offset = this.#bytes.writeUInt32LE(value >>> 0, at);
  }

  u64(value: bigint): void {
    const at = this.#claim(8);
    this.#offset = this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), at);
  }

  /** @param value Unsigned, at most 2^53 - 1. */
  size(value: number): void {
    const at = this.#claim(8);
    this.#bytes.writeUInt32LE(value >>> 0, at);
    this.#offset = this.#bytes.writeUInt32LE(Math.floor(value / 0x1_0000_0000), at + 4);
  }

  u16At(offset: number, value: number): void {
    this.#bytes.writeUInt16LE(value, offset);
  }

  /** Overwrites four bytes written before: lengths and offsets that are known afterwards. */
  u32At(offset: number, value: number): void {
    this.#bytes.writeUInt32LE(value >>> 0, offset);
  }

  raw(value: Uint8Array): void {
    const at = this.#claim(value.length);
    this.#bytes.set(value, at);
    this.#offset = at + value.length;
  }

  zeros(size: number): void {
    const at = this.#claim(size);
    this.#bytes.fill(0, at, at + size);
    this.#offset = at + size;
  }

  /** UTF-16LE, without terminator. Returns the bytes it took. */
  text(value: string): number {
    const size = value.length * 2;
    const at = this.#claim(size);
    this.#bytes.write(value, at, 'utf16le');
    this.#offset = at + size;
    return size;
  }

  /** Zeros up to the next multiple of `size` from the header on. */
  align(size: number): void {
    const over = this.position % size;
    if (over !== 0) this.zeros(size - over);
  }

  /** Leaves `size` bytes for the caller to fill before anything else is written, and returns them. */
  hole(size: number): Buffer {
    const at = this.#claim(size);
    this.#offset = at + size;
    return this.#bytes.subarray(at, this.#offset);
  }

  finish(start = 0): Buffer {
    return this.#bytes.subarray(start, this.#offset);
  }

  #claim(size: number): number {
    const needed = this.#offset + size;
    if (needed > this.#bytes.length) {
      assert(
        needed <= this.#capacityMax,
        `SMB message: ${needed} bytes, at most ${this.#capacityMax}`,
      );
      const grown = Buffer.allocUnsafeSlow(
        Math.min(this.#capacityMax, Math.max(needed, 2 * this.#bytes.length)),
      );
      this.#bytes.copy(grown, 0, 0, this.#offset);
      this.#bytes = grown;
    }
    return this.#offset;
  }
}
