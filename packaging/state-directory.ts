/** Looks at a state directory before anything in it is touched: what is plainly wrong is said, and nothing is changed. */
import { accessSync, constants, mkdirSync, type Stats, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Bytes that must be free. The store's lock is written through memory, where a full disk is no error but the end of
 * the process; with this much, a start comes as far as the places that can say so.
 */
const FREE_SIZE_MIN = 1024 * 1024;

/** What is in it, if it is there. A name that is something else belongs to somebody else. */
const KINDS: Readonly<Record<string, 'file' | 'folder'>> = {
  'box.toml': 'file',
  'identity.pem': 'file',
  boot: 'file',
  lock: 'file',
  catalog: 'file',
  'catalog-lock': 'file',
  'catalog-point': 'file',
  mirrored: 'file',
  log: 'folder',
  register: 'folder',
};

/** Makes it where it is missing. Throws one sentence. */
export function openDirectory(directory: string): void {
  makeDirectory(directory);
  for (const [name, kind] of Object.entries(KINDS)) {
    const path = join(directory, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || isOf(kind, stats)) continue;
    throw new Error(
      `${path}: is no ${kind}, so ${directory} is not a state directory of this program; name another one with --dir`,
    );
  }
  demandWritable(directory);
  demandRoom(directory);
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new Error(
      `state directory ${directory}: cannot be made (${reason}); name another one with --dir`,
    );
  }
}

function isOf(kind: 'file' | 'folder', stats: Stats): boolean {
  return kind === 'file' ? stats.isFile() : stats.isDirectory();
}

function demandWritable(directory: string): void {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === 'EROFS' ? 'is on a read-only file system' : 'may not be written to';
    throw new Error(
      `state directory ${directory}: ${why}; run this as the user it belongs to, or name another one with --dir`,
    );
  }
}

function demandRoom(directory: string): void {
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  if (free >= FREE_SIZE_MIN) return;
  const [left, needed] = [free, FREE_SIZE_MIN].map((size) => `${Math.floor(size / 1024)} KiB`);
  throw new Error(
    `state directory ${directory}: the disk is full (${left} free, a start needs ${needed}); make room`,
  );
}
