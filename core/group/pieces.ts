/** Extents cut into pieces that one message holds, one by one: a file may have been cut by more than memory has. */
import { FETCH_SIZE_MAX } from '../limits.ts';
import type { Extent } from './state-machine.ts';

export class Pieces {
  readonly #extents: readonly Extent[];
  #index = 0;
  /** Bytes of the extent at `#index` that are behind. */
  #done = 0;

  constructor(extents: readonly Extent[]) {
    this.#extents = extents.filter((extent) => extent.size > 0);
  }

  /** At most `FETCH_SIZE_MAX` bytes; `undefined` when nothing is left. */
  get next(): Extent | undefined {
    const extent = this.#extents[this.#index];
    if (extent === undefined) return undefined;
    const size = Math.min(FETCH_SIZE_MAX, extent.size - this.#done);
    return { ...extent, offset: extent.offset + this.#done, size };
  }

  /** Goes on behind `next`, of which so many bytes are there. Fewer than all: the file ends, and its extent with it. */
  took(size: number): void {
    const extent = this.#extents[this.#index];
    if (extent === undefined) return;
    const isShort = size < Math.min(FETCH_SIZE_MAX, extent.size - this.#done);
    this.#done += size;
    if (!isShort && this.#done < extent.size) return;
    this.#index += 1;
    this.#done = 0;
  }
}
