/**
 * Changes mode, owner, group, size, times and DOS attributes: SETATTR (RFC 1813 §3.3.2), and what an UNCHECKED create
 * truncates.
 *
 * The change carries every attribute as it is afterwards, not as it was asked for: a backend mirrors it without
 * knowing what was before.
 */
import type { Time } from '../../ports/clock.ts';
import { err, ok } from '../../result.ts';
import {
  grantedMode,
  MODE_MASK,
  mayWriteContent,
  modeAfterWrite,
  refuseAttributes,
  withoutSetId,
} from '../../vfs/access.ts';
import { DOS_MASK, type FileId, HAS_SECURITY, hasContent, type Inode } from '../../vfs/inode.ts';
import {
  readStampedTime,
  readTime,
  type SetAttributes,
  type StampedTime,
  timeOf,
  writeStampedTime,
  writeTime,
} from '../../vfs/set-attributes.ts';
import type { FsError } from '../../vfs/status.ts';
import type { Reader } from '../../wire/reader.ts';
import type { Writer } from '../../wire/writer.ts';
import type { CheckContext, Operation, Stamp, Tree, TreeWriter } from '../operation.ts';
import {
  type DecidedAttributes,
  guardOf,
  inodeToChange,
  mirrorAttributes,
  putBase,
  putChanged,
  readFile,
  stampedAttributes,
  writeFile,
} from './common.ts';
import type { SetAttributesArgs, SetAttributesOutcome } from './types.ts';

export interface SetAttributesChange extends DecidedAttributes {
  readonly file: FileId;
  /** Of a regular file whose size was set, also to what it was. */
  readonly truncates: boolean;
  readonly sizeBefore: number;
  /** What few changes set. */
  readonly rare: RareChange | undefined;
}

/** An absent field is left alone. */
interface RareChange {
  readonly dos?: number;
  readonly btime?: StampedTime;
  readonly ctime?: Time;
  /** The mode or the owner says something else now. */
  readonly dropsSecurity: boolean;
}

export const setAttributes: Operation<
  SetAttributesArgs,
  SetAttributesChange,
  SetAttributesOutcome
> = {
  name: 'set-attributes',
  code: 2,

  check(tree, context, { file, set, guard, granted = false }) {
    const inode = tree.inode(file);
    if (inode === undefined) return err('stale');
    if (guard !== undefined && !isSameTime(guard, inode.ctime)) return err('not-synchronized');
    const refusal =
      refuseKind(inode, set) ??
      refuseSize(tree, inode, context, set.size, granted) ??
      (granted || inode.kind === 'stream'
        ? undefined
        : refuseAttributes(inode, context.caller, set));
    return refusal === undefined ? ok(decide(inode, context, set)) : err(refusal);
  },

  encode(to, change) {
    writeFile(to, change.file);
    to.u16(change.mode);
    to.u32(change.uid);
    to.u32(change.gid);
    to.u64(change.size);
    writeStampedTime(to, change.atime);
    writeStampedTime(to, change.mtime);
    to.u8(change.truncates ? 1 : 0);
    to.u64(change.sizeBefore);
    if (change.rare !== undefined) encodeRare(to, change.rare);
  },

  decode(from) {
    return {
      file: readFile(from),
      mode: from.u16(),
      uid: from.u32(),
      gid: from.u32(),
      size: from.u64(),
      atime: readStampedTime(from),
      mtime: readStampedTime(from),
      truncates: from.u8() === 1,
      sizeBefore: from.u64(),
      // There were none in logs of before.
      rare: from.left === 0 ? undefined : decodeRare(from),
    };
  },

  apply(tree, change, stamp) {
    const before = inodeToChange(tree, change.file);
    const attributes = stampedAttributes(change, stamp.time);
    const rare = change.rare && applyRare(tree, before, change.rare, stamp);
    const file = putChanged(tree, before, stamp, rare ? { ...attributes, ...rare } : attributes);
    if (before.kind === 'stream') putBase(tree, before, stamp, change.mtime !== 'now');
    return { file };
  },

  content(backend, change) {
    if (change.truncates) backend.truncate(change.file, change.size);
  },

  mirror(backend, change, context) {
    backend.setAttributes(change.file, mirrorAttributes(change, context));
  },

  touches({ file }) {
    return { files: [file], names: [] };
  },

  edit({ file, truncates, size }) {
    return truncates ? { kind: 'cut', file, size } : undefined;
  },

  extent({ file, truncates, size, sizeBefore }) {
    if (!truncates || size === sizeBefore) return undefined;
    return { file, offset: Math.min(size, sizeBefore), size: Math.abs(size - sizeBefore) };
  },
};

function isSameTime(
  one: { readonly seconds: number; readonly nanoseconds: number },
  other: { readonly seconds: number; readonly nanoseconds: number },
): boolean {
  return one.seconds === other.seconds && one.nanoseconds === other.nanoseconds;
}

/** A stream has a size of its own, and all else from its file. */
function refuseKind(inode: Inode, set: SetAttributes): FsError | undefined {
  if (inode.kind !== 'stream') return undefined;
  const { mode, uid, gid, dos, btime = 'keep', ctime = 'keep' } = set;
  const asks = mode ?? uid ?? gid ?? dos;
  return asks === undefined && btime === 'keep' && ctime === 'keep' ? undefined : 'invalid';
}

function refuseSize(
  tree: Tree,
  inode: Inode,
  context: CheckContext,
  size: number | undefined,
  granted: boolean,
): FsError | undefined {
  if (size === undefined) return undefined;
  if (inode.kind === 'directory') return 'is-directory';
  if (!hasContent(inode.kind)) return 'invalid';
  if (!granted && !mayWriteContent(guardOf(tree, inode), context.caller)) return 'access';
  if (size > context.limits.fileSizeMax) return 'file-too-big';
  // Growing makes a hole, which takes no room of its own.
  return size <= inode.size || context.hasRoom(0) ? undefined : 'no-space';
}

function decide(inode: Inode, { caller }: CheckContext, set: SetAttributes): SetAttributesChange {
  const truncates = set.size !== undefined;
  const size = set.size ?? inode.size;
  const gid = set.gid ?? inode.gid;
  // A truncation that leaves the size still counts as a change of content (POSIX.1-2017 ftruncate).
  const mtime = set.mtime === 'keep' ? (truncates ? 'now' : inode.mtime) : set.mtime;
  return {
    file: inode.id,
    mode: modeAfter(inode, gid, caller, set),
    uid: set.uid ?? inode.uid,
    gid,
    size,
    atime: set.atime === 'keep' ? inode.atime : set.atime,
    mtime,
    truncates,
    sizeBefore: inode.size,
    rare: decideRare(inode, set),
  };
}

function decideRare(inode: Inode, set: SetAttributes): RareChange | undefined {
  const { dos, btime = 'keep', ctime } = set;
  const saysRights = (set.mode ?? set.uid ?? set.gid) !== undefined;
  const dropsSecurity =
    saysRights && (inode.holds & HAS_SECURITY) !== 0 && set.keepsSecurity !== true;
  if (dos === undefined && btime === 'keep' && ctime === undefined && !dropsSecurity) {
    return undefined;
  }
  return {
    ...(dos !== undefined && { dos: dos & DOS_MASK }),
    ...(btime !== 'keep' && { btime }),
    ...(ctime !== undefined && { ctime: ctime === 'keep' ? inode.ctime : ctime }),
    dropsSecurity,
  };
}

function applyRare(
  tree: TreeWriter,
  before: Inode,
  { dos, btime, ctime, dropsSecurity }: RareChange,
  stamp: Stamp,
): Partial<Inode> {
  if (dropsSecurity) tree.putExtra(before.id, { kind: 'security', name: '', value: undefined });
  return {
    ...(dos !== undefined && { dos }),
    ...(btime !== undefined && { btime: timeOf(btime, stamp.time) }),
    ...(ctime !== undefined && { ctime }),
    ...(dropsSecurity && { holds: before.holds & ~HAS_SECURITY }),
  };
}

const HAS = { dos: 1, btime: 2, ctime: 4, drops: 8 } as const;

function encodeRare(to: Writer, { dos, btime, ctime, dropsSecurity }: RareChange): void {
  const bits =
    (dos === undefined ? 0 : HAS.dos) |
    (btime === undefined ? 0 : HAS.btime) |
    (ctime === undefined ? 0 : HAS.ctime) |
    (dropsSecurity ? HAS.drops : 0);
  to.u8(bits);
  if (dos !== undefined) to.u32(dos);
  if (btime !== undefined) writeStampedTime(to, btime);
  if (ctime !== undefined) writeTime(to, ctime);
}

function decodeRare(from: Reader): RareChange {
  const bits = from.u8();
  return {
    ...((bits & HAS.dos) !== 0 && { dos: from.u32() }),
    ...((bits & HAS.btime) !== 0 && { btime: readStampedTime(from) }),
    ...((bits & HAS.ctime) !== 0 && { ctime: readTime(from) }),
    dropsSecurity: (bits & HAS.drops) !== 0,
  };
}

/** A change of owner, even to the same, takes setuid and setgid away (chown(2)); a new mode beside it counts too. */
function modeAfter(
  inode: Inode,
  gid: number,
  caller: CheckContext['caller'],
  set: SetAttributes,
): number {
  const isDirectory = inode.kind === 'directory';
  const chowns = set.uid !== undefined || set.gid !== undefined;
  let mode = inode.mode;
  if (set.size !== undefined) mode = modeAfterWrite(inode, caller);
  if (set.mode !== undefined) mode = grantedMode(set.mode & MODE_MASK, gid, isDirectory, caller);
  return chowns && !isDirectory ? withoutSetId(mode) : mode;
}
