/** fattr3, post_op_attr and wcc_data (RFC 1813 §2.5, §2.6): attributes as clients see them. */
import type { Time } from '#core/ports/clock.ts';
import type { FileKind, Inode } from '#core/vfs/inode.ts';
import type { Changed } from '#core/volume/operations/types.ts';
import { DecodeError, type Reader } from '#core/wire/reader.ts';
import type { Writer } from '#core/wire/writer.ts';
import type { Fsid } from '../fsid.ts';

/** ftype3. A stream has no handle and is never told of. */
export const NF3: Readonly<Record<FileKind, number>> = {
  file: 1,
  directory: 2,
  block: 3,
  character: 4,
  symlink: 5,
  socket: 6,
  fifo: 7,
  stream: 1,
};

const KINDS: readonly (FileKind | undefined)[] = [
  undefined,
  'file',
  'directory',
  'block',
  'character',
  'symlink',
  'socket',
  'fifo',
];

export function readFtype3(from: Reader): FileKind {
  const type = from.u32();
  const kind = KINDS[type];
  if (kind === undefined) throw new DecodeError(`ftype3: ${type}`);
  return kind;
}

export const FATTR3_SIZE = 84;
export const POST_OP_ATTR_SIZE = 4 + FATTR3_SIZE;
/** Bytes in whose multiples `used` is told: what a block is to `du`. */
const USED_UNIT_SIZE = 512;
const TIME3_SECONDS_MAX = 0xffff_ffff;

export interface Fattr3 {
  readonly type: FileKind;
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly used: number;
  readonly rdev: { readonly major: number; readonly minor: number };
  readonly fsid: Fsid;
  readonly fileid: number;
  readonly atime: Time;
  readonly mtime: Time;
  readonly ctime: Time;
}

export function writeFattr3(to: Writer, fsid: Fsid, inode: Inode): void {
  to.u32(NF3[inode.kind]);
  to.u32(inode.mode);
  to.u32(inode.nlink);
  to.u32(inode.uid);
  to.u32(inode.gid);
  to.u64(inode.size);
  to.u64(Math.ceil(inode.size / USED_UNIT_SIZE) * USED_UNIT_SIZE);
  to.u32(inode.device.major);
  to.u32(inode.device.minor);
  to.u32(fsid.high);
  to.u32(fsid.low);
  to.u64(inode.id);
  writeTime3(to, inode.atime);
  writeTime3(to, inode.mtime);
  writeTime3(to, inode.ctime);
}

export function readFattr3(from: Reader): Fattr3 {
  return {
    type: readFtype3(from),
    mode: from.u32(),
    nlink: from.u32(),
    uid: from.u32(),
    gid: from.u32(),
    size: from.u64(),
    used: from.u64(),
    rdev: { major: from.u32(), minor: from.u32() },
    fsid: { high: from.u32(), low: from.u32() },
    fileid: from.u64(),
    atime: readTime3(from),
    mtime: readTime3(from),
    ctime: readTime3(from),
  };
}

/** nfstime3 has unsigned 32-bit seconds: earlier and later times are told as the nearest it can say. */
export function writeTime3(to: Writer, time: Time): void {
  if (time.seconds < 0) {
    to.u32(0);
    to.u32(0);
    return;
  }
  to.u32(Math.min(time.seconds, TIME3_SECONDS_MAX));
  to.u32(time.nanoseconds);
}

export function readTime3(from: Reader): Time {
  const seconds = from.u32();
  const nanoseconds = from.u32();
  if (nanoseconds > 999_999_999) throw new DecodeError(`nanoseconds: ${nanoseconds}`);
  return { seconds, nanoseconds };
}

export function writePostOpAttr(to: Writer, fsid: Fsid, inode: Inode | undefined): void {
  if (inode === undefined) {
    to.u32(0);
    return;
  }
  to.u32(1);
  writeFattr3(to, fsid, inode);
}

export function readPostOpAttr(from: Reader): Fattr3 | undefined {
  return from.bool() ? readFattr3(from) : undefined;
}

/** Size and times before a change (wcc_attr). */
export interface WccAttr {
  readonly size: number;
  readonly mtime: Time;
  readonly ctime: Time;
}

export interface WccData {
  readonly before: WccAttr | undefined;
  readonly after: Fattr3 | undefined;
}

/** Before and after belong to one change, with nothing in between. */
export function writeWccData(to: Writer, fsid: Fsid, changed: Changed): void {
  to.u32(1);
  to.u64(changed.before.size);
  writeTime3(to, changed.before.mtime);
  writeTime3(to, changed.before.ctime);
  writePostOpAttr(to, fsid, changed.after);
}

export function readWccData(from: Reader): WccData {
  const before = from.bool()
    ? { size: from.u64(), mtime: readTime3(from), ctime: readTime3(from) }
    : undefined;
  return { before, after: readPostOpAttr(from) };
}
