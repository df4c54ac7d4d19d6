/** Replies that wait for a commit and a lease, in the order in which they were made. */
import type { Position } from './entry.ts';

interface Waiter {
  readonly position: Position;
  readonly run: () => void;
}

export class Waiters {
  #queue: Waiter[] = [];
  #head = 0;

  get count(): number {
    return this.#queue.length - this.#head;
  }

  add(position: Position, run: () => void): void {
    this.#queue.push({ position, run });
  }

  /** Whether anybody waits for no more than this commit. */
  isDue(commit: Position): boolean {
    const next = this.#queue[this.#head];
    return next !== undefined && next.position <= commit;
  }

  /** Runs all that wait for no more than `commit`; they may add others meanwhile. */
  release(commit: Position): void {
    while (this.isDue(commit)) {
      const next = this.#queue[this.#head] as Waiter;
      this.#head += 1;
      next.run();
    }
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head > 4096) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }

  drop(): void {
    this.#queue = [];
    this.#head = 0;
  }
}
