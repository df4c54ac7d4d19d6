/** Reads stub data in NDR, little-endian ([C706] §14): each value at a multiple of its size. Bounded like all readers. */
import { DecodeError } from '#core/wire/reader.ts';
import { SmbReader } from '../wire/reader.ts';

/** UTF-16 units of a string that an interface takes. */
const TEXT_LENGTH_MAX = 1024;

export class NdrReader {
  readonly #from: SmbReader;

  constructor(stub: Buffer) {
    this.#from = new SmbReader(stub);
  }

  get left(): number {
    return this.#from.left;
  }

  u8(): number {
    return this.#from.u8();
  }

  u16(): number {
    this.align(2);
    return this.#from.u16();
  }

  u32(): number {
    this.align(4);
    return this.#from.u32();
  }

  /** A view. */
  raw(size: number): Buffer {
    return this.#from.raw(size);
  }

  /** A unique pointer: whether something is behind it. */
  isPresent(): boolean {
    return this.u32() !== 0;
  }

  /** Elements of an array: its size, checked. */
  count(max: number): number {
    const count = this.u32();
    if (count > max) throw new DecodeError(`NDR array: ${count} elements, at most ${max}`);
    return count;
  }

  /** A conformant varying string of UTF-16 units, without its terminator. */
  text(): string {
    const max = this.u32();
    const first = this.u32();
    const length = this.u32();
    if (first !== 0 || length > max || length > TEXT_LENGTH_MAX) {
      throw new DecodeError(`NDR string: ${length} of ${max} units from ${first}`);
    }
    const text = this.#from.text(length * 2);
    return text.endsWith('\0') ? text.slice(0, -1) : text;
  }

  /** A string behind a unique pointer. */
  optionalText(): string | undefined {
    return this.isPresent() ? this.text() : undefined;
  }

  align(size: number): void {
    const over = this.#from.offset % size;
    if (over !== 0) this.#from.skip(size - over);
  }
}
