/**
 * The row of a durable open. Numbers as in XDR (RFC 4506), text in UTF-8, guids and keys as 16 bytes.
 *
 *     u16 format
 *     u8 version  guid create  text user  text share  text path  u32 time-out  u16 channel sequence
 *     opaque lock sequences  u32 create options  opaque extra
 *     u32 volume  u64 file  u32 access  u32 share access  u8 flags  guid client
 *     u8 kind of grant  u8 rights  u8 lease version  u16 epoch  guid lease key  guid parent key
 *     u32 number of locks, each: u64 offset  u64 length  u8 exclusive
 */
import type { FileId } from '../vfs/inode.ts';
import { DecodeError, Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';
import type { DurableInfo } from './durable.ts';
import { type GrantRequest, levelOfRights } from './grants.ts';
import type { Holder, KeptOpen, RangeRequest } from './types.ts';

const FORMAT = 1;
const GUID_SIZE = 16;
/** Bytes: a user's name, a share's, and a path of 32,767 letters where it is a long one. */
const NAME_SIZE_MAX = 1024;
const PATH_SIZE_MAX = 8192;
const SEQUENCES_SIZE_MAX = 64;
const EXTRA_SIZE_MAX = 512;
/** Locks that a row has room for beside the rest; an open with more is not durable any more. */
export const DURABLE_LOCKS_MAX = 256;
/** Bytes of the largest record: the bounds above. */
const RECORD_SIZE_MAX = 16 * 1024;

const IS_DIRECTORY = 1;
const DELETE_ON_CLOSE = 2;
const DELETE_PENDING = 4;

/** A holder that nobody speaks for. */
export const NOBODY: Holder = { told: () => false };

export interface DurableRecord {
  readonly info: DurableInfo;
  readonly kept: KeptOpen;
}

/** `undefined`: more than a row holds. */
export function encodeDurable({ info, kept }: DurableRecord): Buffer | undefined {
  const { request, locks } = kept;
  const fits =
    locks.length <= DURABLE_LOCKS_MAX &&
    Buffer.byteLength(info.path) <= PATH_SIZE_MAX &&
    info.extra.length <= EXTRA_SIZE_MAX;
  if (!fits) return undefined;
  const to = new Writer(RECORD_SIZE_MAX);
  to.u16(FORMAT);
  writeInfo(to, info);
  to.u32(request.volume);
  to.u64(request.file);
  to.u32(request.access);
  to.u32(request.share);
  to.u8(
    (request.isDirectory ? IS_DIRECTORY : 0) |
      (request.deleteOnClose ? DELETE_ON_CLOSE : 0) |
      (kept.isDeletePending ? DELETE_PENDING : 0),
  );
  writeGuid(to, request.clientGuid);
  writeGrant(to, kept);
  to.u32(locks.length);
  for (const lock of locks) {
    to.i64(BigInt.asIntN(64, lock.offset));
    to.i64(BigInt.asIntN(64, lock.length));
    to.u8(lock.exclusive ? 1 : 0);
  }
  return Buffer.from(to.finish());
}

/** Throws `DecodeError` for what is no record of this version. */
export function decodeDurable(persistentId: bigint, bytes: Buffer): DurableRecord {
  const from = new Reader(bytes);
  const format = from.u16();
  if (format !== FORMAT) throw new DecodeError(`durable open: format ${format}, not ${FORMAT}`);
  const info = readInfo(from, persistentId);
  const volume = from.u32();
  const file = from.u64() as FileId;
  const access = from.u32();
  const share = from.u32();
  const flags = from.u8();
  const clientGuid = readGuid(from);
  const { grant, rights, epoch } = readGrant(from);
  const locks = readLocks(from);
  from.end();
  const request = {
    volume,
    file,
    holder: NOBODY,
    clientGuid,
    access,
    share,
    overwrites: false,
    deleteOnClose: (flags & DELETE_ON_CLOSE) !== 0,
    isDirectory: (flags & IS_DIRECTORY) !== 0,
    created: false,
    grant,
  };
  const isDeletePending = (flags & DELETE_PENDING) !== 0;
  return { info, kept: { request, rights, epoch, locks, isDeletePending } };
}

function writeInfo(to: Writer, info: DurableInfo): void {
  to.u8(info.version);
  writeGuid(to, info.createGuid);
  writeText(to, info.user);
  writeText(to, info.share);
  writeText(to, info.path);
  to.u32(info.timeoutMs);
  to.u16(info.channelSequence);
  to.opaque(info.lockSequences);
  to.u32(info.createOptions);
  to.opaque(info.extra);
}

function readInfo(from: Reader, persistentId: bigint): DurableInfo {
  return {
    persistentId,
    version: from.u8() === 1 ? 1 : 2,
    createGuid: readGuid(from),
    user: readText(from, NAME_SIZE_MAX, 'user'),
    share: readText(from, NAME_SIZE_MAX, 'share'),
    path: readText(from, PATH_SIZE_MAX, 'path'),
    timeoutMs: from.u32(),
    channelSequence: from.u16(),
    lockSequences: Buffer.from(from.opaque(SEQUENCES_SIZE_MAX, 'lock sequences')),
    createOptions: from.u32(),
    extra: Buffer.from(from.opaque(EXTRA_SIZE_MAX, 'extra')),
  };
}

function writeGrant(to: Writer, { request: { grant }, rights, epoch }: KeptOpen): void {
  const lease = grant.kind === 'lease' ? grant : undefined;
  to.u8(lease === undefined ? 0 : 1);
  to.u8(rights);
  to.u8(lease?.version ?? 1);
  to.u16(epoch);
  writeGuid(to, lease?.key ?? '');
  to.bool((lease?.parentKey ?? '') !== '');
  writeGuid(to, lease?.parentKey ?? '');
}

function readGrant(from: Reader): { grant: GrantRequest; rights: number; epoch: number } {
  const isLease = from.u8() === 1;
  const rights = from.u8();
  const version = from.u8() === 1 ? 1 : 2;
  const epoch = from.u16();
  const key = readGuid(from);
  const hasParent = from.bool();
  const parent = readGuid(from);
  const grant: GrantRequest = isLease
    ? { kind: 'lease', version, key, rights, parentKey: hasParent ? parent : '', epoch }
    : { kind: 'oplock', level: levelOfRights(rights) };
  return { grant, rights, epoch };
}

function readLocks(from: Reader): RangeRequest[] {
  const count = from.u32();
  if (count > DURABLE_LOCKS_MAX) {
    throw new DecodeError(`durable open: ${count} locks, at most ${DURABLE_LOCKS_MAX}`);
  }
  return Array.from({ length: count }, () => ({
    offset: BigInt.asUintN(64, from.i64()),
    length: BigInt.asUintN(64, from.i64()),
    exclusive: from.u8() === 1,
  }));
}

/** An empty one is zeros. */
function writeGuid(to: Writer, hex: string): void {
  to.raw(Buffer.from(hex.padStart(2 * GUID_SIZE, '0'), 'hex'));
}

function readGuid(from: Reader): string {
  return from.raw(GUID_SIZE).toString('hex');
}

function writeText(to: Writer, text: string): void {
  to.opaque(Buffer.from(text, 'utf8'));
}

function readText(from: Reader, sizeMax: number, what: string): string {
  return from.opaque(sizeMax, what).toString('utf8');
}
