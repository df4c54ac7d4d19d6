/** File systems of a few megabytes, so that a test can fill one. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly path: string;
  remove(): void;
}

/** A file system of its own, in memory; `undefined` where it may not be mounted. */
export function smallDisk(size: number): SmallDisk | undefined {
  const path = mkdtempSync(join(tmpdir(), 'understudy-disk-'));
  try {
    const options = ['-t', 'tmpfs', '-o', `size=${size}`, 'understudy-test', path];
    execFileSync('mount', options, { stdio: 'ignore' });
  } catch {
    rmSync(path, { recursive: true });
    return undefined;
  }
  const remove = (): void => {
    execFileSync('umount', [path], { stdio: 'ignore' });
    rmSync(path, { recursive: true });
  };
  return { path, remove };
}
