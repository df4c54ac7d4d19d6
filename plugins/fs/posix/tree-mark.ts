/**
 * Up to which entry the tree was told of changes, as the times of a file of ours: a file system that keeps its changes of names
 * in order keeps a file's times in the same order, so that after a power cut the mark is where the tree is.
 *
 *     modification time: the low 31 bits, in seconds        access time: the high 22 bits, in seconds
 *
 * Whoever else touches the file gives it an access time that no position has, and the mark is not believed.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  futimesSync,
  openSync,
  unlinkSync,
} from 'node:fs';
import type { BackendMark } from '#core/volume/backend.ts';
import { bytesOf } from './layout.ts';

const LOW = 2 ** 31;
const HIGH_MAX = 2 ** 22;
/** A position that needs both times, written to find out whether the file system keeps times to the second. */
const PROBE = 3 * LOW + 1;

export class TreeMark implements BackendMark {
  readonly #fd: number;
  #isClosed = false;
  /** What it was when it was opened; `undefined` where nothing is known. */
  readonly before: number | undefined;

  readonly isOrdered: boolean;

  /** `isKnown`: the folder is the one in which the mark was set, and no copy of it. */
  constructor(path: string, options: { readonly isKnown: boolean; readonly isOrdered: boolean }) {
    this.isOrdered = options.isOrdered;
    const isNew = !existsSync(bytesOf(path));
    this.#fd = openSync(bytesOf(path), constants.O_RDWR | constants.O_CREAT, 0o600);
    this.before = isNew || !options.isKnown ? undefined : read(this.#fd);
    if (this.before === undefined) this.set(0);
  }

  set(position: number): void {
    write(this.#fd, position);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.#fd);
  }
}

/** Whether the file system keeps a file's times exactly enough. `path` is free for a trial. */
export function keepsMarks(path: string): boolean {
  const fd = openSync(bytesOf(path), 'w', 0o600);
  try {
    unlinkSync(bytesOf(path));
    write(fd, PROBE);
    return read(fd) === PROBE;
  } finally {
    closeSync(fd);
  }
}

function write(fd: number, position: number): void {
  futimesSync(fd, Math.floor(position / LOW), position % LOW);
}

function read(fd: number): number | undefined {
  const { atimeMs, mtimeMs } = fstatSync(fd);
  const [high, low] = [atimeMs / 1000, mtimeMs / 1000];
  const isMark = Number.isInteger(high) && Number.isInteger(low) && high < HIGH_MAX && low < LOW;
  return isMark ? high * LOW + low : undefined;
}
