/** Opens what is there ([MS-FSA] §2.1.5.1.2). */
import type { ServedVolume } from '#core/group/group.ts';
import type { HeldOpen } from '#core/opens/types.ts';
import { ok, type Result } from '#core/result.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import { DOS_MASK, DOS_SPARSE, type FileId, HAS_STREAMS, type Inode } from '#core/vfs/inode.ts';
import type { FsError } from '#core/vfs/status.ts';
import { removeStream } from '#core/volume/operations/remove-stream.ts';
import { setAttributes } from '#core/volume/operations/set-attributes.ts';
import { ACCESS_SYSTEM_SECURITY, DELETE, FILE_SHARE_DELETE, FILE_WRITE_DATA } from '../access.ts';
import type { SmbCall } from '../command.ts';
import {
  attributesOf,
  FILE_ATTRIBUTE_ARCHIVE,
  FILE_ATTRIBUTE_HIDDEN,
  FILE_ATTRIBUTE_READONLY,
  FILE_ATTRIBUTE_SYSTEM,
} from '../info/attributes.ts';
import {
  ntStatus,
  STATUS_ACCESS_DENIED,
  STATUS_CANNOT_DELETE,
  STATUS_DELETE_PENDING,
  STATUS_DIRECTORY_NOT_EMPTY,
  STATUS_FILE_IS_A_DIRECTORY,
  STATUS_PRIVILEGE_NOT_HELD,
  STATUS_SHARING_VIOLATION,
} from '../status.ts';
import { admit } from './admit.ts';
import { grantRequest } from './grant-request.ts';
import { holderOf } from './holder.ts';
import {
  FILE_DELETE_ON_CLOSE,
  FILE_OPENED,
  FILE_OVERWRITE,
  FILE_OVERWRITE_IF,
  FILE_OVERWRITTEN,
  FILE_SUPERSEDE,
  FILE_SUPERSEDED,
} from './options.ts';
import { grantedAccess, maximalAccess } from './rights.ts';
import { type Attempt, heldOr, refused, type Step } from './step.ts';
import type { Target } from './target.ts';

/** Streams removed in one entry: as many names as its body has room for. */
const STREAMS_AT_ONCE = 64;

export function openExisting(trial: Attempt, target: Target): Step {
  const { call, share, request } = trial;
  const { inode, content, directory, isDirectory } = target as Target & {
    readonly inode: Inode;
    readonly content: Inode;
  };
  const refusal = refuseDisposition(trial, target, inode);
  if (refusal !== undefined) return refused(refusal);
  const overwrites = isOverwrite(request.disposition);
  const maximal = maximalAccess(call, share, directory, inode);
  const granted = grantedAccess(request.desiredAccess, maximal, isDirectory ? 0 : inode.dos);
  if (granted === undefined) return refused(STATUS_ACCESS_DENIED);
  if (overwrites && (maximal & FILE_WRITE_DATA) === 0) return refused(STATUS_ACCESS_DENIED);
  const deletes = (request.options & FILE_DELETE_ON_CLOSE) !== 0;
  if (deletes) {
    const reason = refuseDeletion(trial, target, inode, granted);
    if (reason !== undefined) return refused(reason);
  }
  const volume = share.volume.record.id;
  if (isGoing(call, volume, inode, content)) return refused(STATUS_DELETE_PENDING);
  if ((granted & DELETE) !== 0 && content === inode && keepsStream(trial, inode)) {
    return refused(STATUS_SHARING_VIOLATION);
  }
  const answer = heldOr(
    call.scene.opens.open({
      volume,
      file: content.id,
      holder: holderOf(call, trial.id),
      clientGuid: call.connection.clientGuid,
      access: granted,
      share: request.shareAccess,
      overwrites,
      deleteOnClose: deletes,
      isDirectory,
      created: false,
      grant: grantRequest(call, request, isDirectory),
      again: trial.again,
    }),
  );
  if ('step' in answer) return answer.step;
  call.see(inode);
  if (content !== inode) call.see(content);
  if (overwrites) {
    const done = overwrite(trial, target, inode, content);
    if (!done.ok) return giveUp(trial, answer.held, ntStatus[done.error]);
  }
  const action = overwrites ? actionOf(request.disposition) : FILE_OPENED;
  return admit(trial, target, {
    held: answer.held,
    file: inode.id,
    content: content.id,
    granted,
    maximal,
    action,
  });
}

/** A stream goes with its file, and a file is gone though its streams are still open. */
function isGoing(call: SmbCall, volume: number, inode: Inode, content: Inode): boolean {
  const { opens, table } = call.scene;
  if (table.isDoomed(volume, inode.id)) return true;
  return content !== inode && opens.isDeletePending({ volume, file: inode.id });
}

/** Somebody has a stream of the file open and lets nobody delete it: then the file cannot be deleted either. */
function keepsStream({ call, share }: Attempt, inode: Inode): boolean {
  const { tree, record } = share.volume;
  if ((inode.holds & HAS_STREAMS) === 0) return false;
  return tree
    .streams(inode.id)
    .some(({ id }) =>
      call.scene.opens
        .opensOf({ volume: record.id, file: id })
        .some((open) => (open.share & FILE_SHARE_DELETE) === 0),
    );
}

function giveUp({ call }: Attempt, held: HeldOpen, status: number): Step {
  call.scene.opens.close(held);
  return refused(status);
}

function isOverwrite(disposition: number): boolean {
  return (
    disposition === FILE_SUPERSEDE ||
    disposition === FILE_OVERWRITE ||
    disposition === FILE_OVERWRITE_IF
  );
}

function actionOf(disposition: number): number {
  return disposition === FILE_SUPERSEDE ? FILE_SUPERSEDED : FILE_OVERWRITTEN;
}

const HIDDEN_OR_SYSTEM = FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM;

function refuseDisposition(trial: Attempt, target: Target, inode: Inode): number | undefined {
  const { disposition, attributes, desiredAccess } = trial.request;
  if ((desiredAccess & ACCESS_SYSTEM_SECURITY) !== 0 && trial.call.caller.uid !== 0) {
    return STATUS_PRIVILEGE_NOT_HELD;
  }
  if (!isOverwrite(disposition)) return undefined;
  if (target.isDirectory) return STATUS_FILE_IS_A_DIRECTORY;
  if (trial.share.readOnly) return STATUS_ACCESS_DENIED;
  const has = attributesOf(inode);
  if ((has & FILE_ATTRIBUTE_READONLY) !== 0) return STATUS_ACCESS_DENIED;
  // What is hidden or of the system is overwritten only by who knows it.
  const unknown = target.stream === '' ? has & HIDDEN_OR_SYSTEM & ~attributes : 0;
  return unknown === 0 ? undefined : STATUS_ACCESS_DENIED;
}

/** FILE_DELETE_ON_CLOSE ([MS-FSA] §2.1.5.1.2). */
function refuseDeletion(
  trial: Attempt,
  target: Target,
  inode: Inode,
  granted: number,
): number | undefined {
  if ((inode.dos & FILE_ATTRIBUTE_READONLY) !== 0) return STATUS_CANNOT_DELETE;
  if ((granted & DELETE) === 0 || inode.id === trial.share.root) return STATUS_ACCESS_DENIED;
  if (!target.isDirectory) return undefined;
  const isEmpty = trial.share.volume.tree.entriesAfter(inode.id, 0, 1).length === 0;
  return isEmpty ? undefined : STATUS_DIRECTORY_NOT_EMPTY;
}

/** The content goes; of the unnamed stream the attributes are new and the other streams go with it. */
function overwrite(
  trial: Attempt,
  target: Target,
  inode: Inode,
  content: Inode,
): Result<void, FsError> {
  const { call, share, request } = trial;
  const { volume } = share;
  const isNamed = target.stream !== '';
  const dos = (request.attributes & DOS_MASK & ~DOS_SPARSE) | FILE_ATTRIBUTE_ARCHIVE;
  const times = { atime: 'keep', mtime: 'now' } as const;
  const done = call.transact((transaction) => {
    const set = isNamed ? { size: 0, ...times } : { size: 0, dos, ...times };
    const args = { file: content.id, set, guard: undefined, granted: true };
    return transaction.change(setAttributes, volume, call.caller, args);
  });
  if (!done.ok) return done;
  if (!isNamed) removeStreams(call, volume, inode.id);
  return ok(undefined);
}

/** Those that nobody has open; in several entries, for one has room for 255 changes. */
function removeStreams(call: SmbCall, volume: ServedVolume, file: FileId): void {
  const { opens } = call.scene;
  const going = volume.tree
    .streams(file)
    .filter(({ id }) => !opens.hasOpens({ volume: volume.record.id, file: id }));
  for (let at = 0; at < going.length; at += STREAMS_AT_ONCE) {
    call.transact((transaction) => {
      for (const { name } of going.slice(at, at + STREAMS_AT_ONCE)) {
        transaction.change(removeStream, volume, ROOT_CALLER, { file, name });
      }
      return ok(undefined);
    });
  }
}
