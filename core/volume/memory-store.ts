/** A `Store` in memory: for tests, simulation and boxes that keep nothing. A crash leaves what was flushed. */
import { assert } from '../assert.ts';
import {
  STORE_KEY_SIZE_MAX,
  type Store,
  type StoreKey,
  type StoreRow,
  type StoreWrite,
} from '../ports/store.ts';
import { firstAtLeast } from './staged-store.ts';

export class MemoryStore implements Store {
  readonly #rows: Map<StoreKey, Buffer>;
  #keys: StoreKey[];
  /** Commits since the last flush: what a power cut may take away. */
  #unflushed: StoreWrite[] = [];
  readonly #flushed: Map<StoreKey, Buffer>;
  /** Writes flushed so far. */
  #flushedCount = 0;

  constructor(rows: ReadonlyMap<StoreKey, Buffer> = new Map()) {
    this.#rows = new Map(rows);
    this.#flushed = new Map(rows);
    this.#keys = [...rows.keys()].sort();
  }

  get(key: StoreKey): Buffer | undefined {
    return this.#rows.get(key);
  }

  range(from: StoreKey, to: StoreKey, limit: number): StoreRow[] {
    const first = firstAtLeast(this.#keys, from);
    const rows: StoreRow[] = [];
    for (let index = first; index < this.#keys.length && rows.length < limit; index += 1) {
      const key = this.#keys[index] as StoreKey;
      if (key >= to) break;
      rows.push({ key, value: this.#rows.get(key) as Buffer });
    }
    return rows;
  }

  last(from: StoreKey, to: StoreKey): StoreRow | undefined {
    const key = this.#keys[firstAtLeast(this.#keys, to) - 1];
    if (key === undefined || key < from) return undefined;
    return { key, value: this.#rows.get(key) as Buffer };
  }

  commit(writes: readonly StoreWrite[]): void {
    for (const { key } of writes) {
      const fits = key !== '' && key.length <= STORE_KEY_SIZE_MAX;
      assert(fits, `store: key of ${key.length} bytes, 1 to ${STORE_KEY_SIZE_MAX}`);
    }
    for (const write of writes) {
      this.#write(write);
      this.#unflushed.push(write);
    }
  }

  async flushed(first?: () => Promise<void>): Promise<void> {
    const end = this.#flushedCount + this.#unflushed.length;
    if (first !== undefined) await first();
    const writes = this.#unflushed.splice(0, Math.max(0, end - this.#flushedCount));
    this.#flushedCount += writes.length;
    for (const { key, value } of writes) {
      if (value === undefined) this.#flushed.delete(key);
      else this.#flushed.set(key, Buffer.from(value));
    }
  }

  get unflushedSize(): number {
    return 0;
  }

  close(): Promise<void> {
    return this.flushed();
  }

  /** What is there after a power cut now: a store of its own, as of the last flush. */
  crash(): MemoryStore {
    return new MemoryStore(this.#flushed);
  }

  /** What is there after the process ends now: a store of its own, as of the last commit. */
  clone(): MemoryStore {
    return new MemoryStore(this.#rows);
  }

  #write({ key, value }: StoreWrite): void {
    if (value === undefined) {
      if (!this.#rows.delete(key)) return;
      this.#keys.splice(firstAtLeast(this.#keys, key), 1);
      return;
    }
    if (!this.#rows.has(key)) this.#keys.splice(firstAtLeast(this.#keys, key), 0, key);
    this.#rows.set(key, Buffer.from(value));
  }
}
