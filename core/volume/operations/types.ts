/** What frontends say to the operations and hear from them. A refusal leaves the tree as it was. */

import type { Time } from '../../ports/clock.ts';
import type { HandleStrategy } from '../../vfs/handle.ts';
import type { Device, FileId, FileKind, Inode } from '../../vfs/inode.ts';
import type { SetAttributes } from '../../vfs/set-attributes.ts';

/** An inode on both sides of a change: wcc_data (RFC 1813 §2.6). The same object twice where nothing changed. */
export interface Changed {
  readonly before: Inode;
  readonly after: Inode;
}

/** A place in the tree. The name is a byte string and need not be valid: the operation refuses it. */
export interface Place {
  readonly directory: FileId;
  readonly name: string;
}

/** CREATE, MKDIR, SYMLINK and MKNOD (RFC 1813 §3.3.8 to §3.3.11). */
export interface CreateArgs extends Place {
  readonly kind: FileKind;
  /** What happens when the name exists; of anything but a file it is always `guarded`. */
  readonly how: 'unchecked' | 'guarded' | 'exclusive';
  /** With `exclusive`: 8 bytes as a byte string; otherwise empty. */
  readonly verifier: string;
  readonly set: SetAttributes;
  /** Of a symlink, byte string; otherwise empty. */
  readonly target: string;
  /** Of a block or character node; otherwise zeros (`NO_DEVICE`). */
  readonly device: Device;
  /** The export's: with `issuer` this box's backend makes the object now and gives it its handle. */
  readonly strategy: HandleStrategy;
}

export interface CreateOutcome {
  readonly inode: Inode;
  /** False when an existing file answers (`unchecked`, or `exclusive` sent again). */
  readonly created: boolean;
  readonly directory: Changed;
}

/** SETATTR (RFC 1813 §3.3.2). */
export interface SetAttributesArgs {
  readonly file: FileId;
  readonly set: SetAttributes;
  /** Refused as `not-synchronized` when the file's ctime is another one. */
  readonly guard: Time | undefined;
}

export interface SetAttributesOutcome {
  readonly file: Changed;
}

/** WRITE (RFC 1813 §3.3.7). The bytes go beside it, as `data` of `Transaction.change`: exactly `size` of them. */
export interface WriteArgs {
  readonly file: FileId;
  readonly offset: number;
  readonly size: number;
}

export interface WriteOutcome {
  readonly file: Changed;
  /** Bytes written: fewer than asked for, and at least one, where the backend had no room for more. */
  readonly size: number;
}

/** REMOVE (RFC 1813 §3.3.12): anything but a directory. */
export type RemoveArgs = Place;

export interface RemoveOutcome {
  readonly directory: Changed;
  /** As it was before. */
  readonly file: Inode;
  /** The name was its last: the file is gone. */
  readonly last: boolean;
}

/** RMDIR (RFC 1813 §3.3.13). */
export type RemoveDirectoryArgs = Place;

export interface RemoveDirectoryOutcome {
  readonly directory: Changed;
  /** As it was before. */
  readonly file: Inode;
}

/** RENAME (RFC 1813 §3.3.14). */
export interface RenameArgs {
  readonly source: Place;
  readonly target: Place;
}

export interface RenameOutcome {
  /** The directories; the same object twice for a rename within one. */
  readonly source: Changed;
  readonly target: Changed;
  /** What was renamed, afterwards. */
  readonly inode: Inode;
}

/** LINK (RFC 1813 §3.3.15). */
export interface LinkArgs extends Place {
  readonly file: FileId;
}

export interface LinkOutcome {
  readonly file: Changed;
  readonly directory: Changed;
}

export const NO_DEVICE: Device = { major: 0, minor: 0 };
