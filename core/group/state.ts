/**
 * What the group's log drives on one box: the registry, protocols' rows and the volumes, over one staged store.
 *
 *     stage    body -> changes -> overlay rows, content to the backend
 *     commit   mirror calls in log order, then all rows and the applied position in one transaction
 *     discard  the overlay is forgotten; content is fetched again by whoever called
 *
 * Liberty taken: content reaches the backend when it is staged, not when it is committed, so that a megabyte is
 * written once and a reader of what was staged needs no second place to look.
 */
import { assert } from '../assert.ts';
import { REPLIES_MAX } from '../limits.ts';
import type { Log } from '../log-line.ts';
import type { Time } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import { type FileId, hasContent } from '../vfs/inode.ts';
import { BackendError } from '../volume/backend.ts';
import type { Backends } from '../volume/backends.ts';
import { Catalog } from '../volume/catalog.ts';
import type { Operation, Stamp } from '../volume/operation.ts';
import { type AnyOperation, operationOf } from '../volume/operations.ts';
import { SettledBackend } from '../volume/settled-backend.ts';
import { StagedStore } from '../volume/staged-store.ts';
import { upgradeCatalog } from '../volume/upgrade.ts';
import { Volume } from '../volume/volume.ts';
import { DecodeError } from '../wire/reader.ts';
import { appliedRow, readApplied, wipe } from './applied.ts';
import { type BodyChange, firstVolume, REGISTRY_VOLUME, readBody } from './body.ts';
import type { BoxId, Entry, Position, View } from './entry.ts';
import { type Owed, OwedCalls } from './owed.ts';
import { ProtocolTable, ROW_CODE, type RowChange, readRowChange } from './protocol-table.ts';
import type { RegistryChange, VolumeRecord } from './registry.ts';
import { decodeRegistryChange } from './registry-change.ts';
import { RegistryTable } from './registry-table.ts';
import { Replies } from './replies.ts';
import { Restart } from './restart.ts';
import { StagedTable } from './staged-table.ts';
import type { Extent, LoggedEntries, StateMachine } from './state-machine.ts';
import type { UnderWay } from './under-way.ts';

/**
 * Committed entries that may wait to be folded, and to be mirrored: a store transaction costs as much as several mirror
 * calls, and whoever needs these made waits some tens of milliseconds.
 */
const UNFOLDED_MAX = 256;

/** Milliseconds that mirror calls wait: long beside a file's short life, short beside a look into the folder. */
const MIRROR_LAG_MS = 20;
/** Mirror calls made in one turn: a few milliseconds, a fraction of a heartbeat. */
const MIRRORED_MAX = 32;

export interface StateOptions {
  readonly self: BoxId;
  /** The machine was started anew since this state was last in use: the page cache was lost. */
  readonly rebooted: boolean;
}

export interface StateDependencies {
  readonly store: Store;
  readonly backends: Backends;
  /** What of content is written before it is logged; without it, nobody is told. */
  readonly underWay?: UnderWay;
  /** Syncs the log: a store that comes back from a power cut ahead of its log has lost the replies that stand there. */
  readonly syncLog?: () => Promise<void>;
  /**
   * Runs something after some milliseconds, with 0 when what waits for this turn is on its way; what it throws puts
   * this box out. Without it mirror calls are made with the commit.
   */
  readonly later?: (delayMs: number, run: () => void) => void;
  readonly log: Log;
}

export class State implements StateMachine {
  readonly staging: StagedStore;
  readonly registry: RegistryTable;
  readonly rows: ProtocolTable;
  readonly replies = new Replies();
  readonly #options: StateOptions;
  readonly #deps: StateDependencies;
  /** Rows of backends: written while mirroring, so never ahead of what is applied. */
  readonly #locals: StagedStore;
  readonly #volumes = new Map<number, Volume>();
  /** Of the newest entry staged or recalled: a new primary's times go on from there. */
  lastTime: Time = { seconds: 0, nanoseconds: 0 };
  readonly #owed = new OwedCalls();
  #applied: Position;
  #appliedView: View;
  #committed: Position;
  #staged: Position;
  /** Up to here backends that keep their content follow the entries; behind `applied` only while a start goes on. */
  #followed: Position;
  /** While backends that keep their content do not follow yet, and are brought in line later. */
  #restart: Restart | undefined;
  /** Then: mirror calls up to here are not made one by one. */
  #mendedTo: number = 0;
  /** What was staged from the own log was discarded: other boxes send what the group has. */
  #rejoins = false;
  /** Mirror calls will be made soon. */
  #settling = false;
  /** `fold` will run soon. */
  #folding = false;
  /** Where the views of staged entries begin. */
  #views: { readonly from: Position; readonly view: View }[] = [];
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
    this.rows = new ProtocolTable(this.staging);
    const applied = readApplied(deps.store);
    this.#applied = applied.position;
    this.#appliedView = applied.view;
    this.#followed = applied.followed;
    this.#committed = applied.position;
    this.#staged = applied.position;
    this.#open();
  }

  get applied(): Position {
    return this.#applied;
  }

  get secured(): Position {
    return this.#secured;
  }

  get followed(): Position | undefined {
    const keeps = this.volumes().some(({ backend }) => backend.abilities.persistent);
    return keeps ? this.#followed : undefined;
  }

  get unlogged(): readonly Extent[] {
    return this.#deps.underWay?.extents ?? [];
  }

  logged(): void {
    this.#deps.underWay?.clear();
  }

  get spare(): Position {
    for (const volume of this.#volumes.values()) {
      if (!volume.backend.abilities.persistent) return 0 as Position;
    }
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
    if (this.#rejoins && entry.position > this.#followed) this.#restart?.pass(entry, true);
    this.staging.at(entry.position);
    const stamp = { position: entry.position, time: entry.time };
    for (const change of body.changes) this.#stageChange(entry, change, stamp);
    if (body.reply !== undefined) {
      this.replies.keep(body.reply.key, Buffer.from(body.reply.reply), entry.position, entry.time);
    }
    this.#stagedAs(entry.position, entry.time, entry.view);
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
    const isKept = this.#restart !== undefined && volume.backend.abilities.persistent;
    if (!isKept) this.#note(operation, volume, change);
    const outcome = volume.apply(operation, change, stamp, data, isKept);
    const touched = operation.mirror && operation.touches?.(change);
    if (touched !== undefined && !(isKept && stamp.position <= this.#mendedTo)) {
      const any = operation as unknown as AnyOperation;
      this.#owed.add({ stamp, volume, operation: any, change, touched });
    }
    return outcome;
  }

  /** Throws `BackendError`, with nothing taken, when this box cannot open a new volume. */
  takeRegistry(change: RegistryChange, stamp: Stamp): void {
    const isNew = change.kind === 'put-volume' && !this.#volumes.has(change.record.id);
    const made = isNew ? this.#openVolume(change.record) : undefined;
    this.registry.apply(change);
    made?.initialize(stamp);
    // All that was done to it is behind this entry: not known to be committed, like the entry, and may be in the tree.
    if (made !== undefined && stamp.position > this.#mendedTo) this.#restart?.mend([made]);
    if (change.kind === 'put-verifier') this.#verify();
    this.#onRegistry();
  }

  takeRow(change: RowChange): void {
    this.rows.apply(change);
  }

  commit(position: Position): void {
    if (position <= this.#committed) return;
    assert(position <= this.#staged, `commit ${position}, staged ${this.#staged}`);
    this.#committed = position;
    this.#follow();
  }

  /** Makes the mirror calls that committed entries still owe. Throws `BackendError` when a backend refuses. */
  settle(): void {
    this.#owed.settle(this.#committed, Infinity, this.#mirror);
  }

  /**
   * Puts everything committed into the store, in one transaction with the applied position: the tree first, because after
   * a restart nobody would mirror what is applied.
   */
  fold(): void {
    this.settle();
    const position = this.#committed;
    const followed = this.#restart === undefined ? position : this.#followed;
    if (position === this.#applied && followed === this.#followed) return;
    const view = this.#viewOf(position);
    this.staging.fold(position, (rows) =>
      this.#locals.fold(position, (locals) => {
        for (const row of locals) rows.push(row);
        rows.push(appliedRow({ position, view, followed }));
        this.#deps.store.commit(rows);
      }),
    );
    this.#applied = position;
    this.#appliedView = view;
    this.#followed = followed;
    while ((this.#views[1]?.from ?? Infinity) <= position) this.#views.shift();
  }

  restage(log: LoggedEntries): void {
    const from = (this.#applied + 1) as Position;
    const followed = (this.#followed + 1) as Position;
    const restart = new Restart(this.#options.self);
    const remembered = Math.max(log.first, from - REPLIES_MAX) as Position;
    log.each(remembered, this.#applied, (entry) => this.#recall(entry));
    log.each(followed, log.last, (entry) => restart.pass(entry, entry.position <= log.commit));
    this.#restart = restart;
    this.#mendedTo = log.commit;
    log.each(from, log.commit, (entry) => {
      this.stage(entry);
      this.commit(entry.position);
      if (entry.position - this.#applied >= UNFOLDED_MAX) this.fold();
    });
    this.#mend(restart);
    log.each((this.#committed + 1) as Position, log.last, (entry) => this.stage(entry));
    // After a power cut the tree may be ahead of the log, and so it is where the log was begun anew for the sake of a
    // backend that keeps nothing: that shows when other boxes have sent what is lacking.
    if (this.#options.rebooted) this.#rewrite(restart, log);
    else if (this.#followed <= log.last) this.#restart = undefined;
    this.fold();
  }

  caughtUp(log: LoggedEntries): void {
    const restart = this.#restart;
    if (restart === undefined) return;
    if (this.#rejoins) {
      assert(this.#committed === this.#staged, 'caught up: with entries that are not committed');
      this.#mend(restart);
      this.#rewrite(restart, log);
    }
    this.#restart = undefined;
    this.#rejoins = false;
    this.fold();
  }

  discard(): void {
    this.fold();
    if (this.#restart !== undefined) {
      this.#restart.discardAfter(this.#applied);
      this.#mendedTo = Infinity;
      this.#rejoins = true;
    }
    this.staging.discard();
    this.#owed.clear();
    this.#views = [];
    this.#staged = this.#applied;
    this.registry.load();
    this.rows.load();
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

  logsData(entry: Entry): boolean {
    // What is not written now is to be written from there.
    if (entry.stable || this.#restart !== undefined) return true;
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
    const volume = this.#fileOf(extent);
    const file = extent.file as FileId;
    const size = volume?.catalog.inode(file)?.size ?? 0;
    const target = Buffer.alloc(Math.max(0, Math.min(extent.size, size - extent.offset)));
    volume?.readNow(file, extent.offset, target);
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
      const position = this.#followed;
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

  /** Of a backend that keeps it, content that no log explains must be known after the end of the process. */
  #note<Change>(
    operation: Operation<never, Change, unknown>,
    volume: Volume,
    change: Change,
  ): void {
    if (this.#deps.underWay === undefined || !volume.backend.abilities.persistent) return;
    const extent = operation.extent?.(change);
    if (extent !== undefined) this.#deps.underWay.add({ volume: volume.record.id, ...extent });
  }

  #stagedAs(position: Position, time: Time, view: View): void {
    this.#staged = position;
    this.lastTime = time;
    if (this.#views.at(-1)?.view !== view) this.#views.push({ from: position, view });
  }

  #fileOf(extent: Extent): Volume | undefined {
    const volume = this.#volumes.get(extent.volume);
    const inode = volume?.catalog.inode(extent.file as FileId);
    return inode !== undefined && hasContent(inode.kind) ? volume : undefined;
  }

  #stageChange(entry: Entry, change: BodyChange, stamp: Stamp): void {
    if (change.volume === REGISTRY_VOLUME && change.code === ROW_CODE) {
      this.takeRow(readRowChange(change.reader));
      return;
    }
    if (change.volume === REGISTRY_VOLUME) {
      this.takeRegistry(decodeRegistryChange(change.reader.raw(change.reader.left)), stamp);
      return;
    }
    const volume = this.#volumes.get(change.volume);
    const operation = operationOf(change.code);
    if (volume === undefined || operation === undefined) {
      const what = volume === undefined ? `volume ${change.volume}` : `operation ${change.code}`;
      throw new DecodeError(`entry ${entry.position}: no ${what}`);
    }
    const decided = operation.decode(change.reader);
    change.reader.end();
    this.take(operation, volume, decided, stamp, entry.data);
  }

  /** Takes note of an entry that is applied already: retransmissions of its call find its reply. */
  #recall(entry: Entry): void {
    this.lastTime = entry.time;
    const { reply } = readBody(entry.body);
    if (reply === undefined) return;
    this.replies.keep(reply.key, Buffer.from(reply.reply), entry.position, entry.time);
  }

  #viewOf(position: Position): View {
    return this.#views.findLast((run) => run.from <= position)?.view ?? this.#appliedView;
  }

  readonly #mirror = ({ volume, operation, change, stamp }: Owed): void => {
    this.#locals.at(stamp.position);
    volume.mirror(operation, change, stamp, this.#options.self);
  };

  #mend(restart: Restart): void {
    this.settle();
    this.#locals.at(this.#committed);
    restart.mend(this.#volumes.values());
  }

  #rewrite(restart: Restart, log: LoggedEntries): void {
    const from = (this.#followed + 1) as Position;
    restart.rewrite(this.#volumes.values(), (visit) => log.each(from, log.last, visit));
  }

  /** Has mirror calls made and rows folded, now where nothing can be put off, otherwise when replies have left. */
  #follow(): void {
    const { later } = this.#deps;
    const isFoldDue = this.#committed - this.#applied >= UNFOLDED_MAX;
    if (later === undefined) {
      if (isFoldDue) this.fold();
      else this.settle();
    } else if (isFoldDue && !this.#folding) {
      this.#folding = true;
      later(0, () => {
        this.#folding = false;
        this.fold();
      });
    } else if (this.#owed.count > 0 && !this.#settling) {
      this.#settling = true;
      later(MIRROR_LAG_MS, () => this.#settleSome(later));
    }
  }

  #settleSome(later: NonNullable<StateDependencies['later']>): void {
    if (this.#owed.settle(this.#committed, MIRRORED_MAX, this.#mirror)) this.#settling = false;
    else later(0, () => this.#settleSome(later));
  }

  #volumeOf(entry: Entry): Volume | undefined {
    const first = firstVolume(entry.body);
    return first === undefined ? undefined : this.#volumes.get(first);
  }

  /** Opens every volume; where one has lost its content with the last process, everything is replayed from the log. */
  #open(): void {
    for (const record of this.registry.volumes) this.#openVolume(record);
    const lost = this.volumes().filter((volume) => !volume.backend.abilities.persistent);
    if (lost.length === 0 || this.#applied === 0) return;
    for (const volume of this.#volumes.values()) void volume.backend.close();
    this.#volumes.clear();
    wipe(this.#deps.store, this.#followed);
    this.registry.load();
    this.rows.load();
    this.#applied = 0 as Position;
    this.#appliedView = 0 as View;
    this.#committed = 0 as Position;
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
    upgradeCatalog(this.#deps.store, record.id);
    const catalog = new Catalog({ volume: record.id }, this.staging);
    const backend = new SettledBackend(factory.open(options, table), (file) => {
      if (this.#owed.concerns(volume, file)) this.settle();
    });
    const volume = new Volume(record, catalog, backend);
    volume.writeVerifier = Buffer.from(this.registry.verifier, 'hex');
    this.#volumes.set(record.id, volume);
    return volume;
  }
}
