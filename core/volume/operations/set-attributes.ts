/**
 * Changes mode, owner, group, size and times: SETATTR (RFC 1813 §3.3.2), and what an UNCHECKED create truncates.
 *
 * The change carries every attribute as it is afterwards, not as it was asked for: a backend mirrors it without
 * knowing what was before.
 */
import { err, ok } from '../../result.ts';
import {
  grantedMode,
  MODE_MASK,
  mayWriteContent,
  modeAfterWrite,
  refuseAttributes,
  withoutSetId,
} from '../../vfs/access.ts';
import type { FileId, Inode } from '../../vfs/inode.ts';
import { readStampedTime, type SetAttributes, writeStampedTime } from '../../vfs/set-attributes.ts';
import type { FsError } from '../../vfs/status.ts';
import type { CheckContext, Operation } from '../operation.ts';
import {
  type DecidedAttributes,
  inodeToChange,
  mirrorAttributes,
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
}

export const setAttributes: Operation<
  SetAttributesArgs,
  SetAttributesChange,
  SetAttributesOutcome
> = {
  name: 'set-attributes',
  code: 2,

  check(tree, context, { file, set, guard }) {
    const inode = tree.inode(file);
    if (inode === undefined) return err('stale');
    if (guard !== undefined && !isSameTime(guard, inode.ctime)) return err('not-synchronized');
    const refusal =
      refuseSize(inode, context, set.size) ?? refuseAttributes(inode, context.caller, set);
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
    };
  },

  apply(tree, change, stamp) {
    const before = inodeToChange(tree, change.file);
    return { file: putChanged(tree, before, stamp, stampedAttributes(change, stamp.time)) };
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

function refuseSize(
  inode: Inode,
  context: CheckContext,
  size: number | undefined,
): FsError | undefined {
  if (size === undefined) return undefined;
  if (inode.kind === 'directory') return 'is-directory';
  if (inode.kind !== 'file') return 'invalid';
  if (!mayWriteContent(inode, context.caller)) return 'access';
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
