/**
 * Rows that belong to one box's backend alone (local handles, places of names), kept in the box's store beside the
 * catalog and committed together with it. Keys and order as in core/ports/store.ts, without the table's prefix.
 */
export interface LocalTable {
  get(key: string): Buffer | undefined;
  /** Rows whose key starts with `prefix`, ascending. */
  range(prefix: string, limit: number): readonly { readonly key: string; readonly value: Buffer }[];
  put(key: string, value: Uint8Array): void;
  remove(key: string): void;
}
