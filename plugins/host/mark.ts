/** A number in a file of eight bytes, written in place: one system call, and safe from the end of the process. */
import { fsyncSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Mark } from '#core/ports/mark.ts';

export class FileMark implements Mark {
  readonly #fd: number;
  readonly #bytes = Buffer.alloc(8);
  #value: number;

  /** @param path Absolute; created when missing. */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    // 0o102: read and write, create.
    this.#fd = openSync(path, 0o102, 0o600);
    const size = readSync(this.#fd, this.#bytes, 0, 8, 0);
    this.#value = size === 8 ? Number(this.#bytes.readBigUInt64BE(0)) : 0;
    if (size !== 8) fsyncSync(this.#fd);
  }

  get(): number {
    return this.#value;
  }

  set(value: number): void {
    this.#value = value;
    this.#bytes.writeUInt32BE(Math.floor(value / 0x1_0000_0000), 0);
    this.#bytes.writeUInt32BE(value >>> 0, 4);
    writeSync(this.#fd, this.#bytes, 0, 8, 0);
  }
}
