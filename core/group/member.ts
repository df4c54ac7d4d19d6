/**
 * The driver of one member: performs what its `Replica` decides, in order, on the ports it is given. The plugin runs
 * it on a real box, tests/sim on a virtual one.
 */
import { assert } from '../assert.ts';
import { ROOM_MS_MAX, TICK_MS } from '../limits.ts';
import type { Log as Report } from '../log-line.ts';
import type { Clock, InstantMs, Time, Timer } from '../ports/clock.ts';
import type { Disk } from '../ports/disk.ts';
import type { Random } from '../ports/random.ts';
import { err, ok, type Result } from '../result.ts';
import { DecodeError } from '../wire/reader.ts';
import type { Arbiter } from './arbiter.ts';
import {
  isGroups,
  isLacking,
  listAside,
  readSure,
  setAside,
  writeLacking,
  writeSure,
} from './aside.ts';
import type { Answer, Effect } from './context.ts';
import type { BoxId, Entry, Position, View } from './entry.ts';
import { Log, type LogOptions } from './log.ts';
import { type MemberStatus, statusOf } from './member-status.ts';
import { decodeMessage, encodeMessage, type Message } from './messages.ts';
import { Outbox } from './outbox.ts';
import { type EntryRecord, encodeRecords } from './record.ts';
import { Refetch } from './refetch.ts';
import { refusalOf } from './refusal.ts';
import { Replica } from './replica.ts';
import type { LoggedEntries, StateMachine } from './state-machine.ts';
import { Syncs } from './syncs.ts';
import type { Configuration } from './view.ts';
import { Waiters } from './waiters.ts';

export interface MemberOptions {
  readonly self: BoxId;
  /** Every member of the group, this one included; the same on each. */
  readonly members: readonly BoxId[];
  /** Makes the first view of a new group; exactly one box is told so. */
  readonly founder: boolean;
  /** The log was kept in memory only (durability `memory`) and the machine has restarted since. */
  readonly mayHaveLostTail: boolean;
  /** The machine has restarted since: content that was never synced is fetched again where others have it. */
  readonly mayHaveLostContent: boolean;
  readonly log?: LogOptions;
}

export interface MemberPorts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly arbiter: Arbiter;
  readonly state: StateMachine;
  readonly report: Report;
  /** Frames to other members, in order while a link is up. The parts belong to the transport. */
  readonly transport: { send(peer: BoxId, parts: readonly Uint8Array[]): void };
  /** Runs once at the end of this turn of the event loop: what was proposed until then goes out together. */
  readonly defer: (run: () => void) => void;
}

/** An entry as its maker hands it over: view and commit are the member's to say. */
export interface Proposal {
  /** What the maker took it to be: the one after the last staged. */
  readonly position: Position;
  /** Later than that of every entry before, which is the maker's to see to. */
  readonly time: Time;
  readonly stable: boolean;
  readonly body: Buffer;
  /** Kept until the entry is committed; then it may be reused. */
  readonly data: Buffer | undefined;
}

/** Entries that may be staged and not yet logged: fewer than are noted as under way (under-way.ts). */
const UNLOGGED_MAX = 1024;

export class Member {
  readonly #options: MemberOptions;
  readonly #ports: MemberPorts;
  readonly #log: Log;
  readonly #outbox: Outbox;
  readonly #waiters = new Waiters();
  readonly #listeners: ((serving: boolean) => void)[] = [];
  #replica: Replica | undefined;
  #timers: readonly Timer[] = [];
  readonly #up = new Set<BoxId>();
  #serving = false;
  #pending: Entry[] = [];
  #flushing = false;
  #draining = false;
  readonly #syncs = new Syncs(
    () => this.#syncAll(),
    (position) => this.#synced(position),
    (error) => this.#fail(`the log cannot be synced: ${error.message}`),
  );
  readonly refetch: Refetch;
  #stopped = false;
  /** The log's last sync, once this box stops: what is asked of the log afterwards is what that one said. */
  #lastSync: Promise<Position> | undefined;
  #moved: ((result: Result<void, string>) => void) | undefined;

  constructor(options: MemberOptions, ports: MemberPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#log = new Log(ports.disk, options.log);
    this.#outbox = new Outbox(this.#log, ports.state);
    this.refetch = new Refetch(ports.disk);
  }

  /** Opens the log, stages what is not applied yet, and begins to find out who serves. */
  async start(): Promise<void> {
    const { disk, clock, state, random } = this.#ports;
    const lacksEntries = this.#log.gapBefore(state.applied) || isLacking(disk);
    writeLacking(disk, lacksEntries);
    this.#log.open(state.applied, state.appliedView);
    this.refetch.load(state.unlogged);
    state.logged();
    const refused = this.#restage();
    await this.#log.sync();
    if (this.#stopped) return;
    const sure = this.#sure();
    const commit = state.applied;
    const commitView = this.#log.viewAt(commit) ?? state.appliedView;
    this.#replica = new Replica(
      { ...this.#options, nonce: () => random.u32() || 1 },
      { log: this.#log, commit, commitView, now: clock.now(), lacksEntries, sure },
    );
    if (refused !== undefined) this.#replica.failed(refused);
    for (const peer of this.#up) this.#replica.linkUp(clock.now(), peer);
    this.#timers = [
      clock.every(TICK_MS, () => this.#tick()),
      clock.every(ROOM_MS_MAX, () => this.#log.look()),
    ];
    this.#tick();
  }

  /** Lets go of disk and timers; pending replies are dropped. The group sees a closed link. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#logPending();
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#waiters.drop();
    this.#setServing(false);
    this.#lastSync = this.#log.sync();
    await this.#lastSync.catch(() => 0);
    this.#log.close();
  }

  /** Resolves when everything logged so far survives a power cut; also when this box has stopped meanwhile. */
  async syncLog(): Promise<void> {
    await (this.#lastSync ?? this.#log.sync());
  }

  get serving(): boolean {
    return this.#serving;
  }

  /** False while a planned move waits for the last entries: changes must wait for `onServing` or for this. */
  get accepting(): boolean {
    return this.#serving && (this.#replica?.primary?.accepting ?? false);
  }

  get view(): View {
    return this.configuration.view;
  }

  get configuration(): Configuration {
    const none: Configuration = { view: 0 as View, primary: '' as BoxId, inSync: [] };
    return this.#replica?.context.configuration ?? none;
  }

  /** Boxes, without this one, that may be in sync or are about to be: what is made safe is made so on each of them. */
  get required(): readonly BoxId[] {
    return this.#replica?.primary?.required ?? [];
  }

  get committed(): Position {
    return this.#replica?.context.commit ?? this.#ports.state.applied;
  }

  /** The last entry made or received. */
  get staged(): Position {
    return this.#pending.at(-1)?.position ?? this.#log.last;
  }

  /** Whether a reply may leave now: no other box can have been given this box's place. */
  mayReply(now: InstantMs): boolean {
    const primary = this.#replica?.primary;
    return this.#serving && primary !== undefined && now < primary.leaseUntil;
  }

  /**
   * Takes the next entry, which the state machine has staged. All entries of a turn are logged and sent together at
   * its end; one with bulk data is in this box's log when the call returns, so that what its bytes overwrote is
   * known after a crash. Only while serving.
   */
  propose(proposal: Proposal): Position {
    const replica = this.#replica;
    assert(this.#serving && replica !== undefined, 'propose: this box does not serve');
    const { position, time, stable, body, data } = proposal;
    assert(position === this.staged + 1, `propose: entry ${position} after ${this.staged}`);
    const { view, commit } = replica.context;
    const dataSize = data?.length ?? 0;
    this.#pending.push({ position, view, commit, time, stable, body, data, dataSize });
    replica.proposed(position, stable);
    if (dataSize > 0 || this.#pending.length >= UNLOGGED_MAX) this.#logPending();
    if (!this.#flushing) {
      this.#flushing = true;
      this.#ports.defer(() => this.#flush());
    }
    return position;
  }

  /**
   * Runs `run` when `position` is committed and the lease is valid: in this call where both are so, otherwise later,
   * in the order of the calls. Never when this box is replaced first.
   */
  afterCommit(position: Position, run: () => void): void {
    if (!this.#serving) return;
    if (position <= this.committed && this.mayReply(this.#ports.clock.now())) run();
    else this.#waiters.add(position, run);
  }

  /** Runs `listener` now with the state of this moment, and whenever it changes. */
  onServing(listener: (serving: boolean) => void): void {
    this.#listeners.push(listener);
    listener(this.#serving);
  }

  /** Gives the group to another box that is in sync; the result says why where it could not. */
  move(to: BoxId): Promise<Result<void, string>> {
    const primary = this.#replica?.primary;
    if (primary === undefined) return Promise.resolve(err('this box does not serve'));
    if (to === this.#options.self) return Promise.resolve(ok(undefined));
    const refused = primary.move(to);
    if (refused !== undefined) return Promise.resolve(err(refused));
    return new Promise((resolve) => {
      this.#moved = resolve;
      this.#drain();
    });
  }

  /** The owner's word that the other boxes will not come back with more than this one has. */
  override(): void {
    this.#ports.report.warn('owner overrides: this box goes on without waiting for the others');
    this.#replica?.override();
  }

  /** `frame` is valid until this returns. */
  received(peer: BoxId, frame: Buffer): void {
    const replica = this.#replica;
    if (replica === undefined || this.#stopped) return;
    try {
      replica.step(this.#ports.clock.now(), peer, decodeMessage(frame, this.#ports.disk));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#ports.report.warn('message from another box dropped', { peer, reason: error.message });
      return;
    }
    this.#drain();
  }

  linkUp(peer: BoxId): void {
    if (this.#stopped) return;
    this.#up.add(peer);
    this.#replica?.linkUp(this.#ports.clock.now(), peer);
    this.#drain();
  }

  linkDown(peer: BoxId, closedByPeer: boolean): void {
    if (this.#stopped) return;
    this.#up.delete(peer);
    this.#replica?.linkDown(this.#ports.clock.now(), peer, closedByPeer);
    this.#drain();
  }

  status(): MemberStatus {
    const { arbiter, clock, disk, state } = this.#ports;
    return statusOf({
      self: this.#options.self,
      replica: this.#replica,
      log: this.#log,
      serving: this.#serving,
      staged: this.#replica === undefined ? state.applied : this.staged,
      applied: state.applied,
      aside: listAside(disk),
      now: clock.now(),
      arbiter: { mode: arbiter.mode, condition: arbiter.condition },
    });
  }

  #tick(): void {
    if (this.#stopped) return;
    this.#replica?.tick(this.#ports.clock.now());
    this.#drain();
    this.#settleSure();
  }

  /** After a power cut: behind where some box may have lost content that others are to fetch as this group then has it. */
  #sure(): Position | undefined {
    const { disk, state } = this.#ports;
    const known = readSure(disk);
    if (!this.#options.mayHaveLostContent || state.followed === undefined) return known;
    const sure = Math.min(known ?? Infinity, state.followed) as Position;
    writeSure(disk, sure);
    return sure;
  }

  /** Once every member is in sync, all have the same. */
  #settleSure(): void {
    const context = this.#replica?.context;
    if (context?.sure === undefined || this.#replica?.role === 'joining') return;
    if (context.configuration.inSync.length < this.#options.members.length) return;
    context.sure = undefined;
    writeSure(this.#ports.disk, undefined);
  }

  /** The end of a turn in which something was proposed. */
  #flush(): void {
    this.#flushing = false;
    const replica = this.#replica;
    if (this.#stopped || replica === undefined) return;
    this.#logPending();
    replica.logged(this.#ports.clock.now());
    this.#drain();
  }

  #logPending(): void {
    if (this.#pending.length === 0 || this.#stopped) return;
    const records = encodeRecords(this.#pending, this.#ports.disk);
    this.#pending = [];
    this.#outbox.add(records);
    this.#guard(() => this.#append(records));
  }

  /** Performs effects until there are none. Reports that effects make may bring new ones; calls do not nest. */
  #drain(): void {
    const replica = this.#replica;
    if (replica === undefined || this.#draining || this.#stopped) return;
    this.#draining = true;
    try {
      for (let effects = replica.ready(); effects.length > 0; effects = replica.ready()) {
        for (const effect of effects) {
          // A failure on the way makes this box leave; what was decided before it no longer holds.
          if (!this.#guard(() => this.#perform(replica, effect))) break;
        }
      }
      this.#release();
    } finally {
      this.#draining = false;
    }
  }

  #release(): void {
    const { committed } = this;
    if (!this.#waiters.isDue(committed) || !this.mayReply(this.#ports.clock.now())) return;
    this.#waiters.release(committed);
  }

  /** Runs what touches disk and backend in a turn of its own; a refusal of theirs puts this box out. */
  attempt(run: () => void): void {
    if (this.#stopped || this.#guard(run)) return;
    this.#drain();
  }

  /** Runs what touches disk and backend; a refusal of theirs puts this box out, and so does an entry that it cannot read. */
  #guard(run: () => void): boolean {
    try {
      run();
      return true;
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      this.#fail(refusal);
      return false;
    }
  }

  #fail(reason: string): void {
    this.#ports.report.error('this box leaves the group', { reason });
    this.#waiters.drop();
    this.#setServing(false);
    this.#replica?.failed(reason);
    this.#drain();
  }

  #perform(replica: Replica, effect: Effect): void {
    switch (effect.kind) {
      case 'take':
        this.#take(replica, effect.records, effect.commit);
        break;
      case 'commit':
        this.#commit(effect.position);
        break;
      case 'sync':
        this.#syncs.ask();
        break;
      case 'send':
        this.#ports.transport.send(effect.to, encodeMessage(effect.message));
        break;
      case 'stream':
        this.#stream(replica, effect.to, effect.after, effect.upTo);
        break;
      case 'feed':
        this.#feed(replica, effect.to, effect.after, effect.upTo);
        break;
      case 'ask':
        this.#ask(replica, effect.proposal);
        break;
      case 'serving':
        this.#setServing(effect.serving);
        break;
      case 'rebase':
        this.#rebase(replica, (entry) => isGroups(entry, effect.runs, effect.end));
        break;
      case 'caught-up':
        this.#ports.state.caughtUp(this.#logged());
        break;
      case 'put':
        this.#ports.state.putContent(effect.extent, effect.data);
        break;
      case 'whole':
        this.#syncs.cut();
        this.refetch.fetched();
        break;
      case 'give':
        this.#give(effect.to, effect.request);
        break;
      case 'moved':
        this.#moved?.(effect.error === undefined ? ok(undefined) : err(effect.error));
        this.#moved = undefined;
        break;
      default:
        effect satisfies never;
    }
  }

  #take(replica: Replica, records: readonly EntryRecord[], commit: Position): void {
    const { state } = this.#ports;
    let logged = 0;
    let staged = 0;
    const log = () => {
      this.#append(records.slice(logged, staged));
      logged = staged;
    };
    // Staged before it is logged: what the log says this box has, it has, content included. Committed after.
    try {
      for (const { entry } of records) {
        if (entry.commit > this.#log.last || staged - logged >= UNLOGGED_MAX) log();
        if (entry.commit > state.applied) state.commit(entry.commit);
        state.stage(entry);
        staged += 1;
      }
    } finally {
      log();
    }
    if (commit > state.applied) state.commit(commit);
    replica.taken(commit);
    this.#log.retain(state.secured, state.spare);
  }

  #append(records: readonly EntryRecord[]): void {
    const { state } = this.#ports;
    this.#log.append(records, (entry) => state.logsData(entry));
    state.logged();
  }

  #commit(position: Position): void {
    this.#outbox.committed(position);
    const { state } = this.#ports;
    state.commit(position);
    this.#log.retain(state.secured, state.spare);
  }

  /** Of a joining box with all content: a COMMIT may have been answered before it was asked to sync anything. */
  async #syncAll(): Promise<Position> {
    const content = this.#replica?.role === 'joining' ? this.#ports.state.checkpoint() : undefined;
    const [position] = await Promise.all([this.#log.sync(), content]);
    return position;
  }

  #synced(position: Position): void {
    if (this.#stopped) return;
    this.refetch.synced();
    this.#replica?.synced(this.#ports.clock.now(), position);
    this.#drain();
  }

  #stream(replica: Replica, to: BoxId, after: Position, upTo: Position): void {
    let from = after;
    do {
      const batch = this.#outbox.batch(from, upTo, this.#heading(replica));
      if (batch === undefined) {
        this.#ports.report.error('log does not hold what a box in sync lacks', { peer: to, after });
        return;
      }
      this.#ports.transport.send(to, batch.parts);
      from = batch.end;
    } while (from < upTo);
  }

  #feed(replica: Replica, to: BoxId, after: Position, upTo: Position): void {
    const batch = this.#outbox.batch(after, upTo, this.#heading(replica));
    if (batch !== undefined) this.#ports.transport.send(to, batch.parts);
    replica.fed(to, batch?.end, batch?.size ?? 0);
  }

  #heading(replica: Replica): { view: View; commit: Position; now: InstantMs } {
    const { view, commit } = replica.context;
    return { view, commit, now: this.#ports.clock.now() };
  }

  #give(to: BoxId, request: Extract<Message, { kind: 'fetch' }>): void {
    const { view, session, extent } = request;
    const data = this.#ports.state.contentOf(extent);
    const message = { kind: 'content', view, session, extent, data } as const;
    this.#ports.transport.send(to, encodeMessage(message));
  }

  #ask(replica: Replica, proposal: Configuration | undefined): void {
    const { arbiter, clock } = this.#ports;
    const answer = proposal === undefined ? arbiter.read() : arbiter.propose(proposal);
    const report = (value: Answer): void => {
      if (this.#stopped) return;
      replica.answered(clock.now(), value, proposal);
      this.#drain();
    };
    answer.then(report, (error: Error) => report({ kind: 'unreachable', reason: error.message }));
  }

  #setServing(serving: boolean): void {
    if (serving === this.#serving) return;
    if (!serving) {
      // What was made in this turn stays in the log, so that log and staged tree go on saying the same.
      this.#logPending();
      this.#waiters.drop();
      this.#outbox.clear();
    }
    if (serving) this.#ports.state.caughtUp(this.#logged());
    this.#serving = serving;
    for (const listener of this.#listeners) listener(serving);
  }

  /** Sets aside what only this box has, and goes back to what is applied (core/group/joiner.ts). */
  #rebase(replica: Replica, isTheirs: (entry: Entry) => boolean): void {
    const { disk, state } = this.#ports;
    const { sure } = replica.context;
    const extents = [...this.refetch.extents];
    let first: Entry | undefined;
    const from = Math.min(sure ?? state.applied, state.applied) + 1;
    this.#log.each(from as Position, this.#log.last, (entry) => {
      const isNew = entry.position > state.applied;
      // Of what all have, only bytes that no log has can differ.
      if (isNew || !entry.stable) extents.push(...state.extents(entry));
      if (!isNew || isTheirs(entry)) return;
      first ??= entry;
      setAside(disk, state, first, entry);
    });
    if (sure !== undefined) writeSure(disk, sure);
    this.refetch.put(extents);
    state.discard();
    this.#outbox.clear();
    this.#log.truncate(state.applied);
    writeLacking(disk, false);
    this.#syncs.cut();
    replica.rebased(this.refetch.extents);
  }

  /** Stages what the log holds and the store has not. A sentence when the backend refuses. */
  #restage(): string | undefined {
    try {
      this.#ports.state.restage(this.#logged());
      return undefined;
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      return refusal;
    }
  }

  #logged(): LoggedEntries {
    const log = this.#log;
    const { first, last } = log;
    const [newest] = log.read(last, last, 1);
    const committed = Math.max(newest?.entry.commit ?? 0, this.committed);
    const commit = Math.min(committed, last) as Position;
    return { first, last, commit, each: (from, to, visit) => log.each(from, to, visit) };
  }
}
