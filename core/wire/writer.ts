import { assert } from '../assert.ts';

/**
 * Writes messages, big-endian as XDR has it (RFC 4506), into a buffer that is allocated once and reused.
 *
 * The writer owns the buffer: `finish()` returns a view that is valid until the next `reset()`. A message beyond
 * the capacity is a bug in its encoder and stops the process.
 */
export class Writer {
  readonly bytes: Buffer;
  readonly #view: DataView;
  #offset = 0;

  /** @param capacity Largest message, bytes. */
  constructor(capacity: number | Buffer) {
    this.bytes = typeof capacity === 'number' ? Buffer.allocUnsafeSlow(capacity) : capacity;
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
  }

  get offset(): number {
    return this.#offset;
  }

  get room(): number {
    return this.bytes.length - this.#offset;
  }

  reset(offset = 0): void {
    this.#offset = offset;
  }

  u8(value: number): void {
    this.#view.setUint8(this.#offset, value);
    this.#offset += 1;
  }

  u16(value: number): void {
    this.#view.setUint16(this.#offset, value);
    this.#offset += 2;
  }

  u32(value: number): void {
    this.#view.setUint32(this.#offset, value);
    this.#offset += 4;
  }

  /** Overwrites four bytes written before: lengths and counts that are known afterwards. */
  u32At(offset: number, value: number): void {
    this.#view.setUint32(offset, value);
  }

  i32(value: number): void {
    this.#view.setInt32(this.#offset, value);
    this.#offset += 4;
  }

  /** @param value Unsigned, at most 2^53 - 1. */
  u64(value: number): void {
    this.#view.setUint32(this.#offset, Math.floor(value / 0x1_0000_0000));
    this.#view.setUint32(this.#offset + 4, value >>> 0);
    this.#offset += 8;
  }

  i64(value: bigint): void {
    this.#view.setBigInt64(this.#offset, value);
    this.#offset += 8;
  }

  bool(value: boolean): void {
    this.u32(value ? 1 : 0);
  }

  /** Bytes as they are, without length or padding. */
  raw(value: Uint8Array): void {
    this.#claim(value.length);
    this.bytes.set(value, this.#offset);
    this.#offset += value.length;
  }

  /** XDR fixed-length opaque: padded to four bytes (RFC 4506 §4.9). */
  fixed(value: Uint8Array): void {
    this.raw(value);
    this.#pad(value.length);
  }

  /** XDR variable-length opaque: length, bytes, zero padding to four (RFC 4506 §4.10). */
  opaque(value: Uint8Array): void {
    this.u32(value.length);
    this.fixed(value);
  }

  /** XDR string from a byte string: one character a byte. */
  byteString(value: string): void {
    this.u32(value.length);
    this.#claim(value.length);
    this.bytes.write(value, this.#offset, 'latin1');
    this.#offset += value.length;
    this.#pad(value.length);
  }

  /** Leaves `size` bytes for the caller to fill, and returns them. */
  hole(size: number): Buffer {
    this.#claim(size);
    const start = this.#offset;
    this.#offset += size;
    return this.bytes.subarray(start, this.#offset);
  }

  /** Zero padding to four after `size` bytes. */
  pad(size: number): void {
    this.#pad(size);
  }

  finish(start = 0): Buffer {
    return this.bytes.subarray(start, this.#offset);
  }

  #pad(size: number): void {
    for (let left = -size & 3; left > 0; left -= 1) this.u8(0);
  }

  #claim(size: number): void {
    assert(
      size <= this.room,
      `message: ${size} bytes more than its buffer of ${this.bytes.length}`,
    );
  }
}
