/** The machine's clocks: a monotonic one for leases and timers, the wall clock for file times. */
import type { Clock, InstantMs, Time, Timer } from '#core/ports/clock.ts';

/** Milliseconds that the interpolated wall clock may differ from the system's before it follows a step. */
const STEP_MS_MAX = 2;

export function createClock(): Clock {
  const wall = new WallClock();
  return {
    now: () => performance.now() as InstantMs,
    wall: () => wall.read(),
    after: (delayMs, run) => timer(setTimeout(run, delayMs), clearTimeout),
    every: (periodMs, run) => timer(setInterval(run, periodMs), clearInterval),
  };
}

function timer(handle: NodeJS.Timeout, clear: (handle: NodeJS.Timeout) => void): Timer {
  handle.unref();
  return { cancel: () => clear(handle) };
}

/**
 * `Date.now()` has milliseconds only, so the time between two of them comes from the monotonic clock. Where the two
 * have drifted apart (somebody set the clock), reading starts anew from the system's.
 */
class WallClock {
  #anchorMs = performance.timeOrigin;
  #anchorAt = 0;

  read(): Time {
    let passedMs = performance.now() - this.#anchorAt;
    const systemMs = Date.now();
    if (Math.abs(this.#anchorMs + passedMs - systemMs) > STEP_MS_MAX) {
      this.#anchorAt += passedMs;
      this.#anchorMs = systemMs;
      passedMs = 0;
    }
    const wholeMs = Math.floor(this.#anchorMs + passedMs);
    const fraction = this.#anchorMs - wholeMs + passedMs;
    const seconds = Math.floor(wholeMs / 1000);
    const nanoseconds = Math.floor((wholeMs - seconds * 1000 + fraction) * 1e6);
    return { seconds, nanoseconds: Math.min(Math.max(nanoseconds, 0), 999_999_999) };
  }
}
