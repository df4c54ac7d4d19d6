/** FileDispositionInformation: the file goes with its last open, or does not any more ([MS-FSA] §2.1.5.15.3). */
import { DOS_READONLY } from '#core/vfs/inode.ts';
import { DELETE } from '../access.ts';
import type { Outcome, SmbCall } from '../command.ts';
import type { SetOutcome } from '../commands/set-info.ts';
import { breakOthers } from '../create/break-others.ts';
import { flushDurables } from '../create/durable.ts';
import type { FileOpen } from '../open.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_CANNOT_DELETE,
  STATUS_DELETE_PENDING,
  STATUS_DIRECTORY_NOT_EMPTY,
  STATUS_FILE_CLOSED,
} from '../status.ts';
import { DONE } from './changed.ts';

export function setDisposition(call: SmbCall, open: FileOpen, data: Buffer): SetOutcome {
  if ((open.granted & DELETE) === 0) return { status: STATUS_ACCESS_DENIED };
  const deletes = data.readUInt8(0) !== 0;
  if (!deletes) return mark(call, open, false);
  const refusal = refuseRemoval(open);
  if (refusal !== undefined) return { status: refusal };
  return breakOthers(call, open, 'unlink', () => {
    // It may have been filled while others gave way.
    const late = refuseRemoval(open);
    return late === undefined ? mark(call, open, true) : { status: late };
  });
}

function refuseRemoval(open: FileOpen): number | undefined {
  const { tree } = open.volume;
  const inode = tree.inode(open.file);
  if (inode === undefined) return STATUS_FILE_CLOSED;
  if ((inode.dos & DOS_READONLY) !== 0) return STATUS_CANNOT_DELETE;
  if (!open.isDirectory) return undefined;
  if (inode.id === open.share.root) return STATUS_ACCESS_DENIED;
  const isEmpty = tree.entriesAfter(inode.id, 0, 1).length === 0;
  return isEmpty ? undefined : STATUS_DIRECTORY_NOT_EMPTY;
}

function mark(call: SmbCall, open: FileOpen, isPending: boolean): Outcome<null> {
  const volume = open.volume.record.id;
  call.scene.opens.setDeletePending({ volume, file: open.content }, isPending);
  // A client that was told must find it so on whatever box it comes back to.
  flushDurables(call);
  // Nothing more will happen in it.
  if (isPending && open.isDirectory) {
    call.scene.watches.endOf(volume, open.file, STATUS_DELETE_PENDING);
  }
  return DONE;
}
