/** A small seeded generator for random tests: xorshift of 32 bits. The test prints its seed. */
export class Seeded {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** 0 to `below - 1`. */
  below(below: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state % below;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }
}

/** `SEED` of the environment, to repeat a failure; otherwise one of this moment. */
export function seedOf(): number {
  const given = process.env['SEED'];
  return given === undefined ? (process.pid * 2_654_435_761) >>> 0 : Number(given);
}
