/** Ends an open: locks, oplock and place in the tables go, and the file, if it was to go with its last open. */
import type { ServedVolume, Transaction } from '#core/group/group.ts';
import { ok } from '#core/result.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import type { FileId } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import { release } from '#core/volume/operations/release.ts';
import { remove } from '#core/volume/operations/remove.ts';
import { removeDirectory } from '#core/volume/operations/remove-directory.ts';
import { removeStream } from '#core/volume/operations/remove-stream.ts';
import type { FileOpen, Open, OpenPlace } from '../open.ts';
import type { Scene } from '../scene.ts';
import { type Transact, transactOf } from '../transact.ts';

/** CLOSE, and every other end but a lost connection of a durable open (§3.3.4.17, §3.3.5.10). */
export function closeOpen(scene: Scene, open: Open, transact: Transact): void {
  forget(scene, open);
  if (open.kind === 'pipe') {
    open.pipe.close();
    return;
  }
  if (open.isDurable) scene.durables.revoke(open.held);
  const closed = scene.opens.close(open.held);
  const { content, file, stream, place } = open;
  settle(scene, open.volume, { content, file, stream, place, removes: closed.removes }, transact);
}

/** The connection, session or tree of these opens is gone: durable ones wait for their client, if `keeps` (§3.3.7.1). */
export function endOpens(scene: Scene, opens: readonly Open[], keeps: boolean): void {
  const transact = transactOf(scene);
  for (const open of opens) {
    if (keeps && open.kind === 'file' && survives(scene, open)) disconnectOpen(scene, open);
    else closeOpen(scene, open, transact);
  }
}

function survives(scene: Scene, open: FileOpen): boolean {
  return open.isDurable && scene.opens.survives(open.held);
}

function disconnectOpen(scene: Scene, open: FileOpen): void {
  forget(scene, open);
  const info = scene.durables.infoOf(open.held);
  scene.opens.disconnect(open.held, info?.timeoutMs ?? 0);
}

function forget(scene: Scene, open: Open): void {
  open.isClosed = true;
  scene.table.remove(open);
  for (const end of [...open.atClose]) end();
  open.atClose.clear();
}

/** What an ended open leaves to do to the tree. */
export interface Left {
  readonly content: FileId;
  readonly file: FileId;
  readonly stream: string;
  readonly place: OpenPlace;
  readonly removes: boolean;
}

/** Removes what was delete-pending, releases what had lost its name; and tells what durable opens became. */
export function settle(scene: Scene, volume: ServedVolume, left: Left, transact: Transact): void {
  const releases = isReleased(scene, volume, left);
  if (!left.removes && !releases && !scene.durables.isDirty) return;
  transact((transaction) => {
    if (left.removes) removeLeft(transaction, volume, left);
    if (isReleased(scene, volume, left)) {
      transaction.change(release, volume, ROOT_CALLER, { file: left.file });
    }
    if (scene.durables.isDirty) scene.durables.flush(transaction);
    return ok(undefined);
  });
}

/** It has no name any more, and nobody has it or one of its streams open. */
function isReleased(scene: Scene, volume: ServedVolume, { file }: Left): boolean {
  const inode = volume.tree.inode(file);
  if (inode === undefined || inode.nlink !== 0) return false;
  const id = volume.record.id;
  if (scene.opens.hasOpens({ volume: id, file })) return false;
  return !volume.tree.streams(file).some((stream) => {
    return scene.opens.hasOpens({ volume: id, file: stream.id });
  });
}

/** A folder that is not empty any more, or a name that means something else by now, stays. */
function removeLeft(transaction: Transaction, volume: ServedVolume, left: Left): void {
  const { tree } = volume;
  if (left.stream !== '') {
    const entry = tree.stream(left.file, left.stream as Name);
    if (entry?.id !== left.content) return;
    transaction.change(removeStream, volume, ROOT_CALLER, { file: left.file, name: entry.name });
    return;
  }
  const entry = tree.child(left.place.directory, left.place.name);
  if (entry?.id !== left.file) return;
  if (tree.inode(left.file)?.kind === 'directory') {
    transaction.change(removeDirectory, volume, ROOT_CALLER, left.place);
  } else {
    transaction.change(remove, volume, ROOT_CALLER, left.place);
  }
}
