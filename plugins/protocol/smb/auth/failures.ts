/** Wrong passwords by address: each one more is answered later than the one before, so that guessing takes years. */
import type { Clock, InstantMs } from '#core/ports/clock.ts';

/** Milliseconds that the first refusal waits; each further one twice as long. */
const FIRST_MS = 100;
const LONGEST_MS = 5_000;
/** Milliseconds without a failure after which an address begins anew. */
const FORGOTTEN_MS = 300_000;
/** Failures that a success of the same address wipes out. */
const FORGIVEN_MAX = 5;
/** Addresses remembered; beyond, the one that failed the longest ago is forgotten. */
const ADDRESSES_MAX = 4096;

interface Row {
  count: number;
  last: InstantMs;
}

export class Failures {
  readonly #clock: Clock;
  /** The oldest first. */
  readonly #rows = new Map<string, Row>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one more; returns the milliseconds that its answer should wait. */
  add(address: string): number {
    const now = this.#clock.now();
    const before = this.#rows.get(address);
    const isOld = before === undefined || now - before.last > FORGOTTEN_MS;
    const count = isOld ? 1 : before.count + 1;
    this.#rows.delete(address);
    this.#rows.set(address, { count, last: now });
    if (this.#rows.size > ADDRESSES_MAX) {
      for (const oldest of this.#rows.keys()) {
        this.#rows.delete(oldest);
        break;
      }
    }
    return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(count - 1, 16));
  }

  /** Mistyped passwords are forgiven; who has an account of his own does not guess that of another any faster. */
  succeeded(address: string): void {
    if ((this.#rows.get(address)?.count ?? 0) <= FORGIVEN_MAX) this.#rows.delete(address);
  }
}
