/** A clock that stands still until it is told to move. */
import type { Clock, InstantMs, Timer } from '#core/ports/clock.ts';

interface Pending {
  atMs: number;
  readonly periodMs: number | undefined;
  readonly run: () => void;
}

export class FakeClock implements Clock {
  #nowMs = 0;
  readonly #pending = new Set<Pending>();

  now(): InstantMs {
    return this.#nowMs as InstantMs;
  }

  wall() {
    return { seconds: Math.floor(this.#nowMs / 1_000), nanoseconds: 0 };
  }

  after(delayMs: number, run: () => void): Timer {
    return this.#add({ atMs: this.#nowMs + delayMs, periodMs: undefined, run });
  }

  every(periodMs: number, run: () => void): Timer {
    return this.#add({ atMs: this.#nowMs + periodMs, periodMs, run });
  }

  /** Runs everything that falls due, in order, letting promises settle between. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    for (;;) {
      const next = [...this.#pending].sort((one, other) => one.atMs - other.atMs)[0];
      if (next === undefined || next.atMs > endMs) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      if (next.periodMs === undefined) this.#pending.delete(next);
      else next.atMs += next.periodMs;
      next.run();
      await settle();
    }
    this.#nowMs = endMs;
  }

  /** Time passes and nothing runs, as when a process is stopped. */
  jump(ms: number): void {
    this.#nowMs += ms;
  }

  #add(pending: Pending): Timer {
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }
}

/** Lets everything that was started come to rest: some turns of the event loop. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await new Promise(setImmediate);
}
