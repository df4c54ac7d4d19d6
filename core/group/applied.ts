/** Where a box stands, as one row of its store: committed together with the rows that it speaks of. */
import type { Store, StoreWrite } from '../ports/store.ts';
import { Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';
import type { Position, View } from './entry.ts';
import { OWN_ROWS } from './staged-table.ts';

const KEY = '\x00applied';
/** The first key behind it. */
const BEHIND = '\x00b';
const SIZE = 24;
/** Rows removed at once when a store is emptied: more than a registry has. */
const WIPE_ROWS = 10_000;

export interface Applied {
  /** The last entry that is folded into the store, and its view. */
  readonly position: Position;
  readonly view: View;
  /** Up to here backends that keep their content follow; behind `position` only while a start goes on. */
  readonly followed: Position;
}

export function readApplied(store: Store): Applied {
  const from = new Reader(store.get(KEY) ?? Buffer.alloc(SIZE));
  return {
    position: from.u64() as Position,
    view: from.u64() as View,
    followed: from.u64() as Position,
  };
}

export function appliedRow({ position, view, followed }: Applied): StoreWrite {
  const to = new Writer(Buffer.allocUnsafe(SIZE));
  to.u64(position);
  to.u64(view);
  to.u64(followed);
  return { key: KEY, value: to.finish() };
}

/**
 * Empties the store but for what is a backend's own. What says that there is something to wipe goes last: the process
 * may end on the way.
 */
export function wipe(store: Store, followed: Position): void {
  for (const [from, to] of [
    ['\x01', OWN_ROWS],
    [BEHIND, '\x01'],
  ] as const) {
    for (;;) {
      const rows = store.range(from, to, WIPE_ROWS);
      if (rows.length === 0) break;
      store.commit(rows.map(({ key }) => ({ key, value: undefined })));
    }
  }
  store.commit([appliedRow({ position: 0 as Position, view: 0 as View, followed })]);
}
