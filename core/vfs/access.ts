/**
 * Who may do what to a file: the rules of POSIX.1-2017 §4.5 and of Linux where POSIX leaves a choice. Pure: an inode
 * and a caller in, a verdict out. The same rules answer ACCESS and guard the operations.
 */
import type { Caller } from './caller.ts';
import type { Inode } from './inode.ts';
import type { SetAttributes } from './set-attributes.ts';
import type { FsError } from './status.ts';

export const MAY_READ = 4;
export const MAY_WRITE = 2;
/** Of a directory: search. */
export const MAY_EXECUTE = 1;
export const MAY_CHANGE_NAMES = MAY_WRITE | MAY_EXECUTE;

export const MODE_MASK = 0o7777;
export const SETUID = 0o4000;
export const SETGID = 0o2000;
export const STICKY = 0o1000;
const GROUP_EXECUTE = 0o010;
const ANY_EXECUTE = 0o111;

export function isInGroup(caller: Caller, gid: number): boolean {
  return caller.gid === gid || caller.groups.includes(gid);
}

/** The bits MAY_READ, MAY_WRITE, MAY_EXECUTE that the mode gives the caller: those of one class alone. */
export function allowed(inode: Inode, caller: Caller): number {
  if (caller.uid === 0) {
    const executes = inode.kind === 'directory' || (inode.mode & ANY_EXECUTE) !== 0;
    return MAY_READ | MAY_WRITE | (executes ? MAY_EXECUTE : 0);
  }
  if (caller.uid === inode.uid) return (inode.mode >> 6) & 7;
  if (isInGroup(caller, inode.gid)) return (inode.mode >> 3) & 7;
  return inode.mode & 7;
}

export function mayAll(inode: Inode, caller: Caller, bits: number): boolean {
  return (allowed(inode, caller) & bits) === bits;
}

/**
 * Whether READ may take from a file. Its owner may always: NFSv3 has no open, so a program that opened the file and
 * then took its own right away must be able to go on (knfsd does the same). Whoever may execute may read, because
 * a client runs a program by reading it.
 */
export function mayReadContent(inode: Inode, caller: Caller): boolean {
  if (caller.uid === inode.uid) return true;
  return (allowed(inode, caller) & (MAY_READ | MAY_EXECUTE)) !== 0;
}

/** Whether WRITE and a change of size may touch a file. Its owner may always, for want of an open, as above. */
export function mayWriteContent(inode: Inode, caller: Caller): boolean {
  return caller.uid === inode.uid || mayAll(inode, caller, MAY_WRITE);
}

/** Why the caller may not put new names into a directory. */
export function refuseNewName(directory: Inode, caller: Caller): FsError | undefined {
  if (directory.kind !== 'directory') return 'not-directory';
  return mayAll(directory, caller, MAY_CHANGE_NAMES) ? undefined : 'access';
}

/** Why the caller may not take the name of `file` out of `directory`: the sticky rule. */
export function refuseRemoval(directory: Inode, file: Inode, caller: Caller): FsError | undefined {
  const refusal = refuseNewName(directory, caller);
  if (refusal !== undefined) return refusal;
  if ((directory.mode & STICKY) === 0 || caller.uid === 0) return undefined;
  return caller.uid === file.uid || caller.uid === directory.uid ? undefined : 'not-permitted';
}

/** Why the caller may not set these attributes. What size fits which kind is not its question. */
export function refuseAttributes(
  inode: Inode,
  caller: Caller,
  set: SetAttributes,
): FsError | undefined {
  if (caller.uid === 0) return undefined;
  const owns = caller.uid === inode.uid;
  const writes = mayAll(inode, caller, MAY_WRITE);
  if (set.mode !== undefined && !owns) return 'not-permitted';
  if (set.uid !== undefined && (!owns || set.uid !== inode.uid)) return 'not-permitted';
  if (set.gid !== undefined) {
    const reaches = set.gid === inode.gid || isInGroup(caller, set.gid);
    if (!owns || !reaches) return 'not-permitted';
  }
  const { atime, mtime, btime, ctime } = set;
  const isTime = (time: unknown) => typeof time === 'object';
  if (isTime(atime) || isTime(mtime) || isTime(btime) || isTime(ctime)) {
    if (!owns) return 'not-permitted';
  } else if (atime === 'now' || mtime === 'now' || set.dos !== undefined) {
    if (!owns && !writes) return 'access';
  }
  return undefined;
}

/** What a write, a truncation or a change of owner leaves of a mode: a program of others' rights loses them. */
export function withoutSetId(mode: number): number {
  const setgid = (mode & GROUP_EXECUTE) === 0 ? 0 : SETGID;
  return mode & ~(SETUID | setgid);
}

/** The mode of a file after its content was changed. Root keeps the bits, as on Linux (CAP_FSETID). */
export function modeAfterWrite(inode: Inode, caller: Caller): number {
  return caller.uid === 0 || inode.kind !== 'file' ? inode.mode : withoutSetId(inode.mode);
}

/** The mode that a caller who may set modes gets of the one asked for: setgid is for members of the group. */
export function grantedMode(
  asked: number,
  gid: number,
  isDirectory: boolean,
  caller: Caller,
): number {
  const mode = asked & MODE_MASK;
  if (isDirectory || caller.uid === 0 || isInGroup(caller, gid)) return mode;
  return mode & ~SETGID;
}
