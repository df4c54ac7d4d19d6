/**
 * The rule of commit: with S(n) the last stable position up to n, the largest n such that every required member
 * has received n and made S(n) durable.
 */
import type { Position } from './entry.ts';

export class CommitRule {
  /** Stable positions after the commit, ascending, from `#head` on. */
  #stables: Position[] = [];
  #head = 0;
  /** S(commit): what a box must have synced before it may count as in sync. */
  settled: Position;

  /** @param floor Everything up to here is taken to be stable: nothing else is known of it. */
  constructor(floor: Position) {
    this.settled = floor;
  }

  stable(position: Position): void {
    this.#stables.push(position);
  }

  /** Whether something up to here still waits to be durable. */
  waits(durable: Position): boolean {
    return (this.#stables.at(-1) ?? 0) > durable;
  }

  /** @param received Least over the required members, as is `durable`. */
  reach(received: Position, durable: Position): Position {
    while (
      this.#head < this.#stables.length &&
      (this.#stables[this.#head] as Position) <= durable
    ) {
      this.settled = this.#stables[this.#head] as Position;
      this.#head += 1;
    }
    if (this.#head > 1024 && this.#head * 2 > this.#stables.length) {
      this.#stables = this.#stables.slice(this.#head);
      this.#head = 0;
    }
    const first = this.#stables[this.#head];
    if (first === undefined || first > received) return received;
    return (first - 1) as Position;
  }
}
