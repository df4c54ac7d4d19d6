/** What frontends say to the operations and hear from them. A refusal leaves the tree as it was. */

import type { Time } from '../../ports/clock.ts';
import type { ExtraChange } from '../../vfs/extra.ts';
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
  /** Whoever asks has held the caller against the file's own rules already: mode and owner are asked no more. */
  readonly granted?: boolean;
}

export interface SetAttributesOutcome {
  readonly file: Changed;
}

/** WRITE (RFC 1813 §3.3.7). The bytes go beside it, as `data` of `Transaction.change`: exactly `size` of them. */
export interface WriteArgs {
  readonly file: FileId;
  readonly offset: number;
  readonly size: number;
  /** The modification time is left as it is: a client has set it and goes on writing ([MS-FSCC] §2.4.7 LastWriteTime). */
  readonly keepsMtime?: boolean;
  /** The right to write was given when the file was opened, and is asked for no more. */
  readonly granted?: boolean;
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
  /** The name was its last: the file is gone, or `kept` until it is released. */
  readonly last: boolean;
  readonly kept: boolean;
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

/** Security descriptor and extended attributes of a file, of any kind but `stream`. */
export interface SetExtraArgs {
  readonly file: FileId;
  readonly changes: readonly ExtraChange[];
}

export interface SetExtraOutcome {
  readonly file: Changed;
}

/** A new stream of a file or directory; `exists` where one has that name, in whatever case. */
export interface CreateStreamArgs {
  readonly file: FileId;
  /** Byte string, without colons and type. */
  readonly name: string;
}

export interface CreateStreamOutcome {
  readonly inode: Inode;
  readonly file: Changed;
}

export interface RemoveStreamArgs {
  readonly file: FileId;
  /** In whatever case. */
  readonly name: string;
}

export interface RemoveStreamOutcome {
  /** As it was before. */
  readonly stream: Inode;
  readonly file: Changed;
}

/** The name is free afterwards: with `replaces` whatever had the target name goes. */
export interface RenameStreamArgs {
  readonly file: FileId;
  readonly name: string;
  readonly target: string;
  readonly replaces: boolean;
}

export interface RenameStreamOutcome {
  readonly inode: Inode;
  readonly file: Changed;
}

/** A file that `remove` or `rename` kept without a name goes: nobody has it open any more. */
export interface ReleaseArgs {
  readonly file: FileId;
}

export interface ReleaseOutcome {
  /** As it was before. */
  readonly file: Inode;
}

export const NO_DEVICE: Device = { major: 0, minor: 0 };
