/** What the catalog knows of one file: the same on every box, and all that a client is ever told. */
import type { Brand } from '../brand.ts';
import type { Time } from '../ports/clock.ts';

/** Minted by the catalog, never 0, never reused; below 2^53, sent as 64 bits. */
export type FileId = Brand<number, 'FileId'>;
/** The root of every volume. */
export const ROOT_ID = 1 as FileId;

/** A `stream` is content beside a file's own ([MS-FSCC] §2.1.5): it belongs to a base file and stands in no directory. */
export type FileKind =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'block'
  | 'character'
  | 'socket'
  | 'fifo'
  | 'stream';

/** Whether bytes can be read from and written to it. */
export function hasContent(kind: FileKind): boolean {
  return kind === 'file' || kind === 'stream';
}

export interface Device {
  readonly major: number;
  readonly minor: number;
}

/** Immutable: a change makes a new one, so that an inode kept aside is the state before an operation. */
export interface Inode {
  readonly id: FileId;
  readonly generation: number;
  readonly kind: FileKind;
  /** Permission bits, setuid, setgid and sticky: the low 12 bits of a mode. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  /** Bytes; of a directory a constant, of a symlink the length of its target. */
  readonly size: number;
  readonly atime: Time;
  readonly mtime: Time;
  readonly ctime: Time;
  /** Creation. */
  readonly btime: Time;
  /** Position of the entry that last changed it: NFSv4's change attribute, and what readers wait for. */
  readonly change: number;
  /** Of a directory its parent (of the root, itself); of a stream its base file; of others 0. */
  readonly parent: FileId;
  /** Of a directory: the cookie that its next new name gets. Starts at 3 (0, 1 and 2 are conventions). */
  readonly nextCookie: number;
  readonly device: Device;
  /** Of a symlink, byte string. */
  readonly target: string;
  /** Of a file made by EXCLUSIVE create: its verifier, 8 bytes as a byte string; otherwise empty. */
  readonly verifier: string;
  /** The box that made it and that box's local handle, where exports use issuer handles; otherwise empty. */
  readonly issuer: string;
  readonly issuerHandle: string;
  /** DOS attributes that somebody set, in the bits of `DOS_*`: kept for SMB, and nothing to NFS. */
  readonly dos: number;
  /** Which rows beside this one the file has, in the bits of `HAS_*`: whoever has none is not asked for them. */
  readonly holds: number;
}

/** The attributes that are kept, in the bits of [MS-FSCC] §2.6; all others follow from the kind or are not there. */
export const DOS_READONLY = 0x1;
export const DOS_HIDDEN = 0x2;
export const DOS_SYSTEM = 0x4;
export const DOS_ARCHIVE = 0x20;
export const DOS_SPARSE = 0x200;
export const DOS_NOT_INDEXED = 0x2000;
export const DOS_MASK =
  DOS_READONLY | DOS_HIDDEN | DOS_SYSTEM | DOS_ARCHIVE | DOS_SPARSE | DOS_NOT_INDEXED;

export const HAS_SECURITY = 0x1;
export const HAS_ATTRIBUTES = 0x2;
export const HAS_STREAMS = 0x4;

export interface DirectoryEntry {
  readonly cookie: number;
  readonly name: string;
  readonly id: FileId;
}
