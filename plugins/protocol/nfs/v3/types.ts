/** Arguments that several procedures share (RFC 1813 §2.5, §2.6). */
import { NAME_SIZE_MAX } from '#core/vfs/name.ts';
import type { SetAttributes, TimeChange } from '#core/vfs/set-attributes.ts';
import { DecodeError, type Reader } from '#core/wire/reader.ts';
import type { Writer } from '#core/wire/writer.ts';
import { readTime3, writeTime3 } from './attributes.ts';

/** Largest nfs_fh3, bytes (RFC 1813 §2.4). */
export const NFS3_FHSIZE = 64;
/** Bytes of a name that are read at all: longer than any that may exist, so that those are refused by name (NAMETOOLONG). */
const FILENAME3_SIZE_MAX = 4 * (NAME_SIZE_MAX + 1);
export const NFS3_COOKIEVERFSIZE = 8;
export const NFS3_CREATEVERFSIZE = 8;
export const NFS3_WRITEVERFSIZE = 8;

/** Arguments of a procedure that asks about one file. */
export interface FileArgs {
  readonly file: Buffer;
}

export function readFileArgs(from: Reader): FileArgs {
  return { file: readHandle(from) };
}

export function writeFileArgs(to: Writer, args: FileArgs): void {
  to.opaque(args.file);
}

export function readHandle(from: Reader): Buffer {
  return from.opaque(NFS3_FHSIZE, 'file handle');
}

/** diropargs3: a name, as a byte string, in a directory. */
export interface DirOpArgs {
  readonly dir: Buffer;
  readonly name: string;
}

export function readDirOpArgs(from: Reader): DirOpArgs {
  return { dir: readHandle(from), name: from.byteString(FILENAME3_SIZE_MAX, 'name') };
}

export function writeDirOpArgs(to: Writer, args: DirOpArgs): void {
  to.opaque(args.dir);
  to.byteString(args.name);
}

/** post_op_fh3. */
export function writePostOpHandle(to: Writer, handle: Buffer | undefined): void {
  to.bool(handle !== undefined);
  if (handle !== undefined) to.opaque(handle);
}

/** A copy, for a client keeps it longer than the reply. */
export function readPostOpHandle(from: Reader): Buffer | undefined {
  return from.bool() ? Buffer.from(readHandle(from)) : undefined;
}

/** time_how. */
const DONT_CHANGE = 0;
const SET_TO_SERVER_TIME = 1;
const SET_TO_CLIENT_TIME = 2;
/** A mode's low 12 bits; RFC 1813 §2.6 leaves the others undefined. */
const MODE_MASK = 0o7777;

/** sattr3. */
export function readSattr3(from: Reader): SetAttributes {
  const mode = from.bool() ? from.u32() & MODE_MASK : undefined;
  const uid = from.bool() ? from.u32() : undefined;
  const gid = from.bool() ? from.u32() : undefined;
  const size = from.bool() ? from.u64Clamped() : undefined;
  return { mode, uid, gid, size, atime: readTimeChange(from), mtime: readTimeChange(from) };
}

export function writeSattr3(to: Writer, set: SetAttributes): void {
  writeOptional(to, set.mode);
  writeOptional(to, set.uid);
  writeOptional(to, set.gid);
  to.bool(set.size !== undefined);
  if (set.size !== undefined) to.u64(set.size);
  writeTimeChange(to, set.atime);
  writeTimeChange(to, set.mtime);
}

function writeOptional(to: Writer, value: number | undefined): void {
  to.bool(value !== undefined);
  if (value !== undefined) to.u32(value);
}

function readTimeChange(from: Reader): TimeChange {
  const how = from.u32();
  if (how === DONT_CHANGE) return 'keep';
  if (how === SET_TO_SERVER_TIME) return 'now';
  if (how === SET_TO_CLIENT_TIME) return readTime3(from);
  throw new DecodeError(`time_how: ${how}`);
}

function writeTimeChange(to: Writer, time: TimeChange): void {
  if (time === 'keep') {
    to.u32(DONT_CHANGE);
  } else if (time === 'now') {
    to.u32(SET_TO_SERVER_TIME);
  } else {
    to.u32(SET_TO_CLIENT_TIME);
    writeTime3(to, time);
  }
}
