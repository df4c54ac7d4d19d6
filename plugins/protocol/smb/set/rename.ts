/** FileRenameInformation: another place for a file, a folder or a stream ([MS-FSA] §2.1.5.15.11, [MS-SMB2] §3.3.5.21.1). */
import { ok } from '#core/result.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import { type Name, nameOfText } from '#core/vfs/name.ts';
import type { Tree } from '#core/volume/operation.ts';
import { remove } from '#core/volume/operations/remove.ts';
import { rename } from '#core/volume/operations/rename.ts';
import { renameStream } from '#core/volume/operations/rename-stream.ts';
import { DELETE } from '../access.ts';
import type { Outcome, SmbCall } from '../command.ts';
import type { SetOutcome } from '../commands/set-info.ts';
import { breakOthers } from '../create/break-others.ts';
import { flushDurables, retell } from '../create/durable.ts';
import { type NewName, readNewName } from '../info/set.ts';
import { parseStream } from '../names.ts';
import type { FileOpen } from '../open.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_FILE_CLOSED,
  STATUS_INVALID_PARAMETER,
  STATUS_OBJECT_NAME_INVALID,
  STATUS_SHARING_VIOLATION,
} from '../status.ts';
import { SmbReader } from '../wire/reader.ts';
import { DONE, told } from './changed.ts';
import { type Target, targetOf } from './target.ts';

export function setRename(call: SmbCall, open: FileOpen, data: Buffer): SetOutcome {
  if ((open.granted & DELETE) === 0) return { status: STATUS_ACCESS_DENIED };
  const asked = readNewName(new SmbReader(data));
  if (asked.name === '') return { status: STATUS_OBJECT_NAME_INVALID };
  if (asked.name.startsWith(':')) {
    return breakOthers(call, open, 'rename', () => moveStream(call, open, asked));
  }
  if (open.stream !== '') return { status: STATUS_INVALID_PARAMETER };
  if (open.file === open.share.root) return { status: STATUS_ACCESS_DENIED };
  const early = targetOf(call, open, asked);
  if (!early.ok) return { status: early.error };
  return breakOthers(call, open, 'rename', () => {
    // Others may have changed something while they gave way.
    const target = targetOf(call, open, asked);
    return target.ok ? move(call, open, target.value) : { status: target.error };
  });
}

function move(call: SmbCall, open: FileOpen, target: Target): Outcome<null> {
  const { tree } = open.volume;
  const { place } = open;
  const source = tree.child(place.directory, place.name);
  if (source?.id !== open.file) return { status: STATUS_FILE_CLOSED };
  if (target.isOwn && source.name === target.name) return DONE;
  if (open.isDirectory && hasOpenBelow(call, open)) return { status: STATUS_ACCESS_DENIED };
  if (mayGo(call, open, target.directory.id)) return { status: STATUS_SHARING_VIOLATION };
  const to = { directory: target.directory.id, name: target.name };
  const done = call.transact((transaction) => {
    // In another spelling it is no name that a rename replaces by itself.
    const { replaced } = target;
    if (replaced !== undefined && replaced.name !== target.name) {
      const gone = { directory: target.directory.id, name: replaced.name };
      const removed = transaction.change(remove, open.volume, ROOT_CALLER, gone);
      if (!removed.ok) return removed;
    }
    const args = { source: place, target: to };
    const renamed = transaction.change(rename, open.volume, ROOT_CALLER, args);
    return renamed.ok ? ok(undefined) : renamed;
  });
  if (done.ok) followRename(call, open, to);
  flushDurables(call);
  return told(done);
}

/** Somebody has the folder open to delete it: nothing may be put into it then. */
function mayGo({ scene }: SmbCall, { volume }: FileOpen, directory: FileId): boolean {
  const ref = { volume: volume.record.id, file: directory };
  return scene.opens.opensOf(ref).some(({ access }) => (access & DELETE) !== 0);
}

/** Everybody who has it open by the old name has it by the new one. */
function followRename(
  call: SmbCall,
  { volume, file, place: from }: FileOpen,
  to: { readonly directory: FileId; readonly name: Name },
): void {
  for (const other of call.scene.table.all()) {
    if (other.kind !== 'file' || other.file !== file || other.volume !== volume) continue;
    const { directory, name } = other.place;
    if (directory !== from.directory || name !== from.name) continue;
    other.place = to;
    retell(call.scene, other);
  }
}

/** Whether somebody has something open within the folder. */
function hasOpenBelow(call: SmbCall, open: FileOpen): boolean {
  for (const other of call.scene.table.all()) {
    if (other.kind !== 'file' || other.volume !== open.volume || other === open) continue;
    if (other.file === open.file) continue;
    if (isWithin(open.volume.tree, other.place.directory, open.file)) return true;
  }
  return false;
}

function isWithin(tree: Tree, directory: FileId, ancestor: FileId): boolean {
  let at = directory;
  while (at !== ancestor) {
    const inode = tree.inode(at);
    if (inode === undefined || at === ROOT_ID) return false;
    at = inode.parent;
  }
  return true;
}

/** A named stream gets another name; the unnamed one has none to give away. */
function moveStream(call: SmbCall, open: FileOpen, asked: NewName): Outcome<null> {
  const target = parseStream(asked.name.slice(1));
  if (!target.ok) return { status: target.error };
  if (open.stream === '' || target.value.name === '') return { status: STATUS_INVALID_PARAMETER };
  const args = {
    file: open.file,
    name: open.stream,
    target: nameOfText(target.value.name),
    replaces: asked.replaces,
  };
  const done = call.transact((transaction) =>
    transaction.change(renameStream, open.volume, ROOT_CALLER, args),
  );
  if (done.ok) {
    for (const other of call.scene.table.all()) {
      if (other.kind === 'file' && other.content === open.content && other.volume === open.volume) {
        other.stream = nameOfText(target.value.name);
      }
    }
  }
  return told(done);
}
