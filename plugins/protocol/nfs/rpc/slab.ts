/**
 * Buffers that are used again: calls are read into them and decoded as views, replies are built in them and handed
 * to the kernel. A slab goes back to its pool when the last of those who look into it lets go.
 */
import { assert } from '#core/assert.ts';
import { MESSAGE_SIZE_MAX } from '#core/limits.ts';
import { Writer } from '#core/wire/writer.ts';
import { RECORD_MARK_SIZE } from './message.ts';

/** Bytes of a small slab: some hundred GETATTRs of one turn, or a full READDIRPLUS reply. */
export const SMALL_SLAB_SIZE = 128 * 1024;
/** Bytes of a large slab: one full WRITE or READ with its record mark. */
export const LARGE_SLAB_SIZE = MESSAGE_SIZE_MAX + RECORD_MARK_SIZE;
/** Large slabs in use at once before connections wait for each other: about 100 MiB on a box with little memory. */
const LARGE_SLABS_MAX = 96;
/** Free slabs kept: what one busy client has under way. */
const FREE_LARGE_SLABS_MAX = 8;
const FREE_SMALL_SLABS_MAX = 32;

export class Slab {
  /** Writes into `bytes`; only who took the slab does. */
  readonly to: Writer;
  readonly #pool: SlabPool;
  #holds = 1;

  constructor(size: number, pool: SlabPool) {
    this.to = new Writer(size);
    this.#pool = pool;
  }

  get bytes(): Buffer {
    return this.to.bytes;
  }

  /** Whether anybody beside the one who took it looks into it. */
  get shared(): boolean {
    return this.#holds > 1;
  }

  hold(): void {
    this.#holds += 1;
  }

  release(): void {
    assert(this.#holds > 0, 'slab: released more often than held');
    this.#holds -= 1;
    if (this.#holds > 0) return;
    this.#holds = 1;
    this.to.reset();
    this.#pool.give(this);
  }
}

export class SlabPool {
  readonly #freeSmall: Slab[] = [];
  readonly #freeLarge: Slab[] = [];
  readonly #waiting: (() => void)[] = [];
  #largeInUse = 0;
  /** Set aside for those who were woken and had no turn yet, so that nobody comes before them. */
  #promised = 0;

  /** Whether connections must wait (`whenFree`) before they start anything that needs a large slab. */
  get exhausted(): boolean {
    return this.#largeInUse + this.#promised >= LARGE_SLABS_MAX;
  }

  takeSmall(): Slab {
    return this.#freeSmall.pop() ?? new Slab(SMALL_SLAB_SIZE, this);
  }

  takeLarge(): Slab {
    this.#largeInUse += 1;
    return this.#freeLarge.pop() ?? new Slab(LARGE_SLAB_SIZE, this);
  }

  /** Runs `go` once, when a large slab is free and all who waited before had theirs; in a turn of its own. */
  whenFree(go: () => void): void {
    this.#waiting.push(go);
  }

  give(slab: Slab): void {
    if (slab.bytes.length === SMALL_SLAB_SIZE) {
      if (this.#freeSmall.length < FREE_SMALL_SLABS_MAX) this.#freeSmall.push(slab);
      return;
    }
    this.#largeInUse -= 1;
    if (this.#freeLarge.length < FREE_LARGE_SLABS_MAX) this.#freeLarge.push(slab);
    this.#wake();
  }

  #wake(): void {
    if (this.exhausted) return;
    const go = this.#waiting.shift();
    if (go === undefined) return;
    this.#promised += 1;
    queueMicrotask(() => {
      this.#promised -= 1;
      go();
      // It may be gone, or in no need any more.
      this.#wake();
    });
  }
}
