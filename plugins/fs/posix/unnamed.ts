/**
 * Content whose file has no name: because its last one was taken away while it is in use, or because the entry that
 * names it is not committed yet. Kept in `.understudy/unnamed/`, by file id.
 *
 * While a log is replayed, content can also come for a file that later calls have moved or removed already. It is
 * kept here too, with a note of what was written, and brought to the file when a mirror call finds that.
 */
import { ftruncateSync, readdirSync, readSync, unlinkSync, writeSync } from 'node:fs';
import type { FileId } from '#core/vfs/inode.ts';
import { bytesOf, type Layout } from './layout.ts';
import { codeOf } from './status.ts';

/** What was done to content kept here: a write, or with `offset` undefined a truncation to `size`. */
export interface Step {
  readonly offset: number | undefined;
  readonly size: number;
}

const COPY_SIZE = 1024 * 1024;

export class Unnamed {
  readonly #layout: Layout;
  readonly #files = new Map<FileId, Step[]>();

  constructor(layout: Layout) {
    this.#layout = layout;
    for (const name of readdirSync(layout.folder('unnamed'))) {
      this.#files.set(Number.parseInt(name, 16) as FileId, []);
    }
  }

  files(): readonly FileId[] {
    return [...this.#files.keys()];
  }

  has(file: FileId): boolean {
    return this.#files.has(file);
  }

  /** Byte string. */
  path(file: FileId): string {
    return this.#layout.in('unnamed', file.toString(16));
  }

  add(file: FileId): void {
    if (!this.#files.has(file)) this.#files.set(file, []);
  }

  note(file: FileId, step: Step): void {
    this.#files.get(file)?.push(step);
  }

  /** The object got a name. */
  forget(file: FileId): void {
    this.#files.delete(file);
  }

  remove(file: FileId): void {
    if (!this.#files.delete(file)) return;
    try {
      unlinkSync(bytesOf(this.path(file)));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }

  /** Repeats on `target` what was noted for the file whose kept content is open as `source`. */
  repeat(file: FileId, source: number, target: number): void {
    const buffer = Buffer.allocUnsafe(COPY_SIZE);
    for (const { offset, size } of this.#files.get(file) ?? []) {
      if (offset === undefined) {
        ftruncateSync(target, size);
        continue;
      }
      for (let at = offset; at < offset + size; ) {
        const count = readSync(source, buffer, 0, Math.min(COPY_SIZE, offset + size - at), at);
        if (count === 0) break;
        writeSync(target, buffer, 0, count, at);
        at += count;
      }
    }
  }
}
