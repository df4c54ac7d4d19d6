/** What a member's machines share, and what they ask the driver to do. Pure: no clock, no disk, no promises. */
import { assert } from '../assert.ts';
import { LEASE_MARGIN_MS, LEASE_MS } from '../limits.ts';
import type { InstantMs } from '../ports/clock.ts';
import type { ArbiterAnswer } from './arbiter.ts';
import type { BoxId, Position, View } from './entry.ts';
import type { LogView } from './log.ts';
import type { Append, Message, ViewRun } from './messages.ts';
import type { EntryRecord } from './record.ts';
import type { Role } from './roles.ts';
import type { Extent } from './state-machine.ts';
import type { Configuration } from './view.ts';

/** What the driver must do, in order; `take` and `rebase` are done before any `send` behind them. */
export type Effect =
  /** Append to the log, stage, and commit on the way what each entry relies on; at last commit up to `commit`. */
  | { readonly kind: 'take'; readonly records: readonly EntryRecord[]; readonly commit: Position }
  | { readonly kind: 'commit'; readonly position: Position }
  /** Make everything logged durable and report it by `synced`; of a joining box all content, too. */
  | { readonly kind: 'sync' }
  | { readonly kind: 'send'; readonly to: BoxId; readonly message: Exclude<Message, Append> }
  /** Send every entry after `after` up to `upTo` (none: a heartbeat), in messages of bounded size. */
  | {
      readonly kind: 'stream';
      readonly to: BoxId;
      readonly after: Position;
      readonly upTo: Position;
    }
  /** Send one message of entries after `after`, from the log, and report it by `fed`. */
  | { readonly kind: 'feed'; readonly to: BoxId; readonly after: Position; readonly upTo: Position }
  /** Ask the arbiter: set the register, or read it. */
  | { readonly kind: 'ask'; readonly proposal: Configuration | undefined }
  | { readonly kind: 'serving'; readonly serving: boolean }
  /** Set aside what the group has not, discard, cut the log behind what is applied; report extents by `rebased`. */
  | { readonly kind: 'rebase'; readonly runs: readonly ViewRun[]; readonly end: Position }
  /** All that the group had at the welcome is here, and committed. */
  | { readonly kind: 'caught-up' }
  | { readonly kind: 'put'; readonly extent: Extent; readonly data: Buffer }
  /** All extents have been fetched again: a sync begun before this does not count. */
  | { readonly kind: 'whole' }
  | {
      readonly kind: 'give';
      readonly to: BoxId;
      readonly request: Extract<Message, { kind: 'fetch' }>;
    }
  | { readonly kind: 'moved'; readonly error: string | undefined };

export type Answer = ArbiterAnswer | { readonly kind: 'empty' };

/** One role's behaviour. Messages reach it only if they are of its view (see replica.ts). */
export interface RoleMachine {
  readonly role: Role;
  tick(): void;
  step(from: BoxId, message: Message): void;
  linkUp(peer: BoxId): void;
  linkDown(peer: BoxId, closedByPeer: boolean): void;
  /** The arbiter did not change what this box believes: unreachable, empty, or nothing newer. */
  unanswered(answer: Answer, proposal: Configuration | undefined): void;
  /** The log is durable up to here. */
  synced(): void;
}

export interface ReplicaOptions {
  readonly self: BoxId;
  /** Every member of the group, this one included. */
  readonly members: readonly BoxId[];
  /** Makes the first view when the register is empty: exactly one box of a new group is told so. */
  readonly founder: boolean;
  /** The log may lack entries that were acknowledged: it was kept in memory only and the machine has restarted. */
  readonly mayHaveLostTail: boolean;
  /** A fresh number for each attempt to join. */
  nonce(): number;
}

export interface PeerLink {
  up: boolean;
  /** The peer's kernel closed the last connection. */
  closed: boolean;
  heardAt: InstantMs;
}

const NO_CONFIGURATION: Configuration = { view: 0 as View, primary: '' as BoxId, inSync: [] };

export class Context {
  readonly options: ReplicaOptions;
  readonly self: BoxId;
  readonly others: readonly BoxId[];
  readonly log: LogView;
  readonly links = new Map<BoxId, PeerLink>();
  now: InstantMs;
  readonly startedAt: InstantMs;
  configuration: Configuration = NO_CONFIGURATION;
  /** Known to be committed, and committed here. */
  commit: Position;
  /** View of the entry at `commit`. */
  commitView: View;
  /** This box's own log survives a power cut up to here. */
  durable: Position;
  /** By which join this box came into the group. */
  session = 0;
  /** Until then this box has promised its primary not to take over. */
  promiseUntil: InstantMs;
  /** A question to the arbiter is under way. */
  asking = false;
  /** What the arbiter said last when it could not be used; empty otherwise. */
  arbiterReason = '';
  /** What this box acknowledged is neither in its store nor in its log: it may only be brought up to date by another. */
  lacksEntries = false;
  /** Behind this some box may have lost unstable content in a power cut; `undefined` where none has. See aside.ts. */
  sure: Position | undefined;
  /** The owner told this box to go on without the others. */
  overridden = false;
  #effects: Effect[] = [];

  constructor(options: ReplicaOptions, log: LogView, commit: Position, view: View, now: InstantMs) {
    this.options = options;
    this.self = options.self;
    this.others = options.members.filter((box) => box !== options.self);
    this.log = log;
    this.commit = commit;
    this.commitView = view;
    this.durable = log.last;
    this.now = now;
    this.startedAt = now;
    // Before it was restarted, this box may have promised a lease that still runs.
    this.promiseUntil = now;
    this.promise();
    for (const box of this.others) this.links.set(box, { up: false, closed: false, heardAt: now });
  }

  get view(): View {
    return this.configuration.view;
  }

  emit(effect: Effect): void {
    this.#effects.push(effect);
  }

  send(to: BoxId, message: Exclude<Message, Append>): void {
    if (this.links.get(to)?.up) this.#effects.push({ kind: 'send', to, message });
  }

  ask(proposal: Configuration | undefined): void {
    assert(!this.asking, 'arbiter: asked twice at once');
    this.asking = true;
    this.#effects.push({ kind: 'ask', proposal });
  }

  drain(): readonly Effect[] {
    const effects = this.#effects;
    if (effects.length > 0) this.#effects = [];
    return effects;
  }

  /** Binds this box not to take over before a lease granted now has run out everywhere. */
  promise(): void {
    const until = (this.now + LEASE_MS + LEASE_MARGIN_MS) as InstantMs;
    if (until > this.promiseUntil) this.promiseUntil = until;
  }

  link(peer: BoxId): PeerLink | undefined {
    return this.links.get(peer);
  }

  committed(position: Position): void {
    if (position <= this.commit) return;
    this.commit = position;
    this.commitView = this.log.viewAt(position) ?? this.log.lastView;
  }
}

/** How a machine becomes another: given to each by the replica that runs them. */
export interface Transitions {
  joining(): void;
  backup(): void;
  taking(): void;
  out(reason: string): void;
}
