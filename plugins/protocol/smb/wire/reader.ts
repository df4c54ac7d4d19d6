import { DecodeError } from '#core/wire/reader.ts';

/**
 * Reads one SMB2 message, little-endian ([MS-SMB2] §2.2). Every read is bounded: it returns whole values or throws
 * `DecodeError`. Views are valid as long as the message's buffer is.
 */
export class SmbReader {
  readonly bytes: Buffer;
  /** Where the message's header starts in `bytes`: offsets of the protocol count from there. */
  readonly origin: number;
  readonly end: number;
  #offset: number;

  constructor(bytes: Buffer, origin = 0, start = origin, end = bytes.length) {
    this.bytes = bytes;
    this.origin = origin;
    this.end = end;
    this.#offset = start;
  }

  get offset(): number {
    return this.#offset;
  }

  get left(): number {
    return this.end - this.#offset;
  }

  u8(): number {
    return this.bytes.readUInt8(this.#take(1));
  }

  u16(): number {
    return this.bytes.readUInt16LE(this.#take(2));
  }

  u32(): number {
    return this.bytes.readUInt32LE(this.#take(4));
  }

  i32(): number {
    return this.bytes.readInt32LE(this.#take(4));
  }

  u64(): bigint {
    return this.bytes.readBigUInt64LE(this.#take(8));
  }

  /** An unsigned 64-bit number of which anything beyond 2^53 - 1 is read as 2^53 - 1 (offsets and lengths). */
  u64Clamped(): number {
    const at = this.#take(8);
    const high = this.bytes.readUInt32LE(at + 4);
    if (high > 0x1f_ffff) return Number.MAX_SAFE_INTEGER;
    return high * 0x1_0000_0000 + this.bytes.readUInt32LE(at);
  }

  /** Bytes as they are; a view. */
  raw(size: number): Buffer {
    const start = this.#take(size);
    return this.bytes.subarray(start, start + size);
  }

  /** UTF-16LE text of `size` bytes. */
  text(size: number): string {
    if (size % 2 !== 0) throw new DecodeError(`UTF-16 text: ${size} bytes, not even`);
    const start = this.#take(size);
    return this.bytes.toString('utf16le', start, start + size);
  }

  /**
   * The bytes that an offset and a length in a body point at; the offset counts from the header. A view. Of length 0
   * the offset means nothing.
   */
  at(offset: number, size: number, what: string): Buffer {
    if (size === 0) return this.bytes.subarray(this.end, this.end);
    const start = this.origin + offset;
    if (start < this.#offset || size > this.end - start) {
      throw new DecodeError(`${what}: ${size} bytes at ${offset} lie outside of the message`);
    }
    return this.bytes.subarray(start, start + size);
  }

  /** UTF-16LE text that an offset and a length in bytes point at. */
  textAt(offset: number, size: number, what: string): string {
    const bytes = this.at(offset, size, what);
    if (size % 2 !== 0) throw new DecodeError(`${what}: ${size} bytes, not even`);
    return bytes.toString('utf16le');
  }

  skip(size: number): void {
    this.#take(size);
  }

  /** StructureSize, which every body begins with ([MS-SMB2] §2.2). */
  structureSize(expected: number): void {
    const size = this.u16();
    if (size !== expected) throw new DecodeError(`StructureSize: ${size}, must be ${expected}`);
  }

  #take(size: number): number {
    const start = this.#offset;
    if (size > this.end - start) {
      throw new DecodeError(`${size} bytes wanted at ${start}, ${this.end - start} left`);
    }
    this.#offset = start + size;
    return start;
  }
}
