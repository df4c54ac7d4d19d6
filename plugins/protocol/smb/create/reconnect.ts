/** A durable open is taken up again: DHnC and DH2C ([MS-SMB2] §3.3.5.9.7, §3.3.5.9.12). */
import type { DurableOpen } from '#core/opens/durable.ts';
import type { Inode } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import { READ_ONLY_ACCESS } from '../access.ts';
import type { Outcome, SmbCall } from '../command.ts';
import { SMB2_DHANDLE_FLAG_PERSISTENT } from '../contexts/dh2q.ts';
import type { FileHandle, FileOpen } from '../open.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_INSUFFICIENT_RESOURCES,
  STATUS_INVALID_PARAMETER,
  STATUS_OBJECT_NAME_NOT_FOUND,
  STATUS_SUCCESS,
} from '../status.ts';
import type { DiskShare } from '../tree-connect.ts';
import { responseOf } from './admit.ts';
import { decodeExtra, flushDurables } from './durable.ts';
import { grantedLease } from './grant-request.ts';
import { holderOf } from './holder.ts';
import { FILE_OPENED, OPTIONS_MODE } from './options.ts';
import type { CreateRequest } from './request.ts';
import type { CreateResponse } from './response.ts';

/** What the client names the open by; `undefined` where it asks for no reconnect. */
interface Claim {
  readonly id: FileHandle;
  readonly version: 1 | 2;
  readonly createGuid: string;
  readonly flags: number;
}

export function claimOf(request: CreateRequest): Claim | undefined {
  const { durableReconnect, durableReconnectV2 } = request.contexts;
  if (durableReconnect !== undefined) {
    return { id: durableReconnect, version: 1, createGuid: '', flags: 0 };
  }
  return durableReconnectV2 && { ...durableReconnectV2, version: 2 };
}

export function reconnect(
  call: SmbCall,
  share: DiskShare,
  request: CreateRequest,
  claim: Claim,
): Outcome<CreateResponse> {
  const found = call.scene.durables.find(claim.id.persistent);
  if (found === undefined) return { status: STATUS_OBJECT_NAME_NOT_FOUND };
  const refusal = refuseClaim(call, share, request, claim, found);
  if (refusal !== undefined) return { status: refusal };
  const { volume } = share;
  const extra = decodeExtra(found.info.extra);
  const content = volume.tree.inode(found.open.file);
  const inode = volume.tree.inode(extra.file);
  if (content === undefined || inode === undefined) return { status: STATUS_OBJECT_NAME_NOT_FOUND };
  const open = rebuilt(call, share, found, inode, content);
  if (!call.scene.table.add(open)) return { status: STATUS_INSUFFICIENT_RESOURCES };
  call.scene.opens.reconnect(found.open, holderOf(call, open.id));
  flushDurables(call);
  call.see(inode);
  const lease = grantedLease(found.open.grant);
  const response = responseOf(open, FILE_OPENED, lease === undefined ? {} : { lease });
  open.created = { ...response, action: extra.action };
  call.remember(open);
  return { status: STATUS_SUCCESS, response };
}

/** The checks of both sections; whoever fails one learns no more than that there is no such open. */
function refuseClaim(
  call: SmbCall,
  share: DiskShare,
  request: CreateRequest,
  claim: Claim,
  { open, info }: DurableOpen,
): number | undefined {
  if (claim.version === 2 && info.createGuid !== claim.createGuid) {
    return STATUS_OBJECT_NAME_NOT_FOUND;
  }
  if ((claim.flags & SMB2_DHANDLE_FLAG_PERSISTENT) !== 0) return STATUS_OBJECT_NAME_NOT_FOUND;
  if (!open.isDisconnected) return STATUS_OBJECT_NAME_NOT_FOUND;
  if (info.share.toLowerCase() !== share.name.toLowerCase()) return STATUS_OBJECT_NAME_NOT_FOUND;
  if (open.volume !== share.volume.record.id) return STATUS_OBJECT_NAME_NOT_FOUND;
  // Whatever level is asked for: only the context counts.
  const { lease } = request.contexts;
  const { grant } = open;
  if (grant.kind !== 'lease') {
    if (lease !== undefined) return STATUS_OBJECT_NAME_NOT_FOUND;
  } else {
    if (lease === undefined || lease.key !== grant.key) return STATUS_OBJECT_NAME_NOT_FOUND;
    if (lease.version !== grant.version) return STATUS_OBJECT_NAME_NOT_FOUND;
    if (open.clientGuid !== call.connection.clientGuid) return STATUS_OBJECT_NAME_NOT_FOUND;
    if (!isSamePath(request.name, info.path)) return STATUS_INVALID_PARAMETER;
  }
  // What was granted when the share let things be changed must not change them now.
  if (share.readOnly && (open.access & ~READ_ONLY_ACCESS) !== 0)
    return STATUS_OBJECT_NAME_NOT_FOUND;
  const isOwner = info.user.toLowerCase() === call.session.user.name.toLowerCase();
  return isOwner ? undefined : STATUS_ACCESS_DENIED;
}

function isSamePath(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function rebuilt(
  call: SmbCall,
  share: DiskShare,
  { open: held, info }: DurableOpen,
  inode: Inode,
  content: Inode,
): FileOpen {
  const { place, allocation, position } = decodeExtra(info.extra);
  const streams = content === inode ? [] : share.volume.tree.streams(inode.id);
  const stream = streams.find(({ id }) => id === content.id)?.name ?? ('' as Name);
  return {
    kind: 'file',
    id: call.scene.table.mint(info.persistentId),
    session: call.session,
    tree: call.tree,
    isClosed: false,
    atClose: new Set(),
    share,
    volume: share.volume,
    held,
    file: inode.id,
    content: content.id,
    stream,
    isDirectory: false,
    // As it was granted, not as it is asked for now.
    granted: held.access,
    shareAccess: held.share,
    createOptions: info.createOptions,
    place,
    writeTimeIsSet: false,
    position,
    mode: info.createOptions & OPTIONS_MODE,
    enumeration: undefined,
    channelSequence: info.channelSequence,
    outstandingRequests: 0,
    outstandingPreRequests: 0,
    isReplayEligible: false,
    isDurable: true,
    lockSequences: Buffer.from(info.lockSequences),
    createGuid: info.version === 2 ? info.createGuid : '',
    allocation,
    created: {} as CreateResponse,
  };
}
