/** What an ended open leaves to do to the tree: what was delete-pending goes, and what had lost its name. */
import type { ServedVolume, Transaction } from '#core/group/group.ts';
import { ok } from '#core/result.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import { type FileId, HAS_STREAMS } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import { release } from '#core/volume/operations/release.ts';
import { remove } from '#core/volume/operations/remove.ts';
import { removeDirectory } from '#core/volume/operations/remove-directory.ts';
import { removeStream } from '#core/volume/operations/remove-stream.ts';
import type { OpenPlace } from '../open.ts';
import type { Scene } from '../scene.ts';
import type { Transact } from '../transact.ts';

export interface Left {
  readonly volume: ServedVolume;
  /** As those of an open (open.ts). */
  readonly file: FileId;
  readonly content: FileId;
  readonly stream: Name;
  readonly place: OpenPlace;
  /** It was the last open of what was delete-pending. */
  readonly removes: boolean;
}

/** Also tells what became of durable opens. */
export function settle(scene: Scene, left: Left, transact: Transact): void {
  const removesFile = fileGoes(scene, left);
  const removesStream = left.removes && left.stream !== '';
  const removes = removesFile || removesStream;
  if (!removes && !isReleased(scene, left) && !scene.durables.isDirty) return;
  transact((transaction) => {
    if (removesStream) removeStreamOf(transaction, left);
    if (removesFile) removeFile(transaction, left);
    if (isReleased(scene, left)) {
      transaction.change(release, left.volume, ROOT_CALLER, { file: left.file });
    }
    if (scene.durables.isDirty) scene.durables.flush(transaction);
    return ok(undefined);
  });
}

/** It is the file itself that goes now. One with a stream that somebody has open goes when that is closed. */
function fileGoes(scene: Scene, left: Left): boolean {
  const { table } = scene;
  const { volume, file } = left;
  const volumeId = volume.record.id;
  const isDue = (left.removes && left.stream === '') || table.isDoomed(volumeId, file);
  if (!isDue) return false;
  if (isStreamOpen(scene, left)) {
    table.doom(volumeId, file);
    return false;
  }
  table.spare(volumeId, file);
  return true;
}

function isStreamOpen(scene: Scene, { volume, file }: Left): boolean {
  const inode = volume.tree.inode(file);
  if (inode === undefined || (inode.holds & HAS_STREAMS) === 0) return false;
  return volume.tree
    .streams(file)
    .some(({ id }) => scene.opens.hasOpens({ volume: volume.record.id, file: id }));
}

/** It has no name any more, and nobody has it or one of its streams open. */
function isReleased(scene: Scene, left: Left): boolean {
  const { volume, file } = left;
  if (volume.tree.inode(file)?.nlink !== 0) return false;
  return !scene.opens.hasOpens({ volume: volume.record.id, file }) && !isStreamOpen(scene, left);
}

function removeStreamOf(transaction: Transaction, { volume, file, content, stream }: Left): void {
  const entry = volume.tree.stream(file, stream);
  if (entry?.id !== content) return;
  transaction.change(removeStream, volume, ROOT_CALLER, { file, name: entry.name });
}

/** A folder that is not empty any more, or a name that means something else by now, stays. */
function removeFile(transaction: Transaction, { volume, file, place }: Left): void {
  const { tree } = volume;
  if (tree.child(place.directory, place.name)?.id !== file) return;
  const isDirectory = tree.inode(file)?.kind === 'directory';
  if (isDirectory) transaction.change(removeDirectory, volume, ROOT_CALLER, place);
  else transaction.change(remove, volume, ROOT_CALLER, place);
}
