/**
 * What a replayed call took from the tree, kept until the replay is over: a name that was removed in the log may stand for
 * another object by now, one that a later call had moved there. Kept by inode number, so that the later call finds it.
 */
import { readdirSync, renameSync, rmSync, type Stats, unlinkSync } from 'node:fs';
import { bytesOf, type Layout } from './layout.ts';
import { statAt } from './nodes.ts';
import type { Strangers } from './strangers.ts';

/** Behind the inode number of what may not be thrown away at the end. */
const UNSURE = '.unsure';

export class Doubt {
  readonly #layout: Layout;
  readonly #strangers: Strangers;

  constructor(layout: Layout, strangers: Strangers) {
    this.#layout = layout;
    this.#strangers = strangers;
  }

  /** `isSure`: the object is known to be the one that the log removes. */
  keep(path: string, stat: Stats, isSure: boolean): void {
    const target = this.#layout.in('doubt', `${stat.ino}${isSure ? '' : UNSURE}`);
    // Another link of the same object is there: rename(2) would do nothing.
    if (statAt(target) !== undefined) unlinkSync(bytesOf(path));
    else renameSync(bytesOf(path), bytesOf(target));
  }

  /** Where the object is, if it was kept. */
  find(inode: number): string | undefined {
    const paths = ['', UNSURE].map((end) => this.#layout.in('doubt', `${inode}${end}`));
    return paths.find((path) => statAt(path) !== undefined);
  }

  /** Every object kept, also inside of directories: path by inode number. */
  inodes(): ReadonlyMap<number, string> {
    const found = new Map<number, string>();
    const walk = (directory: string): void => {
      for (const name of readdirSync(bytesOf(directory), 'latin1')) {
        const path = `${directory}/${name}`;
        const stat = statAt(path);
        if (stat !== undefined) found.set(stat.ino, path);
        if (stat?.isDirectory() === true) walk(path);
      }
    };
    walk(this.#layout.folder('doubt'));
    return found;
  }

  /** The replay is over: what is left was removed, or is nobody's. */
  end(): void {
    for (const name of readdirSync(bytesOf(this.#layout.folder('doubt')), { encoding: 'latin1' })) {
      const path = this.#layout.in('doubt', name);
      if (name.endsWith(UNSURE)) this.#strangers.setAside(path);
      else rmSync(bytesOf(path), { recursive: true, force: true });
    }
  }
}
