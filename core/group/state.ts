/**
 * What the group's log drives on one box: the registry and the volumes, over one staged store.
 *
 *     stage    body -> changes -> overlay rows, content to the backend
 *     commit   mirror calls in log order, then all rows and the applied position in one transaction
 *     discard  the overlay is forgotten; content is fetched again by whoever called
 *
 * Liberty taken: content reaches the backend when it is staged, not when it is committed, so that a megabyte is
 * written once and a reader of what was staged needs no second place to look.
 */
import { assert } from '../assert.ts';
import type { Log } from '../log-line.ts';
import type { Time } from '../ports/clock.ts';
import type { Mark } from '../ports/mark.ts';
import type { Store } from '../ports/store.ts';
import type { FileId } from '../vfs/inode.ts';
import { BackendError, type Replay } from '../volume/backend.ts';
import type { Backends } from '../volume/backends.ts';
import { Catalog } from '../volume/catalog.ts';
import type { Operation, Stamp } from '../volume/operation.ts';
import { type AnyOperation, operationOf } from '../volume/operations.ts';
import { SettledBackend } from '../volume/settled-backend.ts';
import { StagedStore } from '../volume/staged-store.ts';
import { Volume } from '../volume/volume.ts';
import { Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';
import { type BodyChange, REGISTRY_VOLUME, readBody } from './body.ts';
import type { BoxId, Entry, Position, View } from './entry.ts';
import type { RegistryChange, VolumeRecord } from './registry.ts';
import { RegistryTable } from './registry-table.ts';
import { Replies } from './replies.ts';
import { StagedTable } from './staged-table.ts';
import type { Extent, StateMachine } from './state-machine.ts';

/** Position and view of the last entry that is folded into the store. */
const APPLIED_KEY = '\x00applied';
/** Committed entries that may wait to be folded: a store transaction costs as much as the mirror calls of several. */
const UNFOLDED_MAX = 256;
/** Rows removed at once when a store is emptied: more than a registry has. */
const WIPE_ROWS = 10_000;

/** What a committed entry still owes to a backend. */
interface Owed {
  readonly stamp: Stamp;
  readonly volume: Volume;
  readonly operation: AnyOperation;
  readonly change: unknown;
}

export interface StateOptions {
  readonly self: BoxId;
  /** The machine was started anew since this state was last in use: the page cache was lost. */
  readonly rebooted: boolean;
}

export interface StateDependencies {
  readonly store: Store;
  readonly backends: Backends;
  /** The last position whose mirror calls were made, kept up to date entry by entry. */
  readonly mirrored: Mark;
  /** Syncs the log: a store that comes back from a power cut ahead of its log has lost the replies that stand there. */
  readonly syncLog?: () => Promise<void>;
  /**
   * Runs something soon, when replies that wait for this turn's commits are on their way; what it throws puts this
   * box out. Without it mirror calls are made with the commit.
   */
  readonly defer?: (run: () => void) => void;
  readonly log: Log;
}

export class State implements StateMachine {
  readonly staging: StagedStore;
  readonly registry: RegistryTable;
  readonly replies = new Replies();
  readonly #options: StateOptions;
  readonly #deps: StateDependencies;
  /** Rows of backends: written while mirroring, so never ahead of what is applied. */
  readonly #locals: StagedStore;
  readonly #volumes = new Map<number, Volume>();
  /** Of the newest entry staged or recalled: a new primary's times go on from there. */
  lastTime: Time = { seconds: 0, nanoseconds: 0 };
  #owed: Owed[] = [];
  #applied: Position;
  #appliedView: View;
  #committed: Position;
  /** Of what is committed: mirrored, and to be folded with others. */
  #mirrored: Position;
  /** `settle` will run soon. */
  #settling = false;
  #staged: Position;
  /** Where the views of staged entries begin. */
  #views: { readonly from: Position; readonly view: View }[] = [];
  /** Mirror calls up to here were made before this process started: all that is known to be committed from then. */
  #mirroredBefore: Position;
  /** Entries up to here come from this box's own log: a backend that keeps content has theirs already. */
  #ownLogTo = 0;
  /** Writes of this box's own log whose bytes a power cut may have left or taken: see `foresee`. */
  #foreseen: ({ readonly position: Position } & Extent)[] = [];
  /** What the log held when this process started: the process before mirrored nothing behind it. */
  #loggedBefore = 0 as Position;
  /** The first entry mirrored after those: it may have been under way when the process before ended. */
  #inDoubt: Position | undefined;
  #isReplayed = false;
  /** The last view that this box had a part in before this process started, as far as it can tell. */
  #viewBefore: View;
  #onRegistry: () => void = () => {};
  /** The checkpoint under way, or the last one; whoever asks meanwhile shares the next. */
  #checkpoint: Promise<void> = Promise.resolve();
  #nextCheckpoint: Promise<void> | undefined;
  #secured = 0 as Position;

  constructor(options: StateOptions, deps: StateDependencies) {
    this.#options = options;
    this.#deps = deps;
    this.staging = new StagedStore(deps.store);
    this.#locals = new StagedStore(deps.store);
    this.registry = new RegistryTable(this.staging);
    this.#mirroredBefore = deps.mirrored.get() as Position;
    const applied = readApplied(deps.store);
    this.#applied = applied.position;
    this.#appliedView = applied.view;
    this.#viewBefore = applied.view;
    this.#committed = applied.position;
    this.#mirrored = applied.position;
    this.#staged = applied.position;
    this.#open();
  }

  get applied(): Position {
    return this.#applied;
  }

  get secured(): Position {
    return this.#secured;
  }

  get appliedView(): View {
    return this.#appliedView;
  }

  get staged(): Position {
    return this.#staged;
  }

  volume(id: number): Volume | undefined {
    return this.#volumes.get(id);
  }

  volumes(): readonly Volume[] {
    return [...this.#volumes.values()];
  }

  /** Called after each change of the registry, staged or discarded. */
  onRegistry(changed: () => void): void {
    this.#onRegistry = changed;
  }

  stage(entry: Entry): void {
    assert(entry.position === this.#staged + 1, `entry ${entry.position} after ${this.#staged}`);
    const body = readBody(entry.body);
    this.staging.at(entry.position);
    const stamp = { position: entry.position, time: entry.time };
    for (const change of body.changes) this.#stageChange(entry, change, stamp);
    if (body.reply !== undefined) {
      this.replies.keep(body.reply.key, Buffer.from(body.reply.reply), entry.position, entry.time);
    }
    this.#stagedAs(entry.position, entry.time, entry.view);
    if (entry.position <= this.#ownLogTo) this.#restaged(entry);
  }

  /** On the primary, whose transaction has applied the entry's changes one by one already. */
  stagedByTransaction(position: Position, time: Time, view: View): void {
    assert(position === this.#staged + 1, `transaction ${position} after ${this.#staged}`);
    this.#stagedAs(position, time, view);
  }

  /** Takes one decided volume change in: content, then rows. Throws `BackendError` with nothing taken. */
  take<Change, Outcome>(
    operation: Operation<never, Change, Outcome>,
    volume: Volume,
    change: Change,
    stamp: Stamp,
    data: Buffer | undefined,
  ): Outcome {
    const contentDone = this.#hasContent(volume, stamp);
    const restore = operation.content && this.#keepForeseen(volume, change, stamp.position);
    const outcome = volume.apply(operation, change, stamp, data, contentDone);
    restore?.();
    if (operation.mirror !== undefined && operation.mirrors?.(change) !== false) {
      this.#owed.push({ stamp, volume, operation: operation as unknown as AnyOperation, change });
    }
    return outcome;
  }

  /** Throws `BackendError`, with nothing taken, when this box cannot open a new volume. */
  takeRegistry(change: RegistryChange, stamp: Stamp): void {
    const isNew = change.kind === 'put-volume' && !this.#volumes.has(change.record.id);
    const made = isNew ? this.#openVolume(change.record) : undefined;
    this.registry.apply(change);
    made?.initialize(stamp);
    if (this.#isReplayed) made?.backend.replayed?.();
    if (change.kind === 'put-verifier') this.#verify();
    this.#onRegistry();
  }

  commit(position: Position): void {
    if (position <= this.#committed) return;
    assert(position <= this.#staged, `commit ${position}, staged ${this.#staged}`);
    this.#committed = position;
    const { defer } = this.#deps;
    if (defer === undefined) this.settle();
    else if (!this.#settling) {
      this.#settling = true;
      defer(() => {
        this.#settling = false;
        this.settle();
      });
    }
  }

  /** Makes the mirror calls that committed entries still owe. Throws `BackendError` when a backend refuses. */
  settle(): void {
    const position = this.#committed;
    if (this.#mirrored === position) return;
    this.#mirror(position);
    this.#mirrored = position;
    this.#endReplay();
    if (position - this.#applied >= UNFOLDED_MAX) this.fold();
  }

  /**
   * Puts everything committed into the store, in one transaction with the applied position: the tree first, because after
   * a restart nobody would mirror what is applied.
   */
  fold(): void {
    this.settle();
    const position = this.#committed;
    if (position === this.#applied) return;
    const view = this.#viewOf(position);
    this.staging.fold(position, (rows) =>
      this.#locals.fold(position, (locals) => {
        for (const row of locals) rows.push(row);
        rows.push({ key: APPLIED_KEY, value: appliedBytes(position, view) });
        this.#deps.store.commit(rows);
      }),
    );
    this.#applied = position;
    this.#appliedView = view;
    while ((this.#views[1]?.from ?? Infinity) <= position) this.#views.shift();
  }

  restaging(last: Position): void {
    this.#isReplayed = false;
    this.#ownLogTo = last;
    this.#loggedBefore = last;
    if (this.#mirroredBefore > last) {
      // A power cut took the end of the log.
      this.#mirroredBefore = last;
      this.#deps.mirrored.set(last);
    }
    this.#endReplay();
  }

  foresee(entry: Entry): void {
    for (const { volume, ...extent } of this.extents(entry)) {
      this.#foreseen.push({ position: entry.position, volume, ...extent });
    }
  }

  discard(): void {
    this.fold();
    this.#ownLogTo = 0;
    this.#foreseen = [];
    this.staging.discard();
    this.#owed = [];
    this.#views = [];
    this.#staged = this.#applied;
    this.registry.load();
    this.#verify();
    this.replies.discardAfter(this.#applied);
    for (const [id, volume] of this.#volumes) {
      volume.catalog.discard();
      if (this.registry.volumes.some((record) => record.id === id)) continue;
      this.#volumes.delete(id);
      void volume.backend.close();
    }
    this.#onRegistry();
  }

  /** Takes note of an entry that is applied already: retransmissions of its call find its reply. */
  recall(entry: Entry): void {
    this.lastTime = entry.time;
    if (entry.view > this.#viewBefore) this.#viewBefore = entry.view;
    const { reply } = readBody(entry.body);
    if (reply === undefined) return;
    this.replies.keep(reply.key, Buffer.from(reply.reply), entry.position, entry.time);
  }

  logsData(entry: Entry): boolean {
    if (entry.stable) return true;
    const volume = this.#volumeOf(entry);
    return volume === undefined || !volume.backend.abilities.persistent;
  }

  content(entry: Entry): Buffer {
    const extent = this.extents(entry)[0];
    if (extent === undefined) return Buffer.alloc(0);
    return this.contentOf({ ...extent, size: entry.dataSize });
  }

  extents(entry: Entry): readonly Extent[] {
    return readBody(entry.body).changes.flatMap((change) => {
      const operation = operationOf(change.code);
      if (change.volume === REGISTRY_VOLUME || operation?.extent === undefined) return [];
      const extent = operation.extent(operation.decode(change.reader));
      return extent === undefined ? [] : [{ volume: change.volume, ...extent }];
    });
  }

  contentOf(extent: Extent): Buffer {
    const target = Buffer.alloc(extent.size);
    this.#fileOf(extent)?.readNow(extent.file as FileId, extent.offset, target);
    return target;
  }

  putContent(extent: Extent, data: Buffer): void {
    const volume = this.#fileOf(extent);
    const size = volume?.catalog.inode(extent.file as FileId)?.size ?? 0;
    if (volume === undefined) return;
    const kept = data.subarray(0, Math.max(0, size - extent.offset));
    if (kept.length > 0) volume.backend.write(extent.file as FileId, extent.offset, kept);
    volume.backend.truncate(extent.file as FileId, size);
  }

  /**
   * Makes everything committed so far safe from a power cut. The store comes back as it is now, not as it is when the
   * backends have ended: of what they are told meanwhile, content would not be made again from the log.
   */
  checkpoint(): Promise<void> {
    this.#nextCheckpoint ??= this.#checkpoint.then(() => {
      this.#nextCheckpoint = undefined;
      this.fold();
      const position = this.#applied;
      const flushed = this.#deps.store.flushed(async () => {
        const { syncLog } = this.#deps;
        await Promise.all([
          ...this.volumes().map((volume) => volume.backend.checkpoint()),
          syncLog?.(),
        ]);
      });
      const run = flushed.then(() => {
        this.#secured = position;
      });
      this.#checkpoint = run.catch(() => {});
      return run;
    });
    return this.#nextCheckpoint;
  }

  async close(): Promise<void> {
    await Promise.all(this.volumes().map((volume) => volume.backend.close()));
  }

  #stagedAs(position: Position, time: Time, view: View): void {
    this.#staged = position;
    this.lastTime = time;
    if (this.#views.at(-1)?.view !== view) this.#views.push({ from: position, view });
  }

  #fileOf(extent: Extent): Volume | undefined {
    const volume = this.#volumes.get(extent.volume);
    return volume?.catalog.inode(extent.file as FileId)?.kind === 'file' ? volume : undefined;
  }

  #stageChange(entry: Entry, change: BodyChange, stamp: Stamp): void {
    if (change.volume === REGISTRY_VOLUME) {
      const json = change.reader.raw(change.reader.left).toString('utf8');
      this.takeRegistry(JSON.parse(json) as RegistryChange, stamp);
      return;
    }
    const volume = this.#volumes.get(change.volume);
    const operation = operationOf(change.code);
    assert(volume !== undefined, `entry ${entry.position}: no volume ${change.volume}`);
    assert(operation !== undefined, `entry ${entry.position}: no operation ${change.code}`);
    const decided = operation.decode(change.reader);
    this.take(operation, volume, decided, stamp, entry.data);
  }

  /**
   * What the backend has of later writes to the same file, to be put back: a COMMIT may have answered for them, and
   * what is done to the file now is done for the second time.
   */
  #keepForeseen(volume: Volume, change: unknown, position: number): (() => void) | undefined {
    if (this.#foreseen.length === 0) return undefined;
    const file = (change as { readonly file: FileId }).file;
    const kept = this.#foreseen
      .filter((extent) => extent.position > position && extent.file === file)
      .filter((extent) => extent.volume === volume.record.id)
      .map(({ offset, size }) => {
        const bytes = Buffer.alloc(size);
        return { offset, bytes: bytes.subarray(0, volume.backend.readNow(file, offset, bytes)) };
      });
    return () => {
      for (const { offset, bytes } of kept) {
        if (bytes.length > 0) volume.backend.write(file, offset, bytes);
      }
    };
  }

  /** What a backend kept through the end of the process before is not done twice. */
  #hasContent(volume: Volume, stamp: Stamp): boolean {
    if (!volume.backend.abilities.persistent || this.#options.rebooted) return false;
    return stamp.position <= this.#ownLogTo;
  }

  /**
   * What was mirrored was committed. It is folded before anything else comes: whoever asks what this box has applied must
   * hear of it, and mirror calls that were made long ago are told again only while nothing new is staged.
   */
  #restaged({ position, view }: Entry): void {
    if (view > this.#viewBefore) this.#viewBefore = view;
    if (position <= this.#mirroredBefore) this.commit(position);
    if (position === this.#mirroredBefore) this.fold();
  }

  #viewOf(position: Position): View {
    return this.#views.findLast((run) => run.from <= position)?.view ?? this.#appliedView;
  }

  #mirror(position: Position): void {
    let done = 0;
    try {
      for (const owed of this.#owed) {
        const { volume, operation, change, stamp } = owed;
        if (stamp.position > position) break;
        this.#locals.at(stamp.position);
        // An entry may have several changes: it counts with the last of them.
        const isLast = this.#owed[done + 1]?.stamp.position !== stamp.position;
        const replay = this.#replayOf(owed, isLast);
        volume.mirror(operation, change, stamp, replay, this.#options.self);
        done += 1;
        if (isLast && stamp.position > this.#mirroredBefore) {
          this.#deps.mirrored.set(stamp.position);
        }
      }
    } finally {
      // What was made is not owed any more, also when the next one was refused.
      this.#owed = done === this.#owed.length ? [] : this.#owed.slice(done);
    }
  }

  /** Tells the backends when everything that they may have been told by an earlier process is behind them. */
  #endReplay(): void {
    if (this.#isReplayed || this.#mirrored < this.#loggedBefore) return;
    if (this.#options.rebooted && this.#viewOf(this.#mirrored) <= this.#viewBefore) return;
    this.#isReplayed = true;
    for (const volume of this.#volumes.values()) volume.backend.replayed?.();
  }

  #replayOf({ volume, stamp }: Owed, isLast: boolean): Replay {
    const position = stamp.position as Position;
    if (!volume.backend.abilities.persistent) return 'fresh';
    // The tree on the disk may be ahead of the mark, which a power cut takes back like anything that was not synced.
    if (this.#options.rebooted)
      return this.#viewOf(position) <= this.#viewBefore ? 'maybe' : 'fresh';
    if (position <= this.#mirroredBefore) return 'done';
    if (position > this.#loggedBefore) return 'fresh';
    const isFirst = this.#inDoubt === undefined;
    this.#inDoubt ??= position;
    if (position !== this.#inDoubt) return 'fresh';
    return isFirst && isLast ? 'last' : 'maybe';
  }

  #volumeOf(entry: Entry): Volume | undefined {
    const first = readBody(entry.body).changes[0];
    return first === undefined ? undefined : this.#volumes.get(first.volume);
  }

  /** Opens every volume; where one has lost its content with the last process, everything is replayed from the log. */
  #open(): void {
    for (const record of this.registry.volumes) this.#openVolume(record);
    const lost = this.volumes().filter((volume) => !volume.backend.abilities.persistent);
    if (lost.length === 0 || this.#applied === 0) return;
    for (const volume of this.#volumes.values()) void volume.backend.close();
    this.#volumes.clear();
    wipe(this.#deps.store);
    this.registry.load();
    this.#applied = 0 as Position;
    this.#appliedView = 0 as View;
    this.#committed = 0 as Position;
    this.#mirrored = 0 as Position;
    this.#staged = 0 as Position;
  }

  #verify(): void {
    const verifier = Buffer.from(this.registry.verifier, 'hex');
    for (const volume of this.#volumes.values()) volume.writeVerifier = verifier;
  }

  #openVolume(record: VolumeRecord): Volume {
    const place = record.members[this.#options.self];
    if (place === undefined) {
      throw new BackendError(
        `volume ${record.name}: no backend on box ${this.#options.self}`,
        'io',
      );
    }
    const factory = this.#deps.backends.get(place.backend);
    if (factory === undefined) {
      throw new BackendError(
        `volume ${record.name}: this box has no backend "${place.backend}"`,
        'io',
      );
    }
    const table = new StagedTable(this.#locals, record.id);
    const options = { volume: record.id, volumeName: record.name, path: place.path };
    const sentence = factory.check(options);
    if (sentence !== undefined) throw new BackendError(sentence, 'io');
    const backend = new SettledBackend(factory.open(options, table), () => this.settle());
    const catalog = new Catalog({ volume: record.id }, this.staging);
    const volume = new Volume(record, catalog, backend);
    volume.writeVerifier = Buffer.from(this.registry.verifier, 'hex');
    this.#volumes.set(record.id, volume);
    return volume;
  }
}

function readApplied(store: Store): { readonly position: Position; readonly view: View } {
  const row = store.get(APPLIED_KEY);
  if (row === undefined) return { position: 0 as Position, view: 0 as View };
  const from = new Reader(row);
  return { position: from.u64() as Position, view: from.u64() as View };
}

function appliedBytes(position: Position, view: View): Buffer {
  const to = new Writer(Buffer.allocUnsafe(16));
  to.u64(position);
  to.u64(view);
  return to.finish();
}

/** What says that there is something to wipe goes last, and at once: the process may end on the way. */
function wipe(store: Store): void {
  for (const from of ['\x01', '']) {
    for (;;) {
      const rows = store.range(from, '\xff\xff', WIPE_ROWS);
      if (rows.length === 0) break;
      store.commit(rows.map(({ key }) => ({ key, value: undefined })));
    }
  }
}
