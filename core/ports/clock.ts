/** Time as core wants to see it. `plugins/host` reads the machine's clocks, `tests/sim` a virtual one. */
import type { Brand } from '../brand.ts';

/** Milliseconds, with fraction, on a monotonic clock with no epoch. */
export type InstantMs = Brand<number, 'InstantMs'>;

/** A point on the wall clock, as file times need it. */
export interface Time {
  /** Since 1970-01-01 UTC; may be negative. */
  readonly seconds: number;
  /** 0 to 999,999,999. */
  readonly nanoseconds: number;
}

export interface Timer {
  cancel(): void;
}

export interface Clock {
  now(): InstantMs;
  wall(): Time;
  /** Runs once, after at least `delayMs`. Never keeps the process alive by itself. */
  after(delayMs: number, run: () => void): Timer;
  every(periodMs: number, run: () => void): Timer;
}
