/** Durable opens: which are granted, and what is kept of them ([MS-SMB2] §3.3.5.9.6, §3.3.5.9.10). */

import type { DurableInfo } from '#core/opens/durable.ts';
import { CACHE_HANDLE, OPLOCK_BATCH, rightsOfLevel } from '#core/opens/grants.ts';
import type { HeldOpen } from '#core/opens/types.ts';
import { ok } from '#core/result.ts';
import type { FileId } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import type { SmbCall } from '../command.ts';
import type { GrantedContexts } from '../contexts/granted.ts';
import type { FileOpen, OpenPlace } from '../open.ts';
import type { Scene } from '../scene.ts';
import type { CreateRequest } from './request.ts';

/** Milliseconds that an open of the first version waits for its client: what Windows waits. */
const V1_TIMEOUT_MS = 16 * 60 * 1000;
/** What a client gets that leaves it to the server, and the most that one gets (§3.3.5.9.10, as Windows has them). */
const V2_TIMEOUT_MS = 60 * 1000;
const V2_TIMEOUT_MS_MAX = 300 * 1000;
const NO_GUID = '0'.repeat(32);

/** Makes the open durable if the client asks for it and may; what the response says of it. */
export function makeDurable(
  call: SmbCall,
  request: CreateRequest,
  open: FileOpen,
): Pick<GrantedContexts, 'durable' | 'durableV2'> {
  const { durable, durableV2 } = request.contexts;
  if (durable === undefined && durableV2 === undefined) return {};
  if (open.isDirectory || !mayWait(open.held)) return {};
  const asked = durableV2?.timeoutMs === 0 ? V2_TIMEOUT_MS : durableV2?.timeoutMs;
  const timeoutMs = asked === undefined ? V1_TIMEOUT_MS : Math.min(asked, V2_TIMEOUT_MS_MAX);
  open.isDurable = true;
  call.scene.durables.grant(open.held, {
    ...factsOf(open),
    persistentId: open.id.persistent,
    version: durableV2 === undefined ? 1 : 2,
    createGuid: durableV2?.createGuid ?? NO_GUID,
    user: call.session.user.name,
    share: open.share.name,
    path: request.name,
    timeoutMs,
  });
  flushDurables(call);
  return durableV2 === undefined ? { durable: true } : { durableV2: { timeoutMs, flags: 0 } };
}

/** Batch oplocks and leases with handle caching outlive a connection. */
function mayWait({ grant }: HeldOpen): boolean {
  return grant.kind === 'lease'
    ? (grant.rights & CACHE_HANDLE) !== 0
    : grant.rights === rightsOfLevel[OPLOCK_BATCH];
}

/** The response waits for the rows of what changed. */
export function flushDurables(call: SmbCall): void {
  const { durables } = call.scene;
  if (!durables.isDirty) return;
  call.transact((transaction) => {
    durables.flush(transaction);
    return ok(undefined);
  });
}

/** Tells what of a durable open only this protocol knows: after a rename, a LOCK, another ChannelSequence. */
export function retell(scene: Scene, open: FileOpen): void {
  const info = open.isDurable ? scene.durables.infoOf(open.held) : undefined;
  if (info === undefined) return;
  scene.durables.grant(open.held, { ...info, ...factsOf(open) });
}

function factsOf(
  open: FileOpen,
): Pick<DurableInfo, 'channelSequence' | 'lockSequences' | 'createOptions' | 'extra'> {
  return {
    channelSequence: open.channelSequence,
    lockSequences: Buffer.from(open.lockSequences),
    createOptions: open.createOptions,
    extra: encodeExtra(open),
  };
}

/** What else makes an open again. */
export interface Extra {
  readonly place: OpenPlace;
  /** What has the names; of a stream its base file. */
  readonly file: FileId;
  readonly allocation: number;
  readonly position: number;
  readonly action: number;
}

/** Bytes before the name. */
const EXTRA_SIZE = 36;

function encodeExtra(open: FileOpen): Buffer {
  const name = Buffer.from(open.place.name, 'latin1');
  const extra = Buffer.alloc(EXTRA_SIZE + name.length);
  extra.writeBigUInt64LE(BigInt(open.place.directory), 0);
  extra.writeBigUInt64LE(BigInt(open.file), 8);
  extra.writeBigUInt64LE(BigInt(open.allocation), 16);
  extra.writeBigUInt64LE(BigInt(open.position), 24);
  extra.writeUInt32LE(open.created.action ?? 0, 32);
  extra.set(name, EXTRA_SIZE);
  return extra;
}

export function decodeExtra(extra: Buffer): Extra {
  return {
    place: {
      directory: Number(extra.readBigUInt64LE(0)) as FileId,
      name: extra.toString('latin1', EXTRA_SIZE) as Name,
    },
    file: Number(extra.readBigUInt64LE(8)) as FileId,
    allocation: Number(extra.readBigUInt64LE(16)),
    position: Number(extra.readBigUInt64LE(24)),
    action: extra.readUInt32LE(32),
  };
}
