/** One volume on one box: the catalog that says what there is, and the backend that has the bytes. */
import type { ServedVolume } from '../group/group.ts';
import type { VolumeRecord } from '../group/registry.ts';
import type { Random } from '../ports/random.ts';
import { err, type Result } from '../result.ts';
import type { Caller } from '../vfs/caller.ts';
import { type FileId, type FileKind, hasContent, type Inode, ROOT_ID } from '../vfs/inode.ts';
import type { FsError } from '../vfs/status.ts';
import { type Backend, BackendError, type Space, type VolumeLimits } from './backend.ts';
import type { Catalog } from './catalog.ts';
import type { CheckContext, Operation, Stamp, Tree } from './operation.ts';
import { DIRECTORY_SIZE } from './operations/common.ts';
import { NO_DEVICE } from './operations/types.ts';
import { FIRST_COOKIE } from './rows.ts';

/** What only the group can tell a check. */
export interface CheckEnvironment {
  /** The name of this box where the export uses issuer handles; otherwise empty. */
  readonly issuer: string;
  readonly random: Random;
  /** Refuses when the backend or the state directory is almost full. */
  hasRoom(size: number): boolean;
  /** Absent: nobody has anything open. */
  readonly isOpen?: ((file: FileId) => boolean) | undefined;
}

const VERIFIER_SIZE = 8;
const ROOT_MODE = 0o755;

export class Volume implements ServedVolume {
  readonly record: VolumeRecord;
  readonly catalog: Catalog;
  readonly backend: Backend;
  /** Zeros until the group says what it is. */
  writeVerifier: Buffer = Buffer.alloc(VERIFIER_SIZE);

  constructor(record: VolumeRecord, catalog: Catalog, backend: Backend) {
    this.record = record;
    this.catalog = catalog;
    this.backend = backend;
  }

  get tree(): Tree {
    return this.catalog;
  }

  get limits(): VolumeLimits {
    return this.record.limits;
  }

  /** Makes the root: part of applying the entry that made the volume. */
  initialize(stamp: Stamp): void {
    this.catalog.putFormat();
    this.catalog.putInode(rootInode(stamp));
  }

  /** Throws `BackendError` when the backend fails; that it is full is an answer. */
  check<Args, Change>(
    operation: Operation<Args, Change, unknown>,
    caller: Caller,
    args: Args,
    environment: CheckEnvironment,
  ): Result<Change, FsError> {
    try {
      return operation.check(this.catalog, this.#contextOf(caller, environment), args);
    } catch (error) {
      if (error instanceof BackendError && error.reason === 'no-space') return err('no-space');
      throw error;
    }
  }

  /**
   * Content, then rows: a backend that refuses leaves the tree as it was. `data` is `undefined` where the backend
   * has the bytes already; with `contentDone` it has done all that the change does to content, truncations too.
   */
  apply<Change, Outcome>(
    operation: Operation<never, Change, Outcome>,
    change: Change,
    stamp: Stamp,
    data: Buffer | undefined,
    contentDone = false,
  ): Outcome {
    if (!contentDone) operation.content?.(this.backend, change, data);
    return operation.apply(this.catalog, change, stamp);
  }

  /** Tells the backend's visible tree of a committed change. */
  mirror<Change>(
    operation: Operation<never, Change, unknown>,
    change: Change,
    stamp: Stamp,
    box: string,
  ): void {
    operation.mirror?.(this.backend, change, { stamp, box });
  }

  /** What the catalog says is the file, whatever more or less the backend has. */
  read(file: FileId, offset: number, target: Buffer): number | Promise<number> {
    const size = this.#readable(file, offset, target.length);
    if (size === 0) return 0;
    const wanted = size === target.length ? target : target.subarray(0, size);
    const got = this.backend.read(file, offset, wanted);
    if (typeof got === 'number') return filled(wanted, got);
    return got.then((count) => filled(wanted, count));
  }

  /** As `read`, but waits for the medium. */
  readNow(file: FileId, offset: number, target: Buffer): number {
    const size = this.#readable(file, offset, target.length);
    const wanted = target.subarray(0, size);
    return size === 0 ? 0 : filled(wanted, this.backend.readNow(file, offset, wanted));
  }

  space(): Space {
    return this.backend.space();
  }

  issued(issuer: string, handle: string): FileId | undefined {
    return this.catalog.issued(issuer, handle);
  }

  #readable(file: FileId, offset: number, size: number): number {
    const inode = this.catalog.inode(file);
    if (inode === undefined || !hasContent(inode.kind)) return 0;
    return Math.max(0, Math.min(size, inode.size - offset));
  }

  #contextOf(caller: Caller, environment: CheckEnvironment): CheckContext {
    return {
      caller,
      limits: this.limits,
      mintFile: () => this.catalog.mintFile(),
      mintGeneration: () => environment.random.u32(),
      reserve: (kind: FileKind) => this.#reserve(kind, environment.issuer),
      hasRoom: (size) => environment.hasRoom(size),
      isOpen: (file) => environment.isOpen?.(file) ?? false,
    };
  }

  #reserve(kind: FileKind, issuer: string): { readonly issuer: string; readonly handle: string } {
    return issuer === '' ? { issuer, handle: '' } : { issuer, handle: this.backend.reserve(kind) };
  }
}

/** Zeroes what the backend did not have; returns the whole size. */
function filled(target: Buffer, count: number): number {
  if (count < target.length) target.fill(0, count);
  return target.length;
}

function rootInode({ time, position }: Stamp): Inode {
  return {
    id: ROOT_ID,
    generation: 1,
    kind: 'directory',
    mode: ROOT_MODE,
    uid: 0,
    gid: 0,
    nlink: 2,
    size: DIRECTORY_SIZE,
    atime: time,
    mtime: time,
    ctime: time,
    btime: time,
    change: position,
    parent: ROOT_ID,
    nextCookie: FIRST_COOKIE,
    device: NO_DEVICE,
    target: '',
    verifier: '',
    issuer: '',
    issuerHandle: '',
    dos: 0,
    holds: 0,
  };
}
