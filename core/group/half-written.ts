/**
 * What this box wrote for entries that never came to be in its log, and that nobody may have but it: the process ended in
 * between. Where it serves, the bytes become entries as they stand, so that every box has the same, and whoever has
 * the file cached hears of a change. The calls were never answered: a client sends them again, or gave up with them.
 */
import { IO_SIZE_MAX } from '../limits.ts';
import { ROOT_CALLER } from '../vfs/caller.ts';
import { type FileId, hasContent } from '../vfs/inode.ts';
import { SET_NOTHING } from '../vfs/set-attributes.ts';
import { setAttributes, write } from '../volume/operations.ts';
import type { Volume } from '../volume/volume.ts';
import type { Group } from './group.ts';
import type { Extent } from './state-machine.ts';

type Entering = Pick<Group, 'begin' | 'seal'>;

/** False where there is no room for it now. */
export function enterHalfWritten(group: Entering, volume: Volume, extent: Extent): boolean {
  const file = extent.file as FileId;
  const inode = volume.catalog.inode(file);
  if (inode === undefined || !hasContent(inode.kind)) return true;
  const end = Math.min(extent.offset + extent.size, inode.size);
  let at = extent.offset;
  while (at < end) {
    const piece = Buffer.alloc(Math.min(IO_SIZE_MAX, end - at));
    const count = volume.backend.readNow(file, at, piece);
    if (count > 0 && !enterBytes(group, volume, file, at, piece.subarray(0, count))) return false;
    at += count;
    if (count < piece.length) break;
  }
  // Cut, and what came before may have been longer: what is behind is zeros from now on.
  if (at < end)
    return enterSize(group, volume, file, at) && enterSize(group, volume, file, inode.size);
  // Bytes behind the end of the file would come to light when it grows.
  volume.backend.truncate(file, inode.size);
  return true;
}

function enterBytes(
  group: Entering,
  volume: Volume,
  file: FileId,
  offset: number,
  data: Buffer,
): boolean {
  const args = { file, offset, size: data.length };
  const isDone = group.begin().change(write, volume, ROOT_CALLER, args, { data, stable: true }).ok;
  group.seal(undefined);
  return isDone;
}

function enterSize(group: Entering, volume: Volume, file: FileId, size: number): boolean {
  const args = { file, set: { ...SET_NOTHING, size }, guard: undefined };
  const isDone = group.begin().change(setAttributes, volume, ROOT_CALLER, args).ok;
  group.seal(undefined);
  return isDone;
}
