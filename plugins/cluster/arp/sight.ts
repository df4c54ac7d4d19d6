/**
 * Whether this box has the clients' network on one interface. A pure machine.
 *
 *     bright   nothing speaks against it; or, in doubt, somebody has just been heard there
 *     unsure   in doubt, and nobody has been heard yet
 *     dark     no carrier; or neighbours were asked again and again, and nobody at all was heard
 *
 * Doubt is what a way between boxes brings that has fallen silent while another one speaks: then one of the two has lost
 * that network, or what lies between. While there is none nobody is asked anything.
 */
import type { InstantMs } from '#core/ports/clock.ts';

export type Sight = 'bright' | 'unsure' | 'dark';

/** Milliseconds between two questions while nobody is heard, and while somebody is. */
const ASK_MS = 100;
const ASK_BRIGHT_MS = 500;
/** Milliseconds after which whoever was heard may be gone. */
const FRESH_MS = 1_500;
/** Milliseconds of silence that is no chance: several questions went out, and a neighbour answers within a few. */
const DEAF_MS = 500;
const ASKS_MIN = 4;
/** Milliseconds after which a network is not asked for that often any more. */
const IMPATIENT_MS = 10_000;

export class SightMachine {
  #hasCarrier = true;
  /** Since when there is doubt. */
  #doubtAt: number | undefined;
  #heardAt = Number.NEGATIVE_INFINITY;
  #askedAt = Number.NEGATIVE_INFINITY;
  /** Questions since somebody was heard. */
  #asks = 0;

  /** Whether neighbours are to be asked now. */
  tick(now: InstantMs, hasCarrier: boolean, isInDoubt: boolean): boolean {
    this.#hasCarrier = hasCarrier;
    if (!isInDoubt) {
      this.#doubtAt = undefined;
      this.#asks = 0;
      return false;
    }
    this.#doubtAt ??= now;
    const isPatient = this.at(now) === 'bright' || now - this.#doubtAt > IMPATIENT_MS;
    return hasCarrier && now - this.#askedAt >= (isPatient ? ASK_BRIGHT_MS : ASK_MS);
  }

  /** Somebody was asked. */
  asked(now: InstantMs): void {
    this.#askedAt = now;
    this.#asks += 1;
  }

  /** A frame of another machine, whatever it says. */
  heard(now: InstantMs): void {
    this.#heardAt = now;
    this.#asks = 0;
  }

  get hasCarrier(): boolean {
    return this.#hasCarrier;
  }

  at(now: InstantMs): Sight {
    if (!this.#hasCarrier) return 'dark';
    if (this.#doubtAt === undefined) return 'bright';
    if (this.#heardAt >= this.#doubtAt && now - this.#heardAt < FRESH_MS) return 'bright';
    const silentMs = now - Math.max(this.#doubtAt, this.#heardAt);
    return this.#asks >= ASKS_MIN && silentMs >= DEAF_MS ? 'dark' : 'unsure';
  }
}
