/**
 * Content whose file has no name: because its last one was taken away while it is in use, or because the entry that
 * names it is not committed yet. Kept in `.understudy/unnamed/`, by file id.
 *
 * While a log is replayed, content can also come for a file that later calls have moved or removed already. It is
 * kept here too, with a note of what was written, and brought to the file when a mirror call finds that. The note is in a
 * file beside it, because the process may end once more before that.
 */
import {
  appendFileSync,
  ftruncateSync,
  readdirSync,
  readFileSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import type { FileId } from '#core/vfs/inode.ts';
import { bytesOf, type Layout } from './layout.ts';
import { codeOf } from './status.ts';

/** What was done to content kept here: a write, or with `offset` undefined a truncation to `size`. */
export interface Step {
  readonly offset: number | undefined;
  readonly size: number;
}

const COPY_SIZE = 1024 * 1024;

/** Bytes of a step in the note: two numbers, the first -1 for a truncation. */
const STEP_SIZE = 16;
/** Behind the name of the content. */
const NOTE = '.note';

export class Unnamed {
  readonly #layout: Layout;
  readonly #files = new Map<FileId, Step[]>();

  constructor(layout: Layout) {
    this.#layout = layout;
    const names = new Set(readdirSync(layout.folder('unnamed')));
    for (const name of names) {
      const file = Number.parseInt(name, 16) as FileId;
      if (!name.endsWith(NOTE)) this.#files.set(file, this.#readNote(file));
      else if (!names.has(name.slice(0, -NOTE.length))) unlink(layout.in('unnamed', name));
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

  /** After the step was done. */
  note(file: FileId, step: Step): void {
    const steps = this.#files.get(file);
    if (steps === undefined) return;
    steps.push(step);
    const bytes = Buffer.alloc(STEP_SIZE);
    bytes.writeDoubleBE(step.offset ?? -1, 0);
    bytes.writeDoubleBE(step.size, 8);
    appendFileSync(bytesOf(this.path(file) + NOTE), bytes, { mode: 0o600 });
  }

  /** Whether it came while a log was replayed. */
  isReplayed(file: FileId): boolean {
    return (this.#files.get(file)?.length ?? 0) > 0;
  }

  /** The object got a name. */
  forget(file: FileId): void {
    if (this.isReplayed(file)) unlink(this.path(file) + NOTE);
    this.#files.delete(file);
  }

  remove(file: FileId): void {
    if (!this.has(file)) return;
    // Without its content a note is nothing; content without its note would be taken for the whole file.
    unlink(this.path(file));
    this.forget(file);
  }

  #readNote(file: FileId): Step[] {
    const bytes = read(this.path(file) + NOTE);
    const steps: Step[] = [];
    for (let at = 0; at + STEP_SIZE <= bytes.length; at += STEP_SIZE) {
      const offset = bytes.readDoubleBE(at);
      steps.push({ offset: offset < 0 ? undefined : offset, size: bytes.readDoubleBE(at + 8) });
    }
    return steps;
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

function read(path: string): Buffer {
  try {
    return readFileSync(bytesOf(path));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return Buffer.alloc(0);
  }
}

function unlink(path: string): void {
  try {
    unlinkSync(bytesOf(path));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
