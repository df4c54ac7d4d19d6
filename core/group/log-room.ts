/** How much room the log's disk has, known without asking it at every commit: that would cost a system call each. */
import type { Disk } from '../ports/disk.ts';

/** Bytes that entries may bring before a disk that was short of room is asked again. */
const LOOK_SIZE = 1024 * 1024;

export class LogRoom {
  readonly #disk: Pick<Disk, 'free'>;
  readonly #freeMin: number;
  #isShort = false;
  /** Bytes that entries may bring before the disk is asked again. */
  #left = 0;

  /** @param freeMin Bytes that must be free. */
  constructor(disk: Pick<Disk, 'free'>, freeMin: number) {
    this.#disk = disk;
    this.#freeMin = freeMin;
  }

  /** Entries brought so many bytes, to the log or beside it: content may go to the same disk. */
  spend(size: number): void {
    this.#left -= size;
  }

  /** What was known is old: others write to the disk as well. */
  expire(): void {
    this.#left = 0;
  }

  /** Whether less than the minimum is free. */
  get isShort(): boolean {
    if (this.#left > 0) return this.#isShort;
    const spare = this.#disk.free() - this.#freeMin;
    this.#isShort = spare < 0;
    this.#left = Math.max(LOOK_SIZE, spare);
    return this.#isShort;
  }
}
