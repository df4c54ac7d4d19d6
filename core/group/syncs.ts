/** Syncs one at a time: whoever asks for one while another is under way gets the next, which covers all until then. */
import type { Position } from './entry.ts';

export class Syncs {
  readonly #sync: () => Promise<Position>;
  readonly #report: (position: Position) => void;
  readonly #fail: (error: Error) => void;
  #isUnderWay = false;
  #isAskedFor = false;
  /** Counts what takes back that a sync under way will have covered everything. */
  #cuts = 0;

  /** @param report Hears up to where a sync that counts made the log durable. */
  constructor(
    sync: () => Promise<Position>,
    report: (position: Position) => void,
    fail: (error: Error) => void,
  ) {
    this.#sync = sync;
    this.#report = report;
    this.#fail = fail;
  }

  ask(): void {
    if (this.#isUnderWay) {
      this.#isAskedFor = true;
      return;
    }
    this.#isUnderWay = true;
    const cuts = this.#cuts;
    this.#sync().then((position) => {
      this.#isUnderWay = false;
      if (this.#isAskedFor) {
        this.#isAskedFor = false;
        this.ask();
      }
      // Whoever still needs a sync after a cut has asked for another.
      if (cuts === this.#cuts) this.#report(position);
    }, this.#fail);
  }

  /** The log was cut, or content came: a sync begun before says nothing about what there is now. */
  cut(): void {
    this.#cuts += 1;
  }
}
