/**
 * What a change is. Each lives in its own file under `operations/` and has four parts in one order:
 *
 *   check    on the primary only: reads the tree, refuses, or decides everything that is not deterministic
 *   encode, decode   the decided change, as it stands in an entry
 *   apply    on every box, when the entry is staged: the tree's new rows, from the change and the stamp alone
 *   content  on every box, when staged: the bytes, if the change has any
 *   mirror   on every box, when committed: the backend's visible tree
 */
import type { Time } from '../ports/clock.ts';
import type { Result } from '../result.ts';
import type { Caller } from '../vfs/caller.ts';
import type { Extra, ExtraChange, ExtraKind } from '../vfs/extra.ts';
import type { DirectoryEntry, FileId, FileKind, Inode } from '../vfs/inode.ts';
import type { Name } from '../vfs/name.ts';
import type { FsError } from '../vfs/status.ts';
import type { StreamEntry } from '../vfs/stream.ts';
import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';
import type { Backend, Place, VolumeLimits } from './backend.ts';
import type { Edit } from './edits.ts';

/** A volume's tree as reads see it: everything staged so far. Answers come without a system call where cached. */
export interface Tree {
  inode(file: FileId): Inode | undefined;
  child(directory: FileId, name: Name): DirectoryEntry | undefined;
  /**
   * All names of a directory in the order of their cookies. The array is the tree's: not to be changed, and not to
   * be kept beyond the turn. Of a huge directory it is read anew at each call: page with `entriesAfter`.
   */
  entries(directory: FileId): readonly DirectoryEntry[];
  /** At most `limit` names whose cookies are greater than `cookie` (0 for all), in their order; for READDIR. As `entries`. */
  entriesAfter(directory: FileId, cookie: number, limit: number): readonly DirectoryEntry[];
  /**
   * As `child`, but where the name itself is not there, one that differs from it in case or in how accents are composed
   * (core/vfs/fold.ts); of several the oldest.
   */
  childFolded(directory: FileId, name: Name): DirectoryEntry | undefined;
  /** Of an extended attribute in whatever case. `undefined` where there is none. */
  extra(file: FileId, kind: ExtraKind, name: string): Extra | undefined;
  /** All of a kind, by name. */
  extras(file: FileId, kind: ExtraKind): readonly Extra[];
  /** A file's or directory's, by name: at most STREAMS_MAX. */
  streams(file: FileId): readonly StreamEntry[];
  /** In whatever case. */
  stream(file: FileId, name: Name): StreamEntry | undefined;
  /** Files that have lost their last name and are kept for whoever has them open. */
  orphans(): readonly FileId[];
}

/** A tree that an entry is being applied to. */
export interface TreeWriter extends Tree {
  putInode(inode: Inode): void;
  /** With what it holds beside: extras, streams, its place among the orphans. */
  removeInode(file: FileId): void;
  putName(directory: FileId, entry: DirectoryEntry): void;
  removeName(directory: FileId, name: Name): void;
  /** Remembers which file an issuer handle means (see core/vfs/handle.ts). */
  putIssuerHandle(issuer: string, handle: string, file: FileId): void;
  /** Puts or removes the row alone; what the inode says of it (`holds`) is the operation's to put. */
  putExtra(file: FileId, change: ExtraChange): void;
  putStream(file: FileId, entry: StreamEntry): void;
  removeStream(file: FileId, name: Name): void;
  putOrphan(file: FileId): void;
}

/** When an entry happens, the same on every box. */
export interface Stamp {
  readonly position: number;
  readonly time: Time;
}

/** What `check` may use beside the tree. */
export interface CheckContext {
  readonly caller: Caller;
  readonly limits: VolumeLimits;
  /** The file id that this change gives to what it makes; call once per new file. */
  mintFile(): FileId;
  mintGeneration(): number;
  /** The local handle of a new object where the export uses issuer handles, with the issuing box. */
  reserve(kind: FileKind): { readonly issuer: string; readonly handle: string };
  /** Refuses when the backend or the state directory is almost full. */
  hasRoom(size: number): boolean;
  /** Somebody has it open: without its last name it stays until that is over. */
  isOpen(file: FileId): boolean;
}

/** What `mirror` may use beside the change. */
export interface MirrorContext {
  /** That of the change. */
  readonly stamp: Stamp;
  /** The name of this box: what it reserved itself it knows by the issuer. */
  readonly box: string;
}

/** What of a visible tree a change is about. */
export interface Touched {
  readonly files: readonly FileId[];
  readonly names: readonly Place[];
  /** The file that it makes. */
  readonly makes?: FileId | undefined;
  /** If that is a symlink: where it points. */
  readonly target?: string;
  /** The file whose last name it takes. */
  readonly ends?: FileId | undefined;
}

export interface Operation<Args, Change, Outcome> {
  readonly name: string;
  /** Stands in the log; never reused. */
  readonly code: number;
  check(tree: Tree, context: CheckContext, args: Args): Result<Change, FsError>;
  encode(to: Writer, change: Change): void;
  decode(from: Reader): Change;
  apply(tree: TreeWriter, change: Change, stamp: Stamp): Outcome;
  /** The bytes that `change` describes are `data`; `undefined` where the backend has them already. */
  content?(backend: Backend, change: Change, data: Buffer | undefined): void;
  /** The same change of only the first `size` bytes, at least one: what a backend took of it before it was full. */
  shortened?(tree: Tree, change: Change, size: number): Change;
  mirror?(backend: Backend, change: Change, context: MirrorContext): void;
  /** What of the backend's objects it is about, beside content; `undefined` where of none. Beside `mirror`, always. */
  touches?(change: Change): Touched | undefined;
  /** Whether what the change makes leaves nothing behind when it is never made: for a file that is removed at once. */
  isBrief?(change: Change): boolean;
  /** What the change does to a file's bytes, if anything. */
  edit?(change: Change): Edit | undefined;
  /** What must be fetched again when an entry with this change is discarded: from `offset` to `offset + size`. */
  extent?(
    change: Change,
  ): { readonly file: FileId; readonly offset: number; readonly size: number } | undefined;
}
