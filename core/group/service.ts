/** The group as frontends see it (group.ts), on top of this box's member and state. */
import { assert } from '../assert.ts';
import { ROOM_MS_MAX, STATE_RESERVE_SIZE } from '../limits.ts';
import type { Clock, Time } from '../ports/clock.ts';
import type { Disk } from '../ports/disk.ts';
import type { Random } from '../ports/random.ts';
import { err, ok, type Result } from '../result.ts';
import type { Caller } from '../vfs/caller.ts';
import type { HandleStrategy } from '../vfs/handle.ts';
import type { FileId } from '../vfs/inode.ts';
import type { FsError } from '../vfs/status.ts';
import { BackendError } from '../volume/backend.ts';
import type { Operation, Stamp } from '../volume/operation.ts';
import type { AnyOperation } from '../volume/operations.ts';
import { shortened } from '../volume/short-write.ts';
import { Volume } from '../volume/volume.ts';
import { Writer } from '../wire/writer.ts';
import { REGISTRY_VOLUME, writeChange, writeReply } from './body.ts';
import type { BoxId, Position } from './entry.ts';
import type { Group, MadeChange, ReplyRecord, ServedVolume, Transaction } from './group.ts';
import { enterHalfWritten } from './half-written.ts';
import type { Member } from './member.ts';
import {
  ROW_CODE,
  ROW_SIZE_MAX,
  type RowChange,
  refusalOfRow,
  rowChangeSize,
  writeRowChange,
} from './protocol-table.ts';
import type { RegistryChange } from './registry.ts';
import { encodeRegistryChange } from './registry-change.ts';
import type { Requests } from './requests.ts';
import type { State } from './state.ts';

/**
 * Bytes of one entry's body: a handful of changes, names and one reply. The longest is a file that is made with a security
 * descriptor and extended attributes (core/vfs/extra.ts).
 */
const BODY_SIZE_MAX = 192 * 1024;
/** Bytes of one record of the registry. */
const RECORD_SIZE_MAX = 63 * 1024;
/** Bytes that rows leave for a change and a reply: replies of calls that change something are small. */
const REPLY_ROOM = 16 * 1024;
/** What the count of changes in a body can say. */
const CHANGES_MAX = 255;
/** Bytes of log and catalog that an entry takes beside its data, about. */
const ENTRY_SIZE = 1024;
/** Milliseconds between tries to reach a backup that must sync a file. */
const SYNC_RETRY_MS = 20;

/** What the service needs of this box's member. */
export type GroupMember = Pick<
  Member,
  | 'serving'
  | 'accepting'
  | 'view'
  | 'committed'
  | 'required'
  | 'propose'
  | 'afterCommit'
  | 'onServing'
  | 'refetch'
>;

/** There, in the state directory, from the first start after a power cut until what it took is made good. */
export const REBOOTED = 'rebooted';

const NANOSECONDS_MAX = 999_999_999;

export interface ServiceDependencies {
  readonly self: BoxId;
  readonly member: GroupMember;
  readonly state: State;
  readonly requests: Requests;
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: Disk;
}

type ChangeOptions = {
  readonly strategy?: HandleStrategy;
  readonly data?: Buffer;
  readonly stable?: boolean;
};

/** One transaction at a time: a call runs to its end in one turn, so the same object serves all of them. */
class OpenTransaction implements Transaction {
  readonly #service: GroupService;
  readonly #body = new Writer(BODY_SIZE_MAX);
  stamp: Stamp = { position: 0, time: { seconds: 0, nanoseconds: 0 } };
  changes = 0;
  stable = false;
  data: Buffer | undefined;

  constructor(service: GroupService) {
    this.#service = service;
  }

  open(stamp: Stamp): void {
    this.stamp = stamp;
    this.changes = 0;
    this.stable = false;
    this.data = undefined;
    this.#body.reset();
    this.#body.u8(0);
  }

  change<Args, Change, Outcome>(
    operation: Operation<Args, Change, Outcome>,
    served: ServedVolume,
    caller: Caller,
    args: Args,
    options: ChangeOptions = {},
  ): Result<Outcome, FsError> {
    assert(served instanceof Volume, 'transaction: a volume of another house');
    try {
      const decided = this.#service.check(operation, served, caller, args, options);
      if (!decided.ok) return decided;
      return ok(this.#take(operation, served, decided.value, options));
    } catch (cause) {
      if (!(cause instanceof BackendError)) throw cause;
      return err(this.#service.refusedByBackend(cause));
    }
  }

  #take<Change, Outcome>(
    operation: Operation<never, Change, Outcome>,
    served: Volume,
    decided: Change,
    { data: given, stable }: ChangeOptions,
  ): Outcome {
    // Before anything takes effect: an entry whose count is wrong could be read by nobody.
    assert(this.changes < CHANGES_MAX, 'transaction: more changes than one entry counts');
    let [change, data] = [decided, given];
    let outcome: Outcome;
    try {
      outcome = this.#service.take(operation, served, change, this.stamp, data);
    } catch (cause) {
      const short = shortened(operation, served.tree, change, cause);
      if (short === undefined) throw cause;
      change = short.change;
      data = data?.subarray(0, short.size);
      // Without data: the backend has it.
      outcome = this.#service.take(operation, served, change, this.stamp, undefined);
    }
    writeChange(this.#body, served.record.id, operation.code, () =>
      operation.encode(this.#body, change),
    );
    this.changes += 1;
    if (data !== undefined) this.data = data;
    if (served.record.durability === 'disk' && stable !== false) this.stable = true;
    return outcome;
  }

  /** Throws, with nothing changed, when the change is too large or this box cannot open a new volume. */
  registry(change: RegistryChange): void {
    const json = encodeRegistryChange(change);
    if (json.length > RECORD_SIZE_MAX) {
      throw new Error(
        `${change.kind}: ${json.length} bytes, at most ${RECORD_SIZE_MAX}; give it fewer or shorter parts`,
      );
    }
    this.#service.takeRegistry(change, this.stamp);
    writeChange(this.#body, REGISTRY_VOLUME, 0, () => this.#body.raw(json));
    this.changes += 1;
    this.stable = true;
  }

  put(key: string, value: Buffer): void {
    const refusal = this.#service.refusesRow(key, value);
    if (refusal !== undefined) throw new Error(refusal);
    this.#row({ key, value });
  }

  remove(key: string): void {
    if (this.#service.hasRow(key)) this.#row({ key, value: undefined });
  }

  get roomForRows(): number {
    return Math.min(this.#body.room - REPLY_ROOM, (CHANGES_MAX - this.changes) * ROW_SIZE_MAX);
  }

  #row(change: RowChange): void {
    assert(
      rowChangeSize(change) <= this.roomForRows,
      'transaction: more rows than one entry takes',
    );
    this.#service.takeRow(change);
    writeChange(this.#body, REGISTRY_VOLUME, ROW_CODE, () => writeRowChange(this.#body, change));
    this.changes += 1;
  }

  /** The entry's body; a copy that nobody reuses. */
  close(reply: ReplyRecord | undefined): Buffer {
    this.#body.bytes[0] = this.changes;
    writeReply(this.#body, reply);
    return Buffer.from(this.#body.finish());
  }
}

export class GroupService implements Group {
  readonly #deps: ServiceDependencies;
  readonly #transaction = new OpenTransaction(this);
  readonly #servingListeners: ((serving: boolean) => void)[] = [];
  readonly #registryListeners: (() => void)[] = [];
  readonly #changeListeners: ((change: MadeChange) => void)[] = [];
  #open = false;
  #isOpen: (volume: number, file: FileId) => boolean = () => false;
  #roomUntil = 0;
  #room = 0;
  /** Fail those who wait for a commit that this box may never hear of. */
  readonly #losers = new Set<(error: Error) => void>();

  constructor(deps: ServiceDependencies) {
    this.#deps = deps;
    deps.member.onServing((serving) => {
      if (serving) this.#enterHalfWritten();
      else this.#lose();
      for (const listener of this.#servingListeners) listener(serving);
      for (const listener of this.#registryListeners) listener();
    });
    deps.state.onRegistry(() => {
      for (const listener of this.#registryListeners) listener();
    });
  }

  get serving() {
    return this.#deps.member.serving;
  }
  get accepting() {
    return this.#deps.member.accepting;
  }
  get view() {
    return this.#deps.member.view;
  }
  get self() {
    return this.#deps.self;
  }
  get committed() {
    return this.#deps.member.committed;
  }
  get replies() {
    return this.#deps.state.replies;
  }

  volume(id: number): ServedVolume | undefined {
    return this.#deps.state.volume(id);
  }
  volumes() {
    return this.#deps.state.volumes();
  }
  exports() {
    return this.#deps.state.registry.exports;
  }
  addresses() {
    return this.#deps.state.registry.addresses;
  }
  handleKeys() {
    return this.#deps.state.registry.handleKeys;
  }

  rows(prefix: string) {
    return this.#deps.state.rows.rows(prefix);
  }
  refusesRow(key: string, value: Buffer): string | undefined {
    return refusalOfRow(this.#deps.state.rows, { key, value });
  }
  hasRow(key: string): boolean {
    return this.#deps.state.rows.get(key) !== undefined;
  }

  begin(): OpenTransaction {
    assert(!this.#open, 'transaction: begun before the last was sealed');
    this.#open = true;
    this.#next();
    return this.#transaction;
  }

  seal(reply: ReplyRecord | undefined): Position {
    assert(this.#open, 'transaction: sealed twice');
    this.#open = false;
    const { changes, stable, data } = this.#transaction;
    if (changes === 0 && reply === undefined) return this.#deps.state.staged;
    return this.#propose(stable, data, reply);
  }

  abandon(): void {
    assert(this.#open && this.#transaction.changes === 0, 'transaction: abandoned after a change');
    this.#open = false;
  }

  afterCommit(position: Position, send: () => void): void {
    this.#deps.member.afterCommit(position, send);
  }

  /** Resolves when everything up to `position` is committed; rejects when this box is replaced before. */
  committing(position: Position): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#losers.add(reject);
      this.afterCommit(position, () => {
        this.#losers.delete(reject);
        resolve();
      });
    });
  }

  onServing(change: (serving: boolean) => void): void {
    this.#servingListeners.push(change);
    change(this.serving);
  }

  onRemoval(isOpen: (volume: number, file: FileId) => boolean): void {
    this.#isOpen = isOpen;
  }

  onRegistry(change: () => void): void {
    this.#registryListeners.push(change);
  }

  onChange(made: (change: MadeChange) => void): void {
    this.#changeListeners.push(made);
  }

  /**
   * A stable entry without changes is a barrier: its commit says that every log up to it is synced. Beside it every
   * box that may be in sync syncs the file itself, also one that becomes so meanwhile; one that goes out of sync need
   * not answer. A box that joins later syncs everything before it counts (core/group/follower.ts).
   */
  async sync(volumeId: number, file: FileId): Promise<void> {
    const { state, member } = this.#deps;
    const volume = state.volume(volumeId);
    if (volume === undefined || volume.record.durability === 'memory') {
      return this.#committed(state.staged);
    }
    this.#next();
    const position = this.#propose(true, undefined, undefined);
    const asked = new Set<BoxId>();
    const ask = (): Promise<void>[] => {
      const peers = member.required.filter((peer) => !asked.has(peer));
      for (const peer of peers) asked.add(peer);
      return peers.map((peer) => this.#syncOn(peer, volumeId, file));
    };
    await Promise.all([this.#committed(position), volume.backend.sync(file), ...ask()]);
    for (let more = ask(); more.length > 0; more = ask()) await Promise.all(more);
  }

  /** For transactions: everything that is not the operation's own business. */
  check<Args, Change, Outcome>(
    operation: Operation<Args, Change, Outcome>,
    volume: Volume,
    caller: Caller,
    args: Args,
    options: ChangeOptions,
  ): Result<Change, FsError> {
    return volume.check(operation, caller, args, {
      issuer: options.strategy === 'issuer' ? this.self : '',
      random: this.#deps.random,
      hasRoom: (size) => this.#hasRoom(volume, size),
      isOpen: (file) => this.#isOpen(volume.record.id, file),
    });
  }

  take<Change, Outcome>(
    operation: Operation<never, Change, Outcome>,
    volume: Volume,
    change: Change,
    stamp: Stamp,
    data: Buffer | undefined,
  ): Outcome {
    const outcome = this.#deps.state.take(operation, volume, change, stamp, data);
    if (this.#changeListeners.length > 0) {
      const any = operation as unknown as AnyOperation;
      for (const made of this.#changeListeners) {
        made({ volume, operation: any, change, outcome, stamp });
      }
    }
    return outcome;
  }

  takeRegistry(change: RegistryChange, stamp: Stamp): void {
    this.#deps.state.takeRegistry(change, stamp);
  }

  takeRow(change: RowChange): void {
    this.#deps.state.takeRow(change);
  }

  refusedByBackend(cause: BackendError): FsError {
    return cause.reason === 'no-space' ? 'no-space' : 'io';
  }

  /** Opens the transaction at the position and time of the entry to come. */
  #next(): void {
    const { state } = this.#deps;
    const position = state.staged + 1;
    state.staging.at(position);
    this.#transaction.open({ position, time: this.#time() });
  }

  #propose(stable: boolean, data: Buffer | undefined, reply: ReplyRecord | undefined): Position {
    const { state, member } = this.#deps;
    const { stamp } = this.#transaction;
    const position = stamp.position as Position;
    const body = this.#transaction.close(reply);
    state.stagedByTransaction(position, stamp.time, member.view);
    if (reply !== undefined) {
      const kept = body.subarray(body.length - paddedSize(reply.reply.length));
      state.replies.keep(reply.key, kept.subarray(0, reply.reply.length), position, stamp.time);
    }
    member.propose({ position, time: stamp.time, stable, body, data });
    return position;
  }

  /** Later than every entry before it, also those of another box, so that times never run backwards. */
  #time(): Time {
    const wall = this.#deps.clock.wall();
    const last = this.#deps.state.lastTime;
    if (isLater(wall, last)) return wall;
    if (last.nanoseconds === NANOSECONDS_MAX) return { seconds: last.seconds + 1, nanoseconds: 0 };
    return { seconds: last.seconds, nanoseconds: last.nanoseconds + 1 };
  }

  #committed(position: Position): Promise<void> {
    return new Promise((resolve) => this.afterCommit(position, resolve));
  }

  async #syncOn(peer: BoxId, volume: number, file: FileId): Promise<void> {
    for (;;) {
      try {
        await this.#deps.requests.ask(peer, 'sync', { volume, file });
        return;
      } catch {
        // Who serves no longer answers nobody: its client asks the next one.
        const { serving, required } = this.#deps.member;
        if (!serving || !required.includes(peer)) return;
        await new Promise<void>((resolve) => this.#deps.clock.after(SYNC_RETRY_MS, resolve));
      }
    }
  }

  /** Bytes of the state directory's disk beyond the reserve; below zero where it is used up. */
  stateRoom(): number {
    this.#roomUntil = this.#deps.clock.now() + ROOM_MS_MAX;
    this.#room = this.#deps.disk.free() - STATE_RESERVE_SIZE;
    return this.#room;
  }

  /** What is let in counts at once: within half a second a fast client writes more than the whole reserve. */
  #hasRoom(volume: Volume, size: number): boolean {
    const entrySize = size + ENTRY_SIZE;
    const isOld = this.#deps.clock.now() >= this.#roomUntil;
    if ((isOld || this.#room < entrySize) && this.stateRoom() < entrySize) return false;
    this.#room -= entrySize;
    const space = volume.space();
    // Some file systems (btrfs, FAT) do not count files.
    const isFull = space.filesTotal > 0 && space.filesFree === 0;
    return space.sizeFree >= size && !isFull;
  }

  #enterHalfWritten(): void {
    const { member, state } = this.#deps;
    const { refetch } = member;
    if (refetch.extents.length === 0) return;
    for (const extent of refetch.extents) {
      const volume = state.volume(extent.volume);
      // Known as long as there is no room for it: whoever joins then is told the next time.
      if (volume !== undefined && !enterHalfWritten(this, volume, extent)) return;
    }
    this.afterCommit(state.staged, () => refetch.put([]));
  }

  #lose(): void {
    const losers = [...this.#losers];
    this.#losers.clear();
    for (const lose of losers) {
      lose(new Error('this box serves no longer: whether it was done, the next one says'));
    }
  }
}

function isLater(time: Time, than: Time): boolean {
  if (time.seconds !== than.seconds) return time.seconds > than.seconds;
  return time.nanoseconds > than.nanoseconds;
}

function paddedSize(size: number): number {
  return (size + 3) & ~3;
}
