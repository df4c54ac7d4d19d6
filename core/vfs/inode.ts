/** What the catalog knows of one file: the same on every box, and all that a client is ever told. */
import type { Brand } from '../brand.ts';
import type { Time } from '../ports/clock.ts';

/** Minted by the catalog, never 0, never reused; below 2^53, sent as 64 bits. */
export type FileId = Brand<number, 'FileId'>;
/** The root of every volume. */
export const ROOT_ID = 1 as FileId;

export type FileKind = 'file' | 'directory' | 'symlink' | 'block' | 'character' | 'socket' | 'fifo';

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
  /** Of a directory its parent (of the root, itself); of others 0. */
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
}

export interface DirectoryEntry {
  readonly cookie: number;
  readonly name: string;
  readonly id: FileId;
}
