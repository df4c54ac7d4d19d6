/**
 * Numbers that a box tells about itself: counters that only grow, gauges that are read when somebody asks.
 *
 * Kept in plain fields, so that counting on a hot path is one addition; whoever shows them (metrics, status) reads
 * them when it is asked.
 */
import { assert } from './assert.ts';
import { service } from './services.ts';

export type Labels = Readonly<Record<string, string>>;

/** A number that only grows, from 0 at the start of the process. */
export class Counter {
  value = 0;

  add(amount = 1): void {
    this.value += amount;
  }
}

/** A series as it stands now. */
export interface StatRow {
  /** Prometheus spelling: `nfs_calls_total`, `log_size_bytes`. */
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  readonly labels: Labels;
  readonly value: number;
}

interface Series {
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  readonly labels: Labels;
  read(): number;
}

/** Series of one box: labels come from tables in the code, so that there are at most some hundred. */
const SERIES_MAX = 4096;

export class Stats {
  readonly #series = new Map<string, Series>();

  /** Series of the same name have the same help and the same label names. */
  counter(name: string, help: string, labels: Labels = {}): Counter {
    const counter = new Counter();
    this.#add({ name, help, kind: 'counter', labels, read: () => counter.value });
    return counter;
  }

  /** `read` runs when somebody looks; it must be quick and must not throw. */
  gauge(name: string, help: string, read: () => number, labels: Labels = {}): void {
    this.#add({ name, help, kind: 'gauge', labels, read });
  }

  rows(): readonly StatRow[] {
    return [...this.#series.values()].map(({ name, help, kind, labels, read }) => {
      return { name, help, kind, labels, value: read() };
    });
  }

  #add(series: Series): void {
    const key = `${series.name} ${JSON.stringify(series.labels)}`;
    assert(!this.#series.has(key), `statistic ${key}: registered twice`);
    assert(this.#series.size < SERIES_MAX, `statistics: more than ${SERIES_MAX}`);
    this.#series.set(key, series);
  }
}

export const STATS = service<Stats>('stats');
