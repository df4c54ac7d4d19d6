/**
 * One box that is its own group: changes take effect as on a primary, and commit at once or, while `holding`, when
 * the test says so.
 */
import type { BoxId, Position, View } from '#core/group/entry.ts';
import type {
  Group,
  MadeChange,
  ReplyRecord,
  ServedVolume,
  Transaction,
} from '#core/group/group.ts';
import type { AddressRecord, ExportRecord, HandleKey, VolumeRecord } from '#core/group/registry.ts';
import type { CachedReply } from '#core/group/reply-cache.ts';
import type { Time } from '#core/ports/clock.ts';
import { err, ok, type Result } from '#core/result.ts';
import type { Caller } from '#core/vfs/caller.ts';
import type { HandleStrategy } from '#core/vfs/handle.ts';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import type { FsError } from '#core/vfs/status.ts';
import { type Backend, BackendError } from '#core/volume/backend.ts';
import { Catalog } from '#core/volume/catalog.ts';
import { MemoryStore } from '#core/volume/memory-store.ts';
import type { Operation } from '#core/volume/operation.ts';
import type { AnyOperation } from '#core/volume/operations.ts';
import { StagedStore } from '#core/volume/staged-store.ts';
import { Volume } from '#core/volume/volume.ts';
import { memoryFactory } from '#plugins/fs/memory/factory.ts';

const BOX = 'a' as BoxId;
/** What the count of an entry's body can say. */
const CHANGES_MAX = 255;
const RANDOM = { bytes: (size: number) => Buffer.alloc(size, 7), u32: () => 77 };

export const VOLUME_ID = 5;
export const EXPORT_ID = 3;

export function volumeRecord(backend: Backend, more: Partial<VolumeRecord> = {}): VolumeRecord {
  return {
    id: VOLUME_ID,
    name: 'files',
    durability: 'memory',
    fsid: '0123456789abcdeffedcba9876543210',
    limits: backend.abilities.limits,
    members: { [BOX]: { backend: 'memory', path: '' } },
    ...more,
  };
}

export function exportRecord(more: Partial<ExportRecord> = {}): ExportRecord {
  return {
    id: EXPORT_ID,
    volume: VOLUME_ID,
    path: '/files',
    root: ROOT_ID,
    networks: ['127.0.0.0/8'],
    squash: 'no_root_squash',
    anonymousUid: 65_534,
    anonymousGid: 65_534,
    readOnly: false,
    handles: 'generic',
    ...more,
  };
}

export class FakeGroup implements Group {
  readonly self = BOX;
  readonly view = 1 as View;
  readonly backend: Backend;
  readonly served: Volume;
  readonly replies = { find: (key: string) => this.#replies.get(key) };
  /** Keys of all sealed replies, in order. */
  readonly sealed: string[] = [];
  serving = false;
  accepting = true;
  /** Entry N happens at second 1000 + N, unless a test says otherwise. */
  timeOf = (position: number): Time => ({ seconds: 1000 + position, nanoseconds: position });
  /** Commits wait for `release`. */
  holding = false;
  exportRecords: readonly ExportRecord[] = [exportRecord()];
  addressRecords: readonly AddressRecord[] = [{ address: '127.0.0.1', interface: '' }];
  keys: readonly HandleKey[] = [{ id: 1, secret: '000102030405060708090a0b0c0d0e0f' }];
  /** Calls of `sync`. */
  syncs = 0;

  readonly #store = new StagedStore(new MemoryStore());
  readonly #rows = new Map<string, Buffer>();
  readonly #replies = new Map<string, CachedReply>();
  readonly #serving: ((serving: boolean) => void)[] = [];
  readonly #registry: (() => void)[] = [];
  readonly #waiting: { readonly position: number; readonly send: () => void }[] = [];
  #isOpen: (volume: number, file: FileId) => boolean = () => false;
  #staged = 1;
  #committed = 1;
  #open = false;
  #changes = 0;

  constructor(backend = memoryBackend()) {
    this.backend = backend;
    const catalog = new Catalog({ volume: VOLUME_ID }, this.#store);
    this.served = new Volume(volumeRecord(backend), catalog, backend);
    this.served.writeVerifier = Buffer.from('0011223344556677', 'hex');
    this.#store.at(1);
    this.served.initialize(this.#stamp(1));
  }

  get committed(): Position {
    return this.#committed as Position;
  }

  get staged(): number {
    return this.#staged;
  }

  serve(serving: boolean): void {
    this.serving = serving;
    for (const tell of this.#serving) tell(serving);
    for (const tell of this.#registry) tell();
  }

  /** Replaces the registry's rows. */
  register(exports: readonly ExportRecord[]): void {
    this.exportRecords = exports;
    for (const tell of this.#registry) tell();
  }

  /** Commits everything staged and sends what waited for it. */
  release(): void {
    this.holding = false;
    this.#committed = this.#staged;
    for (const { send } of this.#waiting.splice(0)) send();
  }

  volume(id: number): ServedVolume | undefined {
    return id === VOLUME_ID ? this.served : undefined;
  }
  volumes(): readonly ServedVolume[] {
    return [this.served];
  }
  exports(): readonly ExportRecord[] {
    return this.exportRecords;
  }
  addresses(): readonly AddressRecord[] {
    return this.addressRecords;
  }
  handleKeys(): readonly HandleKey[] {
    return this.keys;
  }

  onRemoval(isOpen: (volume: number, file: FileId) => boolean): void {
    this.#isOpen = isOpen;
  }

  rows(prefix: string) {
    return [...this.#rows]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => ({ key, value }));
  }
  refusesRow(): undefined {
    return undefined;
  }

  begin(): Transaction {
    if (this.#open) throw new Error('fake group: a transaction is open');
    this.#open = true;
    this.#changes = 0;
    this.#store.at(this.#staged + 1);
    return {
      change: (operation, _volume, caller, args, options = {}) =>
        this.#change(operation, caller, args, options),
      put: (key, value) => this.#row(key, value),
      remove: (key) => this.#row(key, undefined),
      roomForRows: 48 * 1024,
    };
  }

  seal(reply: ReplyRecord | undefined): Position {
    this.#open = false;
    if (this.#changes === 0 && reply === undefined) return this.#staged as Position;
    this.#staged += 1;
    if (!this.holding) this.release();
    if (reply !== undefined) {
      this.sealed.push(reply.key);
      const copy = Buffer.from(reply.reply);
      this.#replies.set(reply.key, { reply: copy, position: this.#staged });
    }
    // What waits for this very entry was asked for while it was made.
    if (!this.holding) for (const { send } of this.#waiting.splice(0)) send();
    return this.#staged as Position;
  }

  abandon(): void {
    if (this.#changes > 0) throw new Error('fake group: abandoned after a change');
    this.#open = false;
  }

  afterCommit(position: Position, send: () => void): void {
    if (position <= this.#committed) send();
    else this.#waiting.push({ position, send });
  }

  sync(): Promise<void> {
    this.syncs += 1;
    return Promise.resolve();
  }

  onServing(change: (serving: boolean) => void): void {
    this.#serving.push(change);
    change(this.serving);
  }

  onRegistry(change: () => void): void {
    this.#registry.push(change);
    change();
  }

  onChange(made: (change: MadeChange) => void): void {
    this.#made.push(made);
  }

  readonly #made: ((change: MadeChange) => void)[] = [];

  #change<Args, Change, Outcome>(
    operation: Operation<Args, Change, Outcome>,
    caller: Caller,
    args: Args,
    options: { readonly strategy?: HandleStrategy; readonly data?: Buffer },
  ): Result<Outcome, FsError> {
    const issuer = options.strategy === 'issuer' ? BOX : '';
    const isOpen = (file: FileId) => this.#isOpen(VOLUME_ID, file);
    const environment = { issuer, random: RANDOM, hasRoom: () => true, isOpen };
    const change = this.served.check<Args, Change>(operation, caller, args, environment);
    if (!change.ok) return change;
    if (this.#changes === CHANGES_MAX) throw new Error('fake group: too many changes in an entry');
    const stamp = this.#stamp(this.#staged + 1);
    try {
      const outcome = this.served.apply(operation, change.value, stamp, options.data);
      this.#changes += 1;
      const any = operation as unknown as AnyOperation;
      for (const made of this.#made) {
        made({ volume: this.served, operation: any, change: change.value, outcome, stamp });
      }
      return ok(outcome);
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      return err(error.reason);
    }
  }

  #row(key: string, value: Buffer | undefined): void {
    this.#changes += 1;
    if (value === undefined) this.#rows.delete(key);
    else this.#rows.set(key, Buffer.from(value));
  }

  #stamp(position: number) {
    return { position, time: this.timeOf(position) };
  }
}

export function memoryBackend(): Backend {
  const options = { volume: VOLUME_ID, volumeName: 'files', path: '' };
  return memoryFactory({ sizeMax: 64 * 1024 * 1024 }, RANDOM).open(options, NO_TABLE);
}

const NO_TABLE = {
  get: () => undefined,
  range: () => [],
  put: () => {},
  remove: () => {},
};
