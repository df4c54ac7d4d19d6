/** Files that were kept without a name for those who had them open, and that nobody has open any more. */
import { ROOT_CALLER } from '../vfs/caller.ts';
import type { FileId } from '../vfs/inode.ts';
import { release } from '../volume/operations.ts';
import type { Group, ServedVolume } from './group.ts';

/** Releases of one turn: each is an entry, and each may take a file of many streams away. */
const RELEASES_MAX = 64;

type Releasing = Pick<Group, 'volumes' | 'begin' | 'seal' | 'abandon' | 'accepting'>;

/**
 * Releases what nobody has open, at most RELEASES_MAX files; for whoever is told of a last close, and now and then for what a
 * lost connection, a takeover or an expired durable open has left.
 */
export function releaseOrphans(
  group: Releasing,
  isOpen: (volume: number, file: FileId) => boolean,
): void {
  let left = RELEASES_MAX;
  for (const volume of group.volumes()) {
    for (const file of volume.tree.orphans()) {
      if (left === 0 || !group.accepting) return;
      if (!releaseOrphan(group, volume, file, isOpen)) continue;
      left -= 1;
    }
  }
}

/** False where somebody has it or a stream of it open, or it has a name. */
function releaseOrphan(
  group: Releasing,
  volume: ServedVolume,
  file: FileId,
  isOpen: (volume: number, file: FileId) => boolean,
): boolean {
  const { id } = volume.record;
  if (isOpen(id, file)) return false;
  if (volume.tree.streams(file).some((stream) => isOpen(id, stream.id))) return false;
  const released = group.begin().change(release, volume, ROOT_CALLER, { file });
  if (released.ok) group.seal(undefined);
  else group.abandon();
  return released.ok;
}
