/**
 * Which content is being written for entries that are not in the log yet. The process may end in between: then bytes stand
 * in a backend that no log explains, and this is how a box that comes back knows what to fetch again.
 *
 *     count u32, and four bytes of nothing | for each: volume u32, and four bytes of nothing | file, offset, size f64
 */
import { assert } from '../assert.ts';
import type { Extent } from './state-machine.ts';

/** More than a member stages before it logs (member.ts). */
const EXTENTS_MAX = 2047;
const HEAD_SIZE = 8;
const EXTENT_SIZE = 32;
export const UNDER_WAY_SIZE = HEAD_SIZE + EXTENTS_MAX * EXTENT_SIZE;

export class UnderWay {
  readonly #bytes: Buffer;
  #count: number;

  /** @param bytes UNDER_WAY_SIZE of them, which outlive the process. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#count = Math.min(bytes.readUInt32LE(0), EXTENTS_MAX);
  }

  /** To be called before the content is touched. */
  add({ volume, file, offset, size }: Extent): void {
    assert(this.#count < EXTENTS_MAX, `under way: more than ${EXTENTS_MAX} extents not logged`);
    const at = HEAD_SIZE + this.#count * EXTENT_SIZE;
    this.#bytes.writeUInt32LE(volume, at);
    this.#bytes.writeDoubleLE(file, at + 8);
    this.#bytes.writeDoubleLE(offset, at + 16);
    this.#bytes.writeDoubleLE(size, at + 24);
    this.#set(this.#count + 1);
  }

  clear(): void {
    if (this.#count > 0) this.#set(0);
  }

  get extents(): readonly Extent[] {
    return Array.from({ length: this.#count }, (_, index) => {
      const at = HEAD_SIZE + index * EXTENT_SIZE;
      return {
        volume: this.#bytes.readUInt32LE(at),
        file: this.#bytes.readDoubleLE(at + 8),
        offset: this.#bytes.readDoubleLE(at + 16),
        size: this.#bytes.readDoubleLE(at + 24),
      };
    });
  }

  #set(count: number): void {
    this.#count = count;
    this.#bytes.writeUInt32LE(count, 0);
  }
}
