/** What the file system under the volume can hold: tried out once, when the volume is opened. */
import { closeSync, ftruncateSync, openSync, symlinkSync, unlinkSync } from 'node:fs';
import { SYMLINK_SIZE_MAX } from '#core/limits.ts';
import { NAME_SIZE_MAX } from '#core/vfs/name.ts';
import type { VolumeLimits } from '#core/volume/backend.ts';
import { bytesOf, type Layout } from './layout.ts';
import { codeOf } from './status.ts';

/** Bytes; largest first: anything we can count, ext4 with 4 KiB pages, ext4 with 1 KiB blocks, FAT. */
const FILE_SIZES = [2 ** 53 - 4096, 2 ** 44 - 4096, 2 ** 34, 2 ** 32 - 1] as const;
/** Bytes; Linux, XFS, ext4 with 1 KiB blocks. */
const SYMLINK_SIZES = [SYMLINK_SIZE_MAX, 1023, 255] as const;
/** ext4's bound, the lowest of the local file systems that have hard links. */
const LINKS_MAX = 65_000;

export function limitsOf(layout: Layout): VolumeLimits {
  return {
    nameSizeMax: NAME_SIZE_MAX,
    fileSizeMax: fileSizeMax(layout),
    symlinkSizeMax: symlinkSizeMax(layout),
    linksMax: LINKS_MAX,
  };
}

function fileSizeMax(layout: Layout): number {
  const path = bytesOf(layout.in('reserved', 'probe'));
  const fd = openSync(path, 'w', 0o600);
  try {
    unlinkSync(path);
    return FILE_SIZES.find((size) => isTaken(() => ftruncateSync(fd, size))) ?? 2 ** 31 - 1;
  } finally {
    closeSync(fd);
  }
}

function symlinkSizeMax(layout: Layout): number {
  const path = bytesOf(layout.in('reserved', 'probe-link'));
  isTaken(() => unlinkSync(path));
  for (const size of SYMLINK_SIZES) {
    try {
      symlinkSync('x'.repeat(size), path);
      unlinkSync(path);
      return size;
    } catch (error) {
      // A full disk says nothing about lengths.
      if (codeOf(error) !== 'ENAMETOOLONG') return size;
    }
  }
  return 0;
}

function isTaken(attempt: () => void): boolean {
  try {
    attempt();
    return true;
  } catch (error) {
    if (codeOf(error) === '') throw error;
    return false;
  }
}
