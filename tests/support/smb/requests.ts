/** Requests that the client of the tests writes itself: CREATE and SET_INFO ([MS-SMB2] §2.2.13, §2.2.39). */
import { readContexts, writeContexts } from '#plugins/protocol/smb/contexts/context.ts';
import { decodeGranted, type GrantedContexts } from '#plugins/protocol/smb/contexts/granted.ts';
import {
  encodeRequested,
  type RequestedContexts,
} from '#plugins/protocol/smb/contexts/requested.ts';
import type { FileHandle } from '#plugins/protocol/smb/open.ts';
import { readFileId, writeFileId } from '#plugins/protocol/smb/wire/file-id.ts';
import type { SmbReader } from '#plugins/protocol/smb/wire/reader.ts';
import { SmbWriter } from '#plugins/protocol/smb/wire/writer.ts';

export const CREATE = 0x0005;
export const SET_INFO = 0x0011;

/** Dispositions. */
export const FILE_OPEN = 1;
export const FILE_CREATE = 2;
export const FILE_OPEN_IF = 3;
export const FILE_OVERWRITE_IF = 5;
export const FILE_DIRECTORY_FILE = 0x1;
export const SHARE_ALL = 0x7;
/** Read, write and delete data, attributes and the security descriptor's reading. */
export const ACCESS_CHANGE = 0x0013_019f;
export const OPLOCK_BATCH = 0x09;
export const OPLOCK_LEASE = 0xff;

export interface CreateCall {
  /** With backslashes; empty for the share's root. */
  readonly name: string;
  readonly disposition: number;
  readonly options?: number;
  readonly access?: number;
  readonly share?: number;
  readonly oplock?: number;
  readonly contexts?: RequestedContexts;
}

export interface Created {
  readonly id: FileHandle;
  readonly oplock: number;
  readonly action: number;
  /** FILETIME. */
  readonly lastWriteTime: bigint;
  readonly size: number;
  readonly contexts: GrantedContexts;
}

const IMPERSONATION = 2;
/** Header and body without its variable part. */
const NAME_OFFSET = 120;

export function writeCreate(to: SmbWriter, call: CreateCall): void {
  const name = Buffer.from(call.name, 'utf16le');
  to.u16(57);
  to.u8(0);
  to.u8(call.oplock ?? 0);
  to.u32(IMPERSONATION);
  to.zeros(16);
  to.u32(call.access ?? ACCESS_CHANGE);
  to.u32(0x80);
  to.u32(call.share ?? SHARE_ALL);
  to.u32(call.disposition);
  to.u32(call.options ?? 0);
  to.u16(NAME_OFFSET);
  to.u16(name.length);
  const place = to.offset;
  to.zeros(8);
  to.raw(name);
  const contexts = encodeRequested(call.contexts ?? {});
  if (contexts.length === 0) {
    // There is a byte behind the fixed part, be the name empty.
    if (name.length === 0) to.u8(0);
    return;
  }
  to.align(8);
  const [start, at] = [to.offset, to.position];
  writeContexts(to, contexts);
  to.u32At(place, at);
  to.u32At(place + 4, to.offset - start);
}

export function readCreated(from: SmbReader): Created {
  from.structureSize(89);
  const oplock = from.u8();
  from.skip(1);
  const action = from.u32();
  from.skip(16);
  const lastWriteTime = from.u64();
  from.skip(8 + 8);
  const size = from.u64Clamped();
  from.skip(8);
  const id = readFileId(from);
  const [offset, length] = [from.u32(), from.u32()];
  const contexts = decodeGranted(readContexts(from.at(offset, length, 'create contexts')));
  return { id, oplock, action, lastWriteTime, size, contexts };
}

const FILE = 1;
const FILE_RENAME_INFORMATION = 10;
const FILE_DISPOSITION_INFORMATION = 13;

/** The body of a SET_INFO that gives an open file another name, from the share's root. */
export function writeRename(to: SmbWriter, id: FileHandle, name: string): void {
  const text = Buffer.from(name, 'utf16le');
  const info = new SmbWriter(64 + text.length);
  info.u8(0);
  info.zeros(7 + 8);
  info.u32(text.length);
  info.raw(text);
  writeSetInfo(to, id, FILE_RENAME_INFORMATION, info.finish());
}

/** The body of a SET_INFO that has an open file deleted with its last close. */
export function writeDeletePending(to: SmbWriter, id: FileHandle): void {
  writeSetInfo(to, id, FILE_DISPOSITION_INFORMATION, Buffer.from([1]));
}

function writeSetInfo(to: SmbWriter, id: FileHandle, informationClass: number, info: Buffer): void {
  to.u16(33);
  to.u8(FILE);
  to.u8(informationClass);
  to.u32(info.length);
  to.u16(96);
  to.u16(0);
  to.u32(0);
  writeFileId(to, id);
  to.raw(info);
}
