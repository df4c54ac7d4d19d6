/** Scratch memory for tests: what a second process finds of a first one. */
import type { Scratch } from '#core/ports/scratch.ts';

export class MapScratch implements Scratch {
  readonly #areas = new Map<string, Buffer>();

  open(path: string, size: number): Buffer {
    const area = this.#areas.get(path) ?? Buffer.alloc(size);
    this.#areas.set(path, area);
    return area;
  }
}
