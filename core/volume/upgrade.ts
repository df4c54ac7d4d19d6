/**
 * Brings a catalog of format 1 up to date: names that are not plain get their folded rows. Done when a box that was updated
 * opens it, before anything else is known of it; broken off, it begins again and puts the same rows.
 */
import type { Store, StoreWrite } from '../ports/store.ts';
import { foldName, isPlain } from '../vfs/fold.ts';
import type { FileId } from '../vfs/inode.ts';
import type { Name } from '../vfs/name.ts';
import { CATALOG_FORMAT, CatalogKeys, decodeCookieRow, encodeFoldedRow } from './rows.ts';

const FIRST_FORMAT = 1;
/** Rows read at once, and about as many written: some milliseconds each. */
const PAGE_SIZE = 4096;
/** Where a directory's id begins in a key: behind the volume and the letter of the table. */
const DIRECTORY_AT = 6;
const ID_SIZE = 8;

interface Folded {
  readonly cookie: number;
  readonly name: Name;
}

/** Does nothing to a catalog of another format, which is up to date or nobody's to guess at, or where there is none. */
export function upgradeCatalog(store: Store, volume: number): void {
  const keys = new CatalogKeys(volume);
  if (store.get(keys.format)?.readUInt16BE(0) !== FIRST_FORMAT) return;
  const to = keys.cookie(Number.MAX_SAFE_INTEGER as FileId, Number.MAX_SAFE_INTEGER);
  let from = keys.cookie(0 as FileId, 0);
  let directory = '';
  /** Names of one directory, by what they fold to, in the order of their cookies. */
  let names = new Map<string, Folded[]>();
  for (;;) {
    const rows = store.range(from, to, PAGE_SIZE);
    for (const { key, value } of rows) {
      const id = key.slice(DIRECTORY_AT, DIRECTORY_AT + ID_SIZE);
      if (id !== directory) {
        store.commit(rowsOf(keys, directory, names));
        directory = id;
        names = new Map();
      }
      const entry = decodeCookieRow(key, value);
      const name = entry.name as Name;
      if (isPlain(name)) continue;
      const folded = foldName(name);
      const alike = names.get(folded);
      if (alike === undefined) names.set(folded, [{ cookie: entry.cookie, name }]);
      else alike.push({ cookie: entry.cookie, name });
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE_SIZE) break;
    from = `${last.key}\0`;
  }
  const format = Buffer.alloc(2);
  format.writeUInt16BE(CATALOG_FORMAT);
  store.commit([...rowsOf(keys, directory, names), { key: keys.format, value: format }]);
}

function rowsOf(
  keys: CatalogKeys,
  directory: string,
  names: ReadonlyMap<string, readonly Folded[]>,
): StoreWrite[] {
  const writes: StoreWrite[] = [];
  // Keys are cut: what folds differently may stand under one of them.
  const cut = new Map<string, Folded[]>();
  const id = Number.parseInt(Buffer.from(directory, 'latin1').toString('hex'), 16) as FileId;
  for (const [folded, list] of names) {
    const key = keys.folded(id, folded);
    cut.set(key, [...(cut.get(key) ?? []), ...list]);
  }
  for (const [key, list] of cut) {
    const [first, ...others] = list.sort((one, other) => one.cookie - other.cookie);
    if (first === undefined) continue;
    writes.push({ key, value: encodeFoldedRow({ ...first, others: others.length }) });
    const folded = foldName(first.name);
    for (const { cookie, name } of others) {
      const value = Buffer.from(name, 'latin1');
      writes.push({ key: keys.foldedOther(id, folded, cookie), value });
    }
  }
  return writes;
}
