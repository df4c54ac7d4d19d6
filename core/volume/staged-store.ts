/**
 * The overlay: rows of entries that are staged and not committed, over the store that has what is.
 *
 * On the path of every change, so a put costs one map look-up and two pushes. Order is needed only by `range` and
 * `last`, which are rare (listings are cached), and is brought up to date when they ask for it.
 */
import { assert } from '../assert.ts';
import type { Store, StoreKey, StoreRow, StoreWrite } from '../ports/store.ts';

interface Version {
  readonly key: StoreKey;
  readonly position: number;
  value: Buffer | undefined;
  /** What a later entry put under the same key. */
  later: Version | undefined;
}

/** New keys kept beside the sorted ones before they are thrown together, so that a store nobody lists stays small. */
const UNSORTED_MAX = 4096;

export class StagedStore {
  readonly #store: Store;
  /** The newest version of every staged key. */
  readonly #newest = new Map<StoreKey, Version>();
  /** All versions in the order of their entries, from `#head` on. */
  #versions: Version[] = [];
  #head = 0;
  #position = 0;
  /** Every key of `#newest` stands in one of the two; both may hold keys that were folded since. */
  #sorted: StoreKey[] = [];
  #unsorted: StoreKey[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  /** Staged rows, all versions counted. */
  get size(): number {
    return this.#versions.length - this.#head;
  }

  get(key: StoreKey): Buffer | undefined {
    const version = this.#newest.get(key);
    return version === undefined ? this.#store.get(key) : version.value;
  }

  /** Rows with `from <= key < to`, ascending, at most `limit` of them. */
  range(from: StoreKey, to: StoreKey, limit: number): StoreRow[] {
    if (this.#newest.size === 0) return this.#store.range(from, to, limit);
    const keys = this.#order();
    let index = firstAtLeast(keys, from);
    const rows: StoreRow[] = [];
    let start = from;
    while (rows.length < limit) {
      const wanted = limit - rows.length;
      const below = this.#store.range(start, to, wanted);
      const whole = below.length < wanted;
      for (const row of below) {
        index = this.#stagedBefore(row.key, index, rows, limit);
        if (rows.length >= limit) return rows;
        if (!this.#newest.has(row.key)) rows.push(row);
        start = `${row.key}\x00`;
      }
      if (!whole) continue;
      this.#stagedBefore(to, index, rows, limit);
      return rows;
    }
    return rows;
  }

  /** The last row with `from <= key < to`. */
  last(from: StoreKey, to: StoreKey): StoreRow | undefined {
    const staged = this.#lastStaged(from, to);
    let row = this.#store.last(from, to);
    while (row !== undefined && this.#newest.has(row.key)) row = this.#store.last(from, row.key);
    if (row === undefined) return staged;
    return staged === undefined || row.key > staged.key ? row : staged;
  }

  /** Puts that follow belong to the entry at `position`; positions never go down until they are discarded. */
  at(position: number): void {
    assert(position >= this.#position, `staged position ${position} after ${this.#position}`);
    this.#position = position;
  }

  /** `undefined` removes. The value is kept: it must not be written to afterwards. */
  put(key: StoreKey, value: Buffer | undefined): void {
    const before = this.#newest.get(key);
    if (before !== undefined && before.position === this.#position) {
      before.value = value;
      return;
    }
    const version: Version = { key, position: this.#position, value, later: undefined };
    if (before !== undefined) before.later = version;
    else this.#noteKey(key);
    this.#newest.set(key, version);
    this.#versions.push(version);
  }

  /**
   * Hands all rows of entries up to `position`, of each key the newest, to `commit`, which puts them into the store, and
   * lets go of them. When `commit` throws they are staged as before.
   */
  fold(position: number, commit: (writes: StoreWrite[]) => void): void {
    const writes: StoreWrite[] = [];
    let head = this.#head;
    for (; head < this.#versions.length; head += 1) {
      const { key, value, later, position: of } = this.#versions[head] as Version;
      if (of > position) break;
      if (later === undefined || later.position > position) writes.push({ key, value });
    }
    commit(writes);
    for (let index = this.#head; index < head; index += 1) {
      const { key, later } = this.#versions[index] as Version;
      if (later === undefined) this.#newest.delete(key);
    }
    this.#dropBefore(head);
  }

  /** Forgets everything staged. */
  discard(): void {
    this.#newest.clear();
    this.#dropBefore(this.#versions.length);
    this.#position = 0;
  }

  #dropBefore(head: number): void {
    if (head === this.#versions.length) {
      this.#versions = [];
      this.#head = 0;
    } else if (head > this.#versions.length / 2) {
      this.#versions = this.#versions.slice(head);
      this.#head = 0;
    } else {
      this.#head = head;
    }
    if (this.#newest.size > 0) return;
    this.#sorted = [];
    this.#unsorted = [];
  }

  #noteKey(key: StoreKey): void {
    this.#unsorted.push(key);
    if (this.#unsorted.length <= UNSORTED_MAX + 2 * this.#newest.size) return;
    this.#sorted = [];
    this.#unsorted = [...this.#newest.keys(), key];
  }

  /** All staged keys in order, among them some that are staged no more. */
  #order(): readonly StoreKey[] {
    if (this.#unsorted.length > 0) {
      this.#sorted = mergeKeys(this.#sorted, this.#unsorted.sort(compare), this.#newest);
      this.#unsorted = [];
    }
    return this.#sorted;
  }

  /** Appends what is staged from `index` on and before `end`; returns the index reached. */
  #stagedBefore(end: StoreKey, index: number, rows: StoreRow[], limit: number): number {
    let at = index;
    for (; at < this.#sorted.length && rows.length < limit; at += 1) {
      const key = this.#sorted[at] as StoreKey;
      if (key >= end) break;
      const value = this.#newest.get(key)?.value;
      if (value !== undefined) rows.push({ key, value });
    }
    return at;
  }

  #lastStaged(from: StoreKey, to: StoreKey): StoreRow | undefined {
    const keys = this.#order();
    for (let index = firstAtLeast(keys, to) - 1; index >= 0; index -= 1) {
      const key = keys[index] as StoreKey;
      if (key < from) return undefined;
      const value = this.#newest.get(key)?.value;
      if (value !== undefined) return { key, value };
    }
    return undefined;
  }
}

/** Index of the first key not below `key`. */
export function firstAtLeast(keys: readonly StoreKey[], key: StoreKey): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as StoreKey) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compare(one: StoreKey, other: StoreKey): number {
  return one < other ? -1 : 1;
}

/** Two sorted lists into one, without what is not alive and without repetition. */
function mergeKeys(
  one: readonly StoreKey[],
  other: readonly StoreKey[],
  alive: ReadonlyMap<StoreKey, unknown>,
): StoreKey[] {
  const merged: StoreKey[] = [];
  let left = 0;
  let right = 0;
  while (left < one.length || right < other.length) {
    const first = one[left];
    const second = other[right];
    const takesFirst = second === undefined || (first !== undefined && first <= second);
    const key = (takesFirst ? first : second) as StoreKey;
    if (takesFirst) left += 1;
    else right += 1;
    if (alive.has(key) && merged[merged.length - 1] !== key) merged.push(key);
  }
  return merged;
}
