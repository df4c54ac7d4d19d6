/**
 * One member of the group: a machine with one role at a time (roles.ts), fed by `tick`, `step` and the driver's
 * reports, drained by `ready`. It decides; `Member` performs.
 */
import { assert } from '../assert.ts';
import { RETRY_MS } from '../limits.ts';
import type { InstantMs } from '../ports/clock.ts';
import { Backup } from './backup.ts';
import {
  type Answer,
  Context,
  type Effect,
  type ReplicaOptions,
  type RoleMachine,
  type Transitions,
} from './context.ts';
import type { BoxId, Position, View } from './entry.ts';
import { Joiner } from './joiner.ts';
import type { LogView } from './log.ts';
import type { Message } from './messages.ts';
import { Out } from './out.ts';
import { Primary } from './primary.ts';
import { Recovery } from './recovery.ts';
import { NEXT_ROLES } from './roles.ts';
import type { Extent } from './state-machine.ts';
import { Taking } from './taking.ts';
import type { Configuration } from './view.ts';

export interface ReplicaStart {
  readonly log: LogView;
  /** What is committed here, with the view of that entry. */
  readonly commit: Position;
  readonly commitView: View;
  readonly now: InstantMs;
  /** See `Context.lacksEntries`. */
  readonly lacksEntries?: boolean;
  /** See `Context.sure`. */
  readonly sure?: Position | undefined;
}

export class Replica {
  readonly context: Context;
  #machine: RoleMachine;
  readonly #told = new Map<BoxId, InstantMs>();
  #readAt: InstantMs;
  readonly #to: Transitions = {
    joining: () => this.#become(() => new Joiner(this.context, this.#to)),
    backup: () => this.#become(() => new Backup(this.context, this.#to)),
    taking: () => this.#become(() => new Taking(this.context, this.#to, this.#resume)),
    out: (reason) => this.#become(() => new Out(reason)),
  };
  readonly #resume = (from: BoxId, message: Message): void => this.#machine.step(from, message);

  constructor(options: ReplicaOptions, start: ReplicaStart) {
    this.context = new Context(options, start.log, start.commit, start.commitView, start.now);
    this.context.lacksEntries = start.lacksEntries ?? false;
    this.context.sure = start.sure;
    this.#machine = new Recovery(this.context, this.#to);
    this.#readAt = start.now;
  }

  get role(): RoleMachine['role'] {
    return this.#machine.role;
  }

  get machine(): RoleMachine {
    return this.#machine;
  }

  get primary(): Primary | undefined {
    return this.#machine instanceof Primary ? this.#machine : undefined;
  }

  tick(now: InstantMs): void {
    this.#at(now);
    this.#machine.tick();
    this.#check();
  }

  step(now: InstantMs, from: BoxId, message: Message): void {
    this.#at(now);
    const link = this.context.link(from);
    if (link === undefined) return;
    link.heardAt = now;
    if (this.#isForRole(from, message)) this.#machine.step(from, message);
    this.#check();
  }

  linkUp(now: InstantMs, peer: BoxId): void {
    this.#at(now);
    const link = this.context.link(peer);
    if (link === undefined) return;
    link.up = true;
    link.closed = false;
    link.heardAt = now;
    this.#machine.linkUp(peer);
  }

  linkDown(now: InstantMs, peer: BoxId, closedByPeer: boolean): void {
    this.#at(now);
    const link = this.context.link(peer);
    if (link === undefined) return;
    link.up = false;
    link.closed = closedByPeer;
    this.#machine.linkDown(peer, closedByPeer);
    this.#check();
  }

  /** The arbiter's answer to the one question under way. */
  answered(now: InstantMs, answer: Answer, proposal: Configuration | undefined): void {
    this.#at(now);
    const { context } = this;
    context.asking = false;
    context.arbiterReason = answer.kind === 'unreachable' ? answer.reason : '';
    if (answer.kind === 'accepted' || answer.kind === 'refused') {
      const won = answer.kind === 'accepted' && proposal !== undefined;
      if (this.#machine instanceof Recovery && !won) this.#machine.read(answer.configuration);
      else if (answer.configuration.view > context.view) this.#follow(answer.configuration);
      else this.#machine.unanswered(answer, proposal);
    } else {
      this.#machine.unanswered(answer, proposal);
    }
    this.#check();
  }

  /** An entry was made by this box and staged; `logged` follows when it is in the log. */
  proposed(position: Position, stable: boolean): void {
    this.primary?.proposed(position, stable);
  }

  logged(now: InstantMs): void {
    this.#at(now);
    this.primary?.logged();
    this.#check();
  }

  /** The log survives a power cut up to here. */
  synced(now: InstantMs, position: Position): void {
    this.#at(now);
    if (position > this.context.durable) this.context.durable = position;
    this.#machine.synced();
    this.#check();
  }

  /** @param position Sent up to here; `undefined` when the log does not hold what was to be sent. */
  fed(to: BoxId, position: Position | undefined, size: number): void {
    this.primary?.fed(to, position, size);
  }

  /** What `take` brought is staged and logged, and committed up to here. */
  taken(commit: Position): void {
    this.context.committed(commit);
  }

  rebased(extents: readonly Extent[]): void {
    if (this.#machine instanceof Joiner) this.#machine.rebased(extents);
  }

  /** The backend or the disk refused: this box cannot go on. */
  failed(reason: string): void {
    if (this.#machine.role === 'out') return;
    const { context } = this;
    context.drain();
    for (const box of context.others)
      context.send(box, { kind: 'withdraw', view: context.view, reason });
    this.#to.out(reason);
  }

  override(): void {
    this.context.overridden = true;
  }

  ready(): readonly Effect[] {
    return this.context.drain();
  }

  #at(now: InstantMs): void {
    if (now > this.context.now) this.context.now = now;
  }

  /** Deals with what means the same in every role, and with other views; true when the role is to have it. */
  #isForRole(from: BoxId, message: Message): boolean {
    const { context } = this;
    switch (message.kind) {
      case 'ask':
        context.send(from, {
          kind: 'tell',
          role: this.role,
          view: context.view,
          lastView: context.log.lastView,
          last: context.log.last,
          lacks: context.lacksEntries,
        });
        return false;
      case 'tell':
        return true;
      case 'configure':
        if (this.role !== 'recovering' && message.configuration.view > context.view) {
          this.#follow(message.configuration);
        }
        return false;
      case 'handover':
        this.#onHandover(from, message.configuration);
        return false;
      case 'join':
        // Whoever joins may know less or more than this box; less is what the primary is there for.
        if (message.view > context.view) this.#read();
        return message.view <= context.view;
      default:
        if (message.view > context.view) this.#read();
        else if (message.view < context.view) this.#tellView(from);
        return message.view === context.view;
    }
  }

  /** Somebody speaks of a later view: the register knows. */
  #read(): void {
    const { context } = this;
    if (context.asking || context.now < this.#readAt || this.role === 'recovering') return;
    this.#readAt = (context.now + RETRY_MS) as InstantMs;
    context.ask(undefined);
  }

  /** Somebody speaks of an earlier view: tell it of this one, not with every message. */
  #tellView(peer: BoxId): void {
    const { context } = this;
    if (context.now < (this.#told.get(peer) ?? 0) + RETRY_MS) return;
    this.#told.set(peer, context.now);
    context.send(peer, { kind: 'configure', configuration: context.configuration });
  }

  #onHandover(from: BoxId, configuration: Configuration): void {
    const { context } = this;
    const follows =
      configuration.view === context.view + 1 && context.configuration.primary === from;
    if (!follows || this.role === 'recovering' || this.role === 'out') return;
    // The one box to which leases were granted in this view has given them back.
    if (configuration.primary === context.self) context.promiseUntil = context.now;
    this.#follow(configuration);
  }

  #follow(configuration: Configuration): void {
    const { context } = this;
    const primary = this.primary;
    if (this.role === 'out') {
      context.configuration = configuration;
      return;
    }
    const isSelf = configuration.primary === context.self;
    const inSync = configuration.inSync.includes(context.self);
    const moved = !isSelf && inSync && (primary?.hasMovedTo(configuration.primary) ?? false);
    const from = context.view;
    context.configuration = configuration;
    if (isSelf) {
      if (primary !== undefined) primary.adopt();
      else this.#become(() => new Primary(context));
      return;
    }
    primary?.ended(moved ? configuration.primary : undefined);
    if (moved && configuration.view === from + 1) {
      this.#to.backup();
      context.send(configuration.primary, { kind: 'handover', configuration });
    } else if (inSync && primary === undefined && this.role !== 'recovering') {
      this.#to.backup();
    } else {
      this.#to.joining();
    }
  }

  #become(make: () => RoleMachine): void {
    const from = this.#machine.role;
    if (this.#machine instanceof Primary && this.#machine.serving) this.#machine.ended(undefined);
    const next = make();
    assert(
      from === next.role || NEXT_ROLES[from].includes(next.role),
      `replica: ${from} to ${next.role}`,
    );
    this.#machine = next;
  }

  /** What must hold whenever a call returns. */
  #check(): void {
    const { commit, log, configuration, self } = this.context;
    assert(
      commit <= log.last || this.role === 'joining',
      `replica: commit ${commit} beyond the log ${log.last}`,
    );
    assert(
      this.role !== 'primary' || configuration.primary === self,
      'replica: primary of another view',
    );
  }
}
