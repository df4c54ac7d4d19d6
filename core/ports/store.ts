/**
 * An ordered, transactional key-value store: LMDB in `plugins/host`, a sorted map in `tests/sim`.
 *
 * Keys are byte strings: one character (U+0000 to U+00FF) a byte, at most `STORE_KEY_SIZE_MAX` long, so that
 * JavaScript's own string order is the store's order. Values are bytes; a returned value is the caller's
 * to keep and must not be written to.
 */
export type StoreKey = string;

/** LMDB's bound with 4 KiB pages, in bytes. */
export const STORE_KEY_SIZE_MAX = 511;

export interface StoreWrite {
  readonly key: StoreKey;
  /** `undefined` removes the key. */
  readonly value: Uint8Array | undefined;
}

export interface StoreRow {
  readonly key: StoreKey;
  readonly value: Buffer;
}

export interface Store {
  get(key: StoreKey): Buffer | undefined;
  /** Rows with `from <= key < to`, ascending, at most `limit` of them. */
  range(from: StoreKey, to: StoreKey, limit: number): StoreRow[];
  /** The last row with `from <= key < to`. */
  last(from: StoreKey, to: StoreKey): StoreRow | undefined;
  /**
   * Applies all writes or none, visible to reads when it returns; survives the end of the process. After a power
   * cut the store is as it was at the last `flushed`.
   */
  commit(writes: readonly StoreWrite[]): void;
  /**
   * Resolves when everything committed before the call survives a power cut. The store may come back as it was when
   * `first` was called only after that has resolved: what its rows speak of elsewhere must not be behind them.
   */
  flushed(first?: () => Promise<void>): Promise<void>;
  /** Bytes written since the last flush, about: none of them is used anew before the next. */
  readonly unflushedSize: number;
  close(): Promise<void>;
}
