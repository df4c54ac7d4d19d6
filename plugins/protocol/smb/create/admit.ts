/** The last step of a CREATE that succeeds: the open stands in the table, is made durable if it may, and is answered. */
import type { HeldOpen } from '#core/opens/types.ts';
import type { FileId, Inode } from '#core/vfs/inode.ts';
import type { SmbCall } from '../command.ts';
import type { GrantedContexts } from '../contexts/granted.ts';
import { allocationOf, attributesOf, endOfFileOf } from '../info/attributes.ts';
import { filetimeOf } from '../info/filetime.ts';
import { noLockSequences } from '../lock-sequence.ts';
import type { FileHandle, FileOpen } from '../open.ts';
import { STATUS_INSUFFICIENT_RESOURCES, STATUS_NONE_MAPPED, STATUS_SUCCESS } from '../status.ts';
import type { DiskShare } from '../tree-connect.ts';
import { makeDurable } from './durable.ts';
import { grantedLease, grantedLevel } from './grant-request.ts';
import { FILE_OPENED, OPTIONS_MODE } from './options.ts';
import type { CreateRequest } from './request.ts';
import type { CreateResponse } from './response.ts';
import { type Attempt, refused, type Step } from './step.ts';
import type { Target } from './target.ts';

export interface Opened {
  readonly held: HeldOpen;
  readonly file: FileId;
  readonly content: FileId;
  readonly granted: number;
  readonly maximal: number;
  /** CreateAction. */
  readonly action: number;
}

export function admit(trial: Attempt, target: Target, opened: Opened): Step {
  const { call, share, request, id } = trial;
  const { held, file, content, action } = opened;
  const reserves = action !== FILE_OPENED && !target.isDirectory;
  const allocation = reserves ? (request.contexts.allocationSize ?? 0) : 0;
  const open: FileOpen = {
    kind: 'file',
    id,
    session: call.session,
    tree: call.tree,
    isClosed: false,
    atClose: new Set(),
    share,
    volume: share.volume,
    held,
    file,
    content,
    stream: target.stream,
    isDirectory: target.isDirectory,
    granted: opened.granted,
    shareAccess: request.shareAccess,
    createOptions: request.options,
    place: { directory: target.directory.id, name: target.name },
    writeTimeIsSet: false,
    position: 0,
    mode: request.options & OPTIONS_MODE,
    enumeration: undefined,
    channelSequence: call.header.status & 0xffff,
    outstandingRequests: 0,
    outstandingPreRequests: 0,
    isReplayEligible: true,
    isDurable: false,
    lockSequences: noLockSequences(),
    createGuid: request.contexts.durableV2?.createGuid ?? '',
    allocation,
    created: UNANSWERED,
  };
  if (!call.scene.table.add(open)) {
    call.scene.opens.close(held);
    return refused(STATUS_INSUFFICIENT_RESOURCES);
  }
  const durable = makeDurable(call, request, open);
  const contexts = { ...contextsOf(call, share, request, opened), ...durable };
  open.created = responseOf(open, action, contexts);
  call.remember(open);
  return { outcome: { status: STATUS_SUCCESS, response: open.created } };
}

const UNANSWERED = {} as CreateResponse;

function contextsOf(
  call: SmbCall,
  share: DiskShare,
  request: CreateRequest,
  { held, file, maximal }: Opened,
): GrantedContexts {
  const { maximalAccess, diskId } = request.contexts;
  const lease = grantedLease(held.grant);
  const inode = share.volume.tree.inode(file) as Inode;
  call.see(inode);
  const isUnchanged =
    maximalAccess !== undefined && maximalAccess.since === filetimeOf(inode.mtime);
  return {
    ...(lease && { lease }),
    ...(maximalAccess && {
      maximalAccess: isUnchanged
        ? { status: STATUS_NONE_MAPPED, access: 0 }
        : { status: STATUS_SUCCESS, access: maximal },
    }),
    ...(diskId && { diskId: { file: BigInt(file), volume: volumeSerial(share) } }),
  };
}

/** The first 64 bits of the volume's fsid: the same on every box. */
export function volumeSerial(share: DiskShare): bigint {
  return BigInt(`0x${share.volume.record.fsid.slice(0, 16)}`);
}

/** As things are now. */
export function responseOf(
  open: FileOpen,
  action: number,
  contexts: GrantedContexts,
): CreateResponse {
  const { tree } = open.volume;
  const inode = tree.inode(open.file) as Inode;
  const size = endOfFileOf(tree.inode(open.content) as Inode);
  const id: FileHandle = open.id;
  return {
    oplockLevel: grantedLevel(open.held.grant),
    action,
    creationTime: filetimeOf(inode.btime),
    lastAccessTime: filetimeOf(inode.atime),
    lastWriteTime: filetimeOf(inode.mtime),
    changeTime: filetimeOf(inode.ctime),
    allocationSize: allocationOf(Math.max(size, open.allocation)),
    endOfFile: size,
    attributes: attributesOf(inode),
    id,
    contexts,
  };
}
