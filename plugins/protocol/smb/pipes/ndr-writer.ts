/** Writes stub data in NDR, little-endian ([C706] §14). What pointers point at follows when `flush` is called. */
import { SmbWriter } from '../wire/writer.ts';

/** Bytes of the largest answer: a list of all shares, with room. */
export const STUB_SIZE_MAX = 1024 * 1024;
const REFERENT_FIRST = 0x0002_0000;

export class NdrWriter {
  readonly #to = new SmbWriter(STUB_SIZE_MAX);
  readonly #deferred: (() => void)[] = [];
  #referent = REFERENT_FIRST;

  u8(value: number): void {
    this.#to.u8(value);
  }

  u16(value: number): void {
    this.#to.align(2);
    this.#to.u16(value);
  }

  u32(value: number): void {
    this.#to.align(4);
    this.#to.u32(value);
  }

  raw(value: Uint8Array): void {
    this.#to.raw(value);
  }

  zeros(size: number): void {
    this.#to.zeros(size);
  }

  align(size: number): void {
    this.#to.align(size);
  }

  /** A pointer, with what it points at later: behind all of the structure that it stands in. */
  pointer(write: (() => void) | undefined): void {
    if (write === undefined) {
      this.u32(0);
      return;
    }
    this.u32(this.#referent);
    this.#referent += 4;
    this.#deferred.push(write);
  }

  /** A pointer to a string. */
  textPointer(text: string | undefined): void {
    this.pointer(text === undefined ? undefined : () => this.text(text));
  }

  /** A conformant varying string with its terminator. */
  text(text: string): void {
    this.u32(text.length + 1);
    this.u32(0);
    this.u32(text.length + 1);
    this.#to.text(`${text}\0`);
  }

  /** Of RPC_UNICODE_STRING ([MS-DTYP] §2.3.10): without terminator. */
  unicodeString(text: string | undefined): void {
    const size = (text?.length ?? 0) * 2;
    this.u16(size);
    this.u16(size);
    this.pointer(
      text === undefined
        ? undefined
        : () => {
            this.u32(text.length);
            this.u32(0);
            this.u32(text.length);
            this.#to.text(text);
          },
    );
  }

  /** Writes what the pointers so far point at, and what those point at, in NDR's order. */
  flush(): void {
    for (const write of this.#deferred.splice(0)) {
      write();
      this.flush();
    }
  }

  /** A copy of what was written. */
  finish(): Buffer {
    this.flush();
    return Buffer.from(this.#to.finish());
  }
}
