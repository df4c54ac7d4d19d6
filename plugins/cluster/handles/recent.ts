/**
 * A map of what was used of late, bounded: two halves, of which the older is dropped when the younger is full. What is
 * found in the older half moves to the younger, so that what is in use stays. Costs no bookkeeping per use, which an
 * exact order of use would.
 */
export class Recent<Key, Value> {
  readonly #halfSize: number;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();

  /** @param countMax Entries held at most. */
  constructor(countMax: number) {
    this.#halfSize = countMax >>> 1;
  }

  get count(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: Key): Value | undefined {
    const value = this.#young.get(key);
    if (value !== undefined) return value;
    const older = this.#old.get(key);
    if (older !== undefined) {
      this.#old.delete(key);
      this.set(key, older);
    }
    return older;
  }

  set(key: Key, value: Value): void {
    if (this.#young.size >= this.#halfSize && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}
