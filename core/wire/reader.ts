/** The bytes do not form the message they claim to be. Thrown by readers only; caught once per message. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/**
 * Reads one message, big-endian as XDR has it (RFC 4506). Every read is bounded: it returns whole values or
 * throws `DecodeError`. Views returned are valid as long as the message's buffer is.
 */
export class Reader {
  readonly bytes: Buffer;
  readonly #view: DataView;
  #offset: number;
  readonly #end: number;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offset = start;
    this.#end = end;
  }

  get offset(): number {
    return this.#offset;
  }

  get left(): number {
    return this.#end - this.#offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  /** An unsigned 64-bit number that must be at most 2^53 - 1. */
  u64(): number {
    const at = this.#take(8);
    const high = this.#view.getUint32(at);
    if (high > 0x1f_ffff) throw new DecodeError(`number at ${at}: beyond 2^53 - 1`);
    return high * 0x1_0000_0000 + this.#view.getUint32(at + 4);
  }

  /** An unsigned 64-bit number of which anything beyond 2^53 - 1 is read as 2^53 - 1 (offsets, counts, cookies). */
  u64Clamped(): number {
    const at = this.#take(8);
    const high = this.#view.getUint32(at);
    if (high > 0x1f_ffff) return Number.MAX_SAFE_INTEGER;
    return high * 0x1_0000_0000 + this.#view.getUint32(at + 4);
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  bool(): boolean {
    const value = this.u32();
    if (value > 1) throw new DecodeError(`boolean: ${value}`);
    return value === 1;
  }

  /** Fixed-length bytes without padding; a view. */
  raw(size: number): Buffer {
    const start = this.#take(size);
    return this.bytes.subarray(start, start + size);
  }

  /** XDR fixed-length opaque (RFC 4506 §4.9): padded to four bytes; a view. */
  fixed(size: number): Buffer {
    const start = this.#take((size + 3) & ~3);
    return this.bytes.subarray(start, start + size);
  }

  /** XDR variable-length opaque (RFC 4506 §4.10); a view. */
  opaque(sizeMax: number, what = 'opaque'): Buffer {
    const size = this.u32();
    if (size > sizeMax) throw new DecodeError(`${what}: ${size} bytes, at most ${sizeMax}`);
    const start = this.#take((size + 3) & ~3);
    return this.bytes.subarray(start, start + size);
  }

  /** XDR string as a byte string: one character a byte (see core/vfs/name.ts). */
  byteString(sizeMax: number, what = 'string'): string {
    const size = this.u32();
    if (size > sizeMax) throw new DecodeError(`${what}: ${size} bytes, at most ${sizeMax}`);
    const start = this.#take((size + 3) & ~3);
    return this.bytes.toString('latin1', start, start + size);
  }

  skip(size: number): void {
    this.#take(size);
  }

  end(): void {
    if (this.left !== 0) throw new DecodeError(`${this.left} bytes after the message`);
  }

  #take(size: number): number {
    const start = this.#offset;
    if (size > this.#end - start) {
      throw new DecodeError(`${size} bytes wanted at ${start}, ${this.#end - start} left`);
    }
    this.#offset = start + size;
    return start;
  }
}
