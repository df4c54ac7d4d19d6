/**
 * Objects that have no name: because the last one was taken away while they are in use, or because the entry that gives
 * them one is not committed yet. Kept in `.understudy/unnamed/`, by file id.
 */
import { readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import type { FileId } from '#core/vfs/inode.ts';
import { bytesOf, type Layout } from './layout.ts';
import { codeOf } from './status.ts';
import type { Strangers } from './strangers.ts';

export class Unnamed {
  readonly #layout: Layout;
  readonly #strangers: Strangers;
  readonly #files: Set<FileId>;

  constructor(layout: Layout, strangers: Strangers) {
    this.#layout = layout;
    this.#strangers = strangers;
    const names = readdirSync(bytesOf(layout.folder('unnamed')), 'latin1');
    this.#files = new Set(names.map((name) => Number.parseInt(name, 16) as FileId));
  }

  files(): readonly FileId[] {
    return [...this.#files];
  }

  has(file: FileId): boolean {
    return this.#files.has(file);
  }

  /** Byte string. */
  path(file: FileId): string {
    return this.#layout.in('unnamed', file.toString(16));
  }

  add(file: FileId): void {
    this.#files.add(file);
  }

  /** The object got a name. */
  forget(file: FileId): void {
    this.#files.delete(file);
  }

  /** The object goes; what others put into a directory stays, set aside. */
  remove(file: FileId): void {
    if (!this.has(file)) return;
    const path = this.path(file);
    try {
      unlinkSync(bytesOf(path));
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EISDIR') this.#removeDirectory(path);
      else if (code !== 'ENOENT') throw error;
    }
    this.forget(file);
  }

  #removeDirectory(path: string): void {
    this.#strangers.setAsideAllIn(path);
    rmdirSync(bytesOf(path));
  }
}
