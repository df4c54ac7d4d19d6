/**
 * Local handles: 8-byte numbers from a counter. It starts at a random number each time, because clients may hold
 * handles that an earlier life of this process gave out, and those must never come to mean another file.
 */
import type { Random } from '#core/ports/random.ts';

const NUMBER_SIZE = 8;

export class ObjectNumbers {
  readonly #last: Buffer;

  constructor(random: Random) {
    this.#last = Buffer.from(random.bytes(NUMBER_SIZE));
  }

  /** The next number, byte string. */
  next(): string {
    let at = NUMBER_SIZE - 1;
    while (at >= 0 && this.#last[at] === 0xff) {
      this.#last[at] = 0;
      at -= 1;
    }
    if (at >= 0) this.#last[at] = (this.#last[at] ?? 0) + 1;
    return this.#last.toString('latin1');
  }
}
