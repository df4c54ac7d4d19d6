/** Virtual time: events in order, and the one source of chance of a run. */
import { setImmediate as turn } from 'node:timers/promises';
import { Seeded } from '../support/seeded.ts';

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  /** Promises are settled before the next event. */
  readonly settles: boolean;
}

const TRACE_LINES_MAX = 400;

export class World {
  readonly random: Seeded;
  readonly trace: string[] = [];
  now = 0;
  /** Something broke where no event could throw it. */
  failure: Error | undefined;
  /** Promises were resolved: they are settled before the next event. */
  unsettled = false;
  #order = 0;
  /** A binary heap, the next event first. */
  readonly #events: Event[] = [];

  constructor(seed: number) {
    // Seeds that follow one another must not give runs that resemble one another.
    this.random = new Seeded(Math.imul(seed + 1, 0x9e37_79b1) >>> 0);
    for (let round = 0; round < 8; round += 1) this.random.below(2);
  }

  note(text: string): void {
    this.trace.push(`${this.now.toFixed(2).padStart(10)} ${text}`);
    if (this.trace.length > 2 * TRACE_LINES_MAX) this.trace.splice(0, TRACE_LINES_MAX);
  }

  after(delayMs: number, run: () => void, settles = false): void {
    this.#push({ at: this.now + Math.max(0, delayMs), order: this.#order, run, settles });
    this.#order += 1;
  }

  /** `low` to `high`, in hundredths. */
  between(low: number, high: number): number {
    return low + this.random.below(Math.max(1, Math.round((high - low) * 100))) / 100;
  }

  /** Runs events until `until` says so or the time is over; true when `until` said so. */
  async run(timeMs: number, until: () => boolean): Promise<boolean> {
    while (!until()) {
      const next = this.#events[0];
      if (next === undefined || next.at > timeMs) return until();
      this.#pop();
      this.now = next.at;
      next.run();
      if (next.settles || this.unsettled) {
        this.unsettled = false;
        await turn();
      }
      if (this.failure !== undefined) throw this.failure;
    }
    return true;
  }

  #push(event: Event): void {
    const heap = this.#events;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent] as Event)) break;
      heap[at] = heap[parent] as Event;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#events;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as Event)) child += 1;
      if (!isBefore(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
