/**
 * What a backend offers: a volume's bytes on one box, under file ids that the catalog minted.
 *
 * Two families of calls. *Content* calls (`read`, `write`, `truncate`, `clear`, `sync`) take effect when an entry is
 * staged, before it is committed; a discarded entry's extents are fetched again from the primary. *Mirror* calls
 * (`create`, `rename`, ...) follow the commits, in log order, and keep the visible tree like the catalog. Calls
 * that change something are synchronous; they throw `BackendError` when the medium refuses.
 */

import type { Time } from '../ports/clock.ts';
import type { Device, FileId, FileKind } from '../vfs/inode.ts';
import type { LocalTable } from './local-table.ts';

export class BackendError extends Error {
  override readonly name = 'BackendError';
  /** `no-space` is an answer to a client; `io` means that this box cannot go on with the volume. */
  readonly reason: 'no-space' | 'io';
  /**
   * Of a `write`: bytes, from its offset on, that are there all the same; less than all. Whoever made the write up may
   * make it a short one of these; to everybody else it is refused.
   */
  readonly written: number;
  constructor(message: string, reason: 'no-space' | 'io', written = 0) {
    super(message);
    this.reason = reason;
    this.written = written;
  }
}

export interface BackendAbilities {
  /** What was written is there again after the process ends; otherwise every start is empty. */
  readonly persistent: boolean;
  /** Has a plain tree that people can read without us (P7). */
  readonly tree: boolean;
  /** Bounds of the medium; a volume's limits are the minimum over its members'. */
  readonly limits: VolumeLimits;
}

export interface VolumeLimits {
  /** Bytes. */
  readonly nameSizeMax: number;
  readonly fileSizeMax: number;
  readonly symlinkSizeMax: number;
  readonly linksMax: number;
}

export interface Space {
  readonly sizeTotal: number;
  readonly sizeFree: number;
  readonly filesTotal: number;
  readonly filesFree: number;
}

export interface MirrorAttributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly atime: Time;
  readonly mtime: Time;
}

export interface MirrorNode extends MirrorAttributes {
  readonly id: FileId;
  readonly kind: FileKind;
  /** Of a symlink, byte string. */
  readonly target: string;
  readonly device: Device;
  /** What `reserve` gave for it on this box; otherwise empty. */
  readonly reserved: string;
}

/** A name in a directory. */
export interface Place {
  readonly directory: FileId;
  readonly name: string;
}

/**
 * What may stand otherwise in a restarted box's tree than in its catalog: all that the entries behind the store touched,
 * committed or not.
 */
export interface Unsettled {
  readonly files: ReadonlySet<FileId>;
  readonly names: readonly Place[];
  /** Of the files, those that these entries make and the catalog knows: the tree may never have had them. */
  readonly made: ReadonlySet<FileId>;
  /** Those that entries make which are not committed: the tree may have them, and is to keep them unnamed. */
  readonly coming: ReadonlySet<FileId>;
  /** Those that lose their last name by entries which are not committed: the tree may have lost them already. */
  readonly going: ReadonlySet<FileId>;
  /** Where symlinks point that these entries make: what points elsewhere is somebody's. */
  readonly targets: ReadonlySet<string>;
  /** As the catalog has the file; `undefined` where it does not. */
  node(file: FileId): MirrorNode | undefined;
  child(directory: FileId, name: string): FileId | undefined;
}

export interface Backend {
  readonly abilities: BackendAbilities;

  /** Fills `target` from `offset`; returns the bytes read, fewer at the end of what is stored. Holes read as 0. */
  read(file: FileId, offset: number, target: Buffer): number | Promise<number>;
  /** As `read`, but waits for the medium: for replication, which sends what is there in order. */
  readNow(file: FileId, offset: number, target: Buffer): number;
  /** Where the medium takes only the beginning of `data`, the error says how much (`BackendError.written`). */
  write(file: FileId, offset: number, data: Buffer): void;
  truncate(file: FileId, size: number): void;
  /**
   * The file is about to be made: content that was written under its id before belongs to an entry that never counted,
   * and goes.
   */
  clear(file: FileId): void;
  /** Resolves when the file's content survives a power cut (at once where the medium has no such thing). */
  sync(file: FileId): Promise<void>;

  /** Makes an object that has no name yet and returns its local handle, byte string, at most LOCAL_HANDLE_SIZE_MAX. */
  reserve(kind: FileKind): string;
  /** This box's own name for the file, byte string. */
  localHandle(file: FileId): string;

  /** Of a file the size is none of its business: content has come already, also of later entries. */
  create(directory: FileId, name: string, node: MirrorNode): void;
  link(file: FileId, directory: FileId, name: string): void;
  /** Takes the name away; with `last` the object goes too. */
  remove(directory: FileId, name: string, file: FileId, last: boolean): void;
  /** `replaced` is the file that had the target name, if any; `replacedLast` says that it goes with its name. */
  rename(
    source: Place,
    target: Place,
    file: FileId,
    replaced: { readonly file: FileId; readonly last: boolean } | undefined,
  ): void;
  setAttributes(file: FileId, attributes: MirrorAttributes): void;
  /**
   * A file without a name goes: one that `remove` or `rename` left its object (`last` false) when it had no other name, or a
   * stream, which is only content. It may have none.
   */
  drop(file: FileId): void;

  /**
   * Makes the tree what the catalog says, once, before any other call: the process ended, or the power was cut, when the
   * tree was somewhere on its way. Absent where nothing outlives the process.
   */
  mend?(unsettled: Unsettled): void;

  space(): Space;
  /** Resolves when everything mirrored and written so far survives a power cut. */
  checkpoint(): Promise<void>;
  close(): Promise<void>;
}

export interface BackendOptions {
  readonly volume: number;
  readonly volumeName: string;
  /** Where the owner wants the data, for backends that have a place: an absolute path. */
  readonly path: string;
}

export interface BackendFactory {
  /** The plugin's id without `fs/`: `posix`, `memory`. */
  readonly name: string;
  /** A sentence that says why this place cannot be used and what to do; `undefined` when it can. */
  check(options: BackendOptions): string | undefined;
  /** Bounds of the medium at that place, which `check` has found good. */
  limits(options: BackendOptions): VolumeLimits;
  open(options: BackendOptions, table: LocalTable): Backend;
}
