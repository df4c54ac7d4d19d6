/** One volume on one box without a group: changes are checked, encoded, decoded, applied and, when told, committed. */
import * as assert from 'uvu/assert';
import type { BoxId } from '#core/group/entry.ts';
import type { VolumeRecord } from '#core/group/registry.ts';
import { err, ok, type Result } from '#core/result.ts';
import { type Caller, ROOT_CALLER } from '#core/vfs/caller.ts';
import { type DirectoryEntry, type FileId, type Inode, ROOT_ID } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import { SET_NOTHING, type SetAttributes } from '#core/vfs/set-attributes.ts';
import type { FsError } from '#core/vfs/status.ts';
import type { VolumeLimits } from '#core/volume/backend.ts';
import { Catalog } from '#core/volume/catalog.ts';
import { MemoryStore } from '#core/volume/memory-store.ts';
import type { Operation, Stamp } from '#core/volume/operation.ts';
import { type CreateArgs, type CreateOutcome, NO_DEVICE } from '#core/volume/operations/types.ts';
import { create, operationOf } from '#core/volume/operations.ts';
import { StagedStore } from '#core/volume/staged-store.ts';
import { Volume } from '#core/volume/volume.ts';
import { Reader } from '#core/wire/reader.ts';
import { Writer } from '#core/wire/writer.ts';
import { FakeBackend, LIMITS } from './fake-backend.ts';

export const ALICE: Caller = { uid: 1000, gid: 1000, groups: [2000] };
export const BOB: Caller = { uid: 1001, gid: 1001, groups: [] };
export const BOX = 'a';
export const VOLUME = 7;

/** One change as an entry would carry it. */
export interface Recorded {
  readonly code: number;
  readonly bytes: Buffer;
  readonly stamp: Stamp;
  readonly data: Buffer | undefined;
}

export interface FixtureOptions {
  readonly limits?: Partial<VolumeLimits>;
  readonly cacheMax?: number;
}

export function recordOf(limits: Partial<VolumeLimits> = {}): VolumeRecord {
  return {
    id: VOLUME,
    name: 'files',
    durability: 'memory',
    fsid: '00'.repeat(16),
    limits: { ...LIMITS, ...limits },
    members: { [BOX as BoxId]: { backend: 'fake', path: '' } },
  };
}

export class Fixture {
  readonly store = new MemoryStore();
  readonly staged = new StagedStore(this.store);
  readonly backend = new FakeBackend();
  readonly catalog: Catalog;
  readonly volume: Volume;
  /** Changes made and not discarded, in order. */
  log: Recorded[] = [];
  hasRoom = true;
  /** Files that somebody has open. */
  readonly open = new Set<FileId>();
  /** The box that hands out issuer handles; empty: none does. */
  issuer = '';
  #position = 1;
  #committed = 0;

  constructor(options: FixtureOptions = {}) {
    this.catalog = new Catalog({ volume: VOLUME, ...cacheOf(options) }, this.staged);
    this.volume = new Volume(recordOf(options.limits), this.catalog, this.backend);
    this.staged.at(1);
    this.volume.initialize(this.stampAt(1));
    this.commit();
  }

  /** Entry N happens at second 1000 + N. */
  stampAt(position: number): Stamp {
    return { position, time: { seconds: 1000 + position, nanoseconds: position } };
  }

  get position(): number {
    return this.#position;
  }

  run<Args, Change, Outcome>(
    operation: Operation<Args, Change, Outcome>,
    args: Args,
    options: { readonly caller?: Caller; readonly data?: Buffer } = {},
  ): Result<Outcome, FsError> {
    const change = this.volume.check(operation, options.caller ?? ROOT_CALLER, args, {
      issuer: this.issuer,
      random: { bytes: (size) => Buffer.alloc(size), u32: () => 77 },
      hasRoom: () => this.hasRoom,
      isOpen: (file) => this.open.has(file),
    });
    if (!change.ok) return err(change.error);
    const bytes = encoded(operation, change.value);
    this.#position += 1;
    const recorded = {
      code: operation.code,
      bytes,
      stamp: this.stampAt(this.#position),
      data: options.data,
    };
    this.log.push(recorded);
    return ok(this.apply(recorded) as Outcome);
  }

  apply(recorded: Recorded): unknown {
    const operation = operationOf(recorded.code);
    assert.ok(operation, `no operation ${recorded.code}`);
    const reader = new Reader(recorded.bytes);
    const change = operation.decode(reader);
    reader.end();
    this.staged.at(recorded.stamp.position);
    return this.volume.apply(operation, change as never, recorded.stamp, recorded.data);
  }

  /** Folds everything up to `position` into the store and mirrors it. */
  commit(position = this.#position): void {
    if (position < this.#committed) return;
    for (const recorded of this.log) {
      if (recorded.stamp.position <= this.#committed || recorded.stamp.position > position)
        continue;
      const operation = operationOf(recorded.code);
      const change = operation?.decode(new Reader(recorded.bytes));
      this.volume.mirror(operation as never, change as never, recorded.stamp, BOX);
    }
    this.staged.fold(position, (writes) => this.store.commit(writes));
    this.#committed = position;
  }

  /** Forgets what is not committed; the changes forgotten. */
  discard(): Recorded[] {
    this.staged.discard();
    this.catalog.discard();
    const forgotten = this.log.filter(({ stamp }) => stamp.position > this.#committed);
    this.log = this.log.filter(({ stamp }) => stamp.position <= this.#committed);
    this.#position = this.#committed;
    return forgotten;
  }

  /** Takes in changes that were made before, as a backup does. */
  replay(log: readonly Recorded[]): void {
    for (const recorded of log) {
      this.apply(recorded);
      this.log.push(recorded);
      this.#position = recorded.stamp.position;
    }
  }

  /** Another catalog over what was committed, as after a restart. */
  restarted(): Catalog {
    return new Catalog({ volume: VOLUME }, new StagedStore(this.store.clone()));
  }

  make(
    name: string,
    more: Partial<CreateArgs> = {},
    caller?: Caller,
  ): Result<CreateOutcome, FsError> {
    return this.run(create, createArgs(name, more), caller ? { caller } : {});
  }

  /** Makes something that must succeed, and returns its id. */
  made(name: string, more: Partial<CreateArgs> = {}, caller?: Caller): FileId {
    return value(this.make(name, more, caller)).inode.id;
  }

  folder(name: string, more: Partial<CreateArgs> = {}, caller?: Caller): FileId {
    return this.made(name, { kind: 'directory', ...more }, caller);
  }

  inode(file: FileId): Inode {
    const inode = this.catalog.inode(file);
    assert.ok(inode, `no file ${file}`);
    return inode;
  }

  child(directory: FileId, name: string): DirectoryEntry | undefined {
    return this.catalog.child(directory, name as Name);
  }

  names(directory: FileId): string[] {
    return this.catalog.entries(directory).map((entry) => entry.name);
  }

  /** Every row that the store and the overlay have together. */
  rows(): string[] {
    return this.staged
      .range('', '\xff', Number.MAX_SAFE_INTEGER)
      .map(
        ({ key, value: row }) =>
          `${Buffer.from(key, 'latin1').toString('hex')} ${row.toString('hex')}`,
      );
  }
}

export function createArgs(name: string, more: Partial<CreateArgs> = {}): CreateArgs {
  return {
    directory: ROOT_ID,
    name,
    kind: 'file',
    how: 'unchecked',
    verifier: '',
    set: SET_NOTHING,
    target: more.kind === 'symlink' ? 'elsewhere' : '',
    device: NO_DEVICE,
    strategy: 'generic',
    ...more,
  };
}

export function setting(set: Partial<SetAttributes>): SetAttributes {
  return { ...SET_NOTHING, ...set };
}

export function value<T>(result: Result<T, FsError>): T {
  if (!result.ok) throw new Error(`refused: ${result.error}`);
  return result.value;
}

/** The refusal, or `done`. */
export function refusal(result: Result<unknown, FsError>): string {
  return result.ok ? 'done' : result.error;
}

function encoded<Change>(operation: Operation<never, Change, unknown>, change: Change): Buffer {
  const writer = new Writer(256 * 1024);
  operation.encode(writer, change);
  return Buffer.from(writer.finish());
}

function cacheOf(options: FixtureOptions): { readonly cacheMax?: number } {
  return options.cacheMax === undefined ? {} : { cacheMax: options.cacheMax };
}
