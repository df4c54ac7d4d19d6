/**
 * The index by which a name is found in another case. Plain names (core/vfs/fold.ts) are their own folded form and need no
 * row, so that what NFS makes costs nothing more; of all others the oldest that folds so has one row, found by one get,
 * and others, which only NFS can make, have one each behind it.
 */
import { assert } from '../assert.ts';
import { foldName, isPlain } from '../vfs/fold.ts';
import type { DirectoryEntry, FileId } from '../vfs/inode.ts';
import type { Name } from '../vfs/name.ts';
import {
  type CatalogKeys,
  cookieOfKey,
  decodeFoldedRow,
  encodeFoldedRow,
  type FoldedRow,
} from './rows.ts';
import type { StagedStore } from './staged-store.ts';

/** Names read at once where many fold alike. */
const PAGE_SIZE = 256;

export class FoldedNames {
  readonly #keys: CatalogKeys;
  readonly #staged: StagedStore;

  constructor(keys: CatalogKeys, staged: StagedStore) {
    this.#keys = keys;
    this.#staged = staged;
  }

  /** The oldest name that is not plain and folds so. */
  oldest(directory: FileId, folded: string): Name | undefined {
    const first = this.#first(directory, folded);
    if (first === undefined || foldName(first.name) === folded) return first?.name;
    // Folded names are cut in keys: others stand under the same one.
    for (const { name } of this.#others(directory, folded, first.others)) {
      if (foldName(name) === folded) return name;
    }
    return undefined;
  }

  /** Of a new name, whose cookie is greater than those of all before. */
  put(directory: FileId, { name, cookie }: DirectoryEntry): void {
    if (isPlain(name as Name)) return;
    const folded = foldName(name as Name);
    const first = this.#first(directory, folded);
    if (first === undefined) {
      this.#putFirst(directory, folded, { cookie, others: 0, name: name as Name });
      return;
    }
    const key = this.#keys.foldedOther(directory, folded, cookie);
    this.#staged.put(key, Buffer.from(name, 'latin1'));
    this.#putFirst(directory, folded, { ...first, others: first.others + 1 });
  }

  remove(directory: FileId, { name, cookie }: DirectoryEntry): void {
    if (isPlain(name as Name)) return;
    const folded = foldName(name as Name);
    const first = this.#first(directory, folded);
    assert(first !== undefined, `directory ${directory}: a name without its folded row`);
    if (first.cookie !== cookie) {
      this.#staged.put(this.#keys.foldedOther(directory, folded, cookie), undefined);
      this.#putFirst(directory, folded, { ...first, others: first.others - 1 });
      return;
    }
    if (first.others === 0) {
      this.#staged.put(this.#keys.folded(directory, folded), undefined);
      return;
    }
    const [next] = this.#others(directory, folded, 1);
    assert(next !== undefined, `directory ${directory}: fewer names fold alike than are counted`);
    this.#staged.put(this.#keys.foldedOther(directory, folded, next.cookie), undefined);
    this.#putFirst(directory, folded, { ...next, others: first.others - 1 });
  }

  #first(directory: FileId, folded: string): FoldedRow | undefined {
    const row = this.#staged.get(this.#keys.folded(directory, folded));
    return row === undefined ? undefined : decodeFoldedRow(row);
  }

  #putFirst(directory: FileId, folded: string, row: FoldedRow): void {
    this.#staged.put(this.#keys.folded(directory, folded), encodeFoldedRow(row));
  }

  *#others(
    directory: FileId,
    folded: string,
    count: number,
  ): Iterable<{ readonly cookie: number; readonly name: Name }> {
    const to = this.#keys.foldedOther(directory, folded, Number.MAX_SAFE_INTEGER);
    let from = this.#keys.foldedOther(directory, folded, 0);
    for (let left = count; left > 0; ) {
      const rows = this.#staged.range(from, to, Math.min(left, PAGE_SIZE));
      for (const { key, value } of rows) {
        yield { cookie: cookieOfKey(key), name: value.toString('latin1') as Name };
      }
      const last = rows.at(-1);
      if (last === undefined) return;
      left -= rows.length;
      from = `${last.key}\0`;
    }
  }
}
