/**
 * Rows that protocols keep for the box that serves next (durable opens, later NFSv4's clients and sessions): byte strings
 * and bytes whose meaning is the protocol's, in the group's entries beside file changes, in the store like the
 * registry, and held whole in memory on every box.
 *
 * As a change of an entry's body (volume 0, code 1):
 *
 *     byte string key  bool whether there is a value  opaque value
 */
import type { StagedStore } from '../volume/staged-store.ts';
import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';

/** Stands in place of an operation's code beside the registry's 0. */
export const ROW_CODE = 1;
/** Bytes of a key; with what stands before it in the store well below its bound. */
export const ROW_KEY_SIZE_MAX = 128;
/** Bytes of a row: a session with its slots' replies, a durable open with its locks; a quarter of an entry's body. */
export const ROW_SIZE_MAX = 16 * 1024;
/** Rows at once: as many as a server's clients can have durable opens, and still few beside a catalog. */
export const ROWS_MAX = 65_536;

/** Before every catalog and local table, behind the applied position, ahead of the registry (registry-table.ts). */
const PREFIX = '\x00p';
const PREFIX_END = '\x00q';

export interface RowChange {
  readonly key: string;
  /** `undefined` removes the row. */
  readonly value: Buffer | undefined;
}

export interface ProtocolRow {
  readonly key: string;
  /** Not to be written to. */
  readonly value: Buffer;
}

/** Bytes of a change of a row as it is written, about: what an entry's body must have room for. */
export function rowChangeSize({ key, value }: RowChange): number {
  return key.length + (value?.length ?? 0) + 32;
}

/** Why a row cannot be put, as a sentence; `undefined` when it can. */
export function refusalOfRow(table: ProtocolTable, { key, value }: RowChange): string | undefined {
  if (key.length > ROW_KEY_SIZE_MAX) {
    return `row: key of ${key.length} bytes, at most ${ROW_KEY_SIZE_MAX}`;
  }
  if (value === undefined) return undefined;
  if (value.length > ROW_SIZE_MAX) {
    return `row ${key}: ${value.length} bytes, at most ${ROW_SIZE_MAX}; keep less of it`;
  }
  if (table.count >= ROWS_MAX && table.get(key) === undefined) {
    return `row ${key}: there are ${ROWS_MAX} already; remove some first`;
  }
  return undefined;
}

export function writeRowChange(to: Writer, { key, value }: RowChange): void {
  to.byteString(key);
  to.bool(value !== undefined);
  if (value !== undefined) to.opaque(value);
}

/** The value is a copy. Throws `DecodeError`. */
export function readRowChange(from: Reader): RowChange {
  const key = from.byteString(ROW_KEY_SIZE_MAX, 'row key');
  const value = from.bool() ? Buffer.from(from.opaque(ROW_SIZE_MAX, 'row')) : undefined;
  from.end();
  return { key, value };
}

export class ProtocolTable {
  readonly #staged: StagedStore;
  readonly #rows = new Map<string, Buffer>();

  constructor(staged: StagedStore) {
    this.#staged = staged;
    this.load();
  }

  get count(): number {
    return this.#rows.size;
  }

  get(key: string): Buffer | undefined {
    return this.#rows.get(key);
  }

  /** In the order of keys: asked when a box begins to serve. */
  rows(prefix: string): readonly ProtocolRow[] {
    return [...this.#rows]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => ({ key, value }))
      .sort((one, other) => (one.key < other.key ? -1 : 1));
  }

  /** Reads everything anew: at the start, and after staged entries were discarded. */
  load(): void {
    this.#rows.clear();
    for (const { key, value } of this.#staged.range(PREFIX, PREFIX_END, ROWS_MAX)) {
      this.#rows.set(key.slice(PREFIX.length), value);
    }
  }

  /** The value is kept. */
  apply({ key, value }: RowChange): void {
    if (value === undefined) this.#rows.delete(key);
    else this.#rows.set(key, value);
    this.#staged.put(PREFIX + key, value);
  }
}
