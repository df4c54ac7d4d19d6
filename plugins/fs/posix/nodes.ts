/** Objects on the disk: made by kind, and dressed with the attributes that the catalog says they have. */
import {
  chmodSync,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  type Stats,
  symlinkSync,
} from 'node:fs';
import type { Time } from '#core/ports/clock.ts';
import {
  NODE_BLOCK,
  NODE_CHARACTER,
  NODE_FIFO,
  NODE_SOCKET,
  type Syscalls,
} from '#core/ports/syscalls.ts';
import type { FileKind } from '#core/vfs/inode.ts';
import type { MirrorAttributes, MirrorNode } from '#core/volume/backend.ts';
import { bytesOf, bytesWithNul } from './layout.ts';
import { codeOf } from './status.ts';

const PERMISSIONS = 0o7777;

/** What a path names, itself and not what it points to; `undefined` where nothing is. */
export function statAt(path: string): Stats | undefined {
  try {
    return lstatSync(bytesOf(path), { throwIfNoEntry: false });
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** As the catalog says; but an ordinary user must keep its own way in. */
export function modeOf(kind: FileKind, mode: number, isRoot: boolean): number {
  if (isRoot) return mode;
  return mode | (kind === 'directory' ? 0o700 : 0o600);
}

/** Makes anything but a regular file. False where only root may make it and this process is not. */
export function makeNode(
  path: string,
  node: MirrorNode,
  mode: number,
  syscalls: Syscalls,
): boolean {
  switch (node.kind) {
    case 'directory':
      mkdirSync(bytesOf(path), mode);
      return true;
    case 'symlink':
      symlinkSync(bytesOf(node.target), bytesOf(path));
      return true;
    case 'fifo':
      return makeSpecial(path, NODE_FIFO | mode, node, syscalls);
    case 'socket':
      return makeSpecial(path, NODE_SOCKET | mode, node, syscalls);
    case 'character':
      return makeSpecial(path, NODE_CHARACTER | mode, node, syscalls);
    case 'block':
      return makeSpecial(path, NODE_BLOCK | mode, node, syscalls);
    case 'file':
    case 'stream':
      throw new Error('a regular file is made where it is opened');
  }
}

/** Whether what stands on the disk could be the node. */
export function isNode(path: string, stat: Stats, node: MirrorNode): boolean {
  if (!isKind(stat, node.kind)) return false;
  return node.kind !== 'symlink' || readlinkSync(bytesOf(path), 'latin1') === node.target;
}

/** Whether it has nothing in it: as we make it, before anything else happens to it. */
export function isBare(path: string, stat: Stats): boolean {
  if (stat.isDirectory()) return readdirSync(bytesOf(path)).length === 0;
  return !stat.isFile() || stat.size === 0;
}

function isKind(stat: Stats, kind: FileKind): boolean {
  switch (kind) {
    case 'file':
    case 'stream':
      return stat.isFile();
    case 'directory':
      return stat.isDirectory();
    case 'symlink':
      return stat.isSymbolicLink();
    case 'fifo':
      return stat.isFIFO();
    case 'socket':
      return stat.isSocket();
    case 'character':
      return stat.isCharacterDevice();
    case 'block':
      return stat.isBlockDevice();
  }
}

/** Milliseconds that a file's times may be off: less than people can see, more than a commit takes. */
const NEAR_MS = 50;

export interface Dress {
  readonly attributes: MirrorAttributes;
  /** With what an ordinary user needs added. */
  readonly mode: number;
  /** Whether owners can be set. */
  readonly owners: boolean;
}

/** Brings an open file's owner, mode and times in line; `stat` is what it has now. */
export function dressOpen(fd: number, stat: Stats, dress: Dress): void {
  const { uid, gid, atime, mtime } = dress.attributes;
  const isOwned = !dress.owners || (stat.uid === uid && stat.gid === gid);
  if (!isOwned) fchownSync(fd, uid, gid);
  // A change of owner takes setuid and setgid away, so that the mode comes after it.
  if (!isOwned || (stat.mode & PERMISSIONS) !== dress.mode) fchmodSync(fd, dress.mode);
  if (!isNear(stat, atime, mtime)) futimesSync(fd, secondsOf(atime), secondsOf(mtime));
}

/** The same by path, for everything that is not opened. */
export function dressPath(path: string, stat: Stats, dress: Dress): void {
  const { uid, gid, atime, mtime } = dress.attributes;
  const bytes = bytesOf(path);
  const isOwned = !dress.owners || (stat.uid === uid && stat.gid === gid);
  if (!isOwned) lchownSync(bytes, uid, gid);
  const isMode = isOwned && (stat.mode & PERMISSIONS) === dress.mode;
  if (!isMode && !stat.isSymbolicLink()) chmodSync(bytes, dress.mode);
  if (!isNear(stat, atime, mtime)) lutimesSync(bytes, secondsOf(atime), secondsOf(mtime));
}

/** Whether the file's own times, as the kernel has just set them, will do: the catalog has the exact ones. */
function isNear(stat: Stats, atime: Time, mtime: Time): boolean {
  const apart = (ms: number, time: Time) => Math.abs(ms - secondsOf(time) * 1000);
  return apart(stat.atimeMs, atime) < NEAR_MS && apart(stat.mtimeMs, mtime) < NEAR_MS;
}

/** Exact to about a quarter of a microsecond; the catalog has the exact time. */
function secondsOf(time: Time): number {
  return time.seconds + time.nanoseconds / 1e9;
}

function makeSpecial(path: string, mode: number, node: MirrorNode, syscalls: Syscalls): boolean {
  try {
    syscalls.makeNode(bytesWithNul(path), mode, node.device.major, node.device.minor);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EPERM') return false;
    throw error;
  }
}
