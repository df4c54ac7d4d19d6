/**
 * Where things are in the volume's folder: the tree that people read, and our own corner `.understudy`.
 *
 *     volume.json   whose folder this is            strangers/  files that others had put where ours belong
 *     reserved/     made, waiting for a name        unnamed/    what has no name (any more, or yet)
 *     own           the client's own `.understudy`, if it makes one
 */
import { closeSync, constants, mkdirSync, openSync } from 'node:fs';

const CORNER = '.understudy';
const FOLDERS = ['strangers', 'reserved', 'unnamed'] as const;
export type Folder = (typeof FOLDERS)[number];

/** Bytes after which a directory's path is replaced by a descriptor's: PATH_MAX is 4096, a name takes 255. */
const PATH_SIZE_MAX = 3500;

export class Layout {
  /** Byte string, no slash at its end. */
  readonly root: string;
  readonly #shortcuts: number[] = [];

  constructor(path: string) {
    this.root = Buffer.from(path, 'utf8').toString('latin1').replace(/\/+$/, '');
  }

  get marker(): string {
    return `${this.root}/${CORNER}/volume.json`;
  }

  get corner(): string {
    return `${this.root}/${CORNER}`;
  }

  inRoot(name: string): string {
    return name === CORNER ? `${this.root}/${CORNER}/own` : `${this.root}/${name}`;
  }

  in(folder: Folder, name: string): string {
    return `${this.root}/${CORNER}/${folder}/${name}`;
  }

  folder(folder: Folder): string {
    return `${this.root}/${CORNER}/${folder}`;
  }

  /** Makes our corner, where it is not there yet. */
  make(): void {
    mkdirSync(bytesOf(this.corner), { recursive: true, mode: 0o700 });
    for (const name of FOLDERS)
      mkdirSync(bytesOf(this.folder(name)), { recursive: true, mode: 0o700 });
  }

  /** A path for the same directory that leaves room for names below it. */
  shorten(path: string): string {
    if (path.length <= PATH_SIZE_MAX) return path;
    const fd = openSync(bytesOf(path), constants.O_RDONLY | constants.O_DIRECTORY);
    this.#shortcuts.push(fd);
    return `/proc/self/fd/${fd}`;
  }

  /** Paths given by `shorten` are no longer used. */
  dropShortcuts(): void {
    for (const fd of this.#shortcuts.splice(0)) closeSync(fd);
  }
}

export function bytesOf(path: string): Buffer {
  return Buffer.from(path, 'latin1');
}

/** With the closing NUL that `Syscalls` wants. */
export function bytesWithNul(path: string): Buffer {
  return Buffer.from(`${path}\0`, 'latin1');
}

/** A path for messages. */
export function textOf(path: string): string {
  return bytesOf(path).toString('utf8');
}

export function hexOf(bytes: string): string {
  return bytesOf(bytes).toString('hex');
}
