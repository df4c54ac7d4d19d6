/** How far an open has listed its folder: by cookies, so that names may come and go meanwhile ([MS-FSA] §2.1.5.6.3). */
import { foldText } from '#core/vfs/fold.ts';
import type { FileId, Inode } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import type { Tree } from '#core/volume/operation.ts';
import { smbName, smbText } from '../names.ts';
import { hasWildcard, matches } from './pattern.ts';

/** Names read from the tree at once. */
const PAGE_SIZE = 256;
/** `.` and `..` stand before all cookies, which begin at 3 (core/vfs/inode.ts). */
const SELF_COOKIE = 1;
const PARENT_COOKIE = 2;
const LAST_COOKIE = Number.MAX_SAFE_INTEGER;

export interface Candidate {
  readonly name: string;
  readonly inode: Inode;
  readonly cookie: number;
}

export class Enumeration {
  /** As the client spells it. */
  readonly pattern: string;
  readonly #folded: string;
  /** Of the last name that was told. */
  #cookie = 0;
  /** Nothing was told yet: an end now is "no such file". */
  isFresh = true;

  /** @param pattern As the client spells it, not empty. */
  constructor(pattern: string) {
    this.pattern = pattern;
    this.#folded = foldText(pattern);
  }

  told(candidate: Candidate): void {
    this.#cookie = candidate.cookie;
    this.isFresh = false;
  }

  /** Names that match, from where the last answer ended. @param root Of the share: above it is nothing. */
  *candidates(tree: Tree, directory: Inode, root: FileId): Iterable<Candidate> {
    if (!hasWildcard(this.pattern)) {
      yield* this.#exact(tree, directory);
      return;
    }
    yield* this.#dots(tree, directory, root);
    for (;;) {
      const page = tree.entriesAfter(
        directory.id,
        Math.max(PARENT_COOKIE, this.#cookie),
        PAGE_SIZE,
      );
      for (const entry of page) {
        const name = smbText(entry.name as Name);
        if (matches(this.#folded, foldText(name))) {
          const inode = tree.inode(entry.id);
          if (inode !== undefined) yield { name, inode, cookie: entry.cookie };
        }
        // Not to be looked at again, whether it matched or not.
        this.#cookie = Math.max(this.#cookie, entry.cookie);
      }
      if (page.length < PAGE_SIZE) return;
    }
  }

  /** Goes back before a name that was not told for want of room. */
  untold(candidate: Candidate): void {
    this.#cookie = candidate.cookie - 1;
  }

  *#dots(tree: Tree, directory: Inode, root: FileId): Iterable<Candidate> {
    if (this.#cookie < SELF_COOKIE && matches(this.#folded, '.')) {
      yield { name: '.', inode: directory, cookie: SELF_COOKIE };
    }
    const above = directory.id === root ? directory : tree.inode(directory.parent);
    if (this.#cookie < PARENT_COOKIE && above !== undefined && matches(this.#folded, '..')) {
      yield { name: '..', inode: above, cookie: PARENT_COOKIE };
    }
  }

  *#exact(tree: Tree, directory: Inode): Iterable<Candidate> {
    if (this.#cookie !== 0) return;
    const entry = tree.childFolded(directory.id, smbName(this.pattern));
    const inode = entry && tree.inode(entry.id);
    if (entry === undefined || inode === undefined) return;
    yield { name: smbText(entry.name as Name), inode, cookie: LAST_COOKIE };
  }
}
