/**
 * One process at a time uses a state directory.
 *
 * `flock` belongs to the open file, so the kernel lifts it with the process, however that ends; the number in the file
 * is for the sentence only.
 */
import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { libc } from './libc.ts';

const LOCK_EX = 2;
const LOCK_NB = 4;

const flock = libc('int flock(int, int)');

export interface Lock {
  release(): void;
}

export function lockFolder(folder: string): Lock {
  const path = join(folder, 'lock');
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
    const holder = readFileSync(path, 'utf8').trim();
    closeSync(fd);
    throw new Error(
      `${folder}: in use by process ${holder || '(unknown)'}; stop that one, or give this one a state directory of its own`,
    );
  }
  ftruncateSync(fd, 0);
  writeSync(fd, `${process.pid}\n`, 0);
  return { release: () => closeSync(fd) };
}
