/** Machines of one network that may be asked whether they are there: the last that were heard of, boxes left out. */

/** As many as are asked within half a second. */
export const NEIGHBOURS_MAX = 8;

export class Neighbours {
  /** The last heard of comes last. */
  readonly #known = new Set<string>();
  #next = 0;

  met(address: string): void {
    this.#known.delete(address);
    this.#known.add(address);
    for (const oldest of this.#known) {
      if (this.#known.size <= NEIGHBOURS_MAX) break;
      this.#known.delete(oldest);
    }
  }

  /** Some of them and of `more`, others each time. @param count At most. */
  some(count: number, more: readonly string[]): readonly string[] {
    const all = [...new Set([...this.#known, ...more.slice(0, NEIGHBOURS_MAX)])];
    const chosen = all.length <= count ? all : [];
    while (chosen.length < Math.min(count, all.length)) {
      chosen.push(all[(this.#next + chosen.length) % all.length] as string);
    }
    this.#next = (this.#next + count) % Math.max(1, all.length);
    return chosen;
  }
}
