/**
 * Recovering: a box that has just started finds out from the register and from the other members who serves. Where
 * nobody does, the one in sync with the longest log proposes itself; a box that may lack acknowledged entries waits.
 */
import { RECOVERY_WAIT_MS, RETRY_MS } from '../limits.ts';
import type { InstantMs } from '../ports/clock.ts';
import type { Answer, Context, RoleMachine, Transitions } from './context.ts';
import type { BoxId, Position, View } from './entry.ts';
import type { Message } from './messages.ts';
import type { Role } from './roles.ts';
import type { Configuration } from './view.ts';

/** Serving now would show an empty volume as if it were the group's. */
const LOST =
  'every box that was in sync has lost its content, and no log reaches back to the beginning: its content must be copied anew';

interface Told {
  readonly role: Role;
  readonly lastView: View;
  readonly last: Position;
  readonly lacks: boolean;
}

export class Recovery implements RoleMachine {
  readonly role = 'recovering';
  readonly #context: Context;
  readonly #to: Transitions;
  readonly #told = new Map<BoxId, Told>();
  /** The register as read last; `undefined` before, and while it is empty. */
  #register: Configuration | undefined;
  #empty = false;
  #since: InstantMs;
  #actAt: InstantMs;
  /** One sentence on what this box waits for. */
  waitsFor = 'the arbiter to say who serves';

  constructor(context: Context, to: Transitions) {
    this.#context = context;
    this.#to = to;
    this.#since = context.now;
    this.#actAt = context.now;
  }

  tick(): void {
    const context = this.#context;
    if (context.asking || context.now < this.#actAt) return;
    this.#actAt = (context.now + RETRY_MS) as InstantMs;
    for (const box of context.others) context.send(box, { kind: 'ask' });
    const view = this.#register?.view ?? (0 as View);
    const proposes = this.#empty ? context.options.founder : this.#decide();
    // Alone in sync, no other box holds a lease from this one: it was made so after every promise had ended.
    const alone = this.#empty || this.#register?.inSync.length === 1;
    if (proposes && alone) context.promiseUntil = context.now;
    if (!proposes) {
      context.ask(undefined);
      return;
    }
    context.ask({ view: (view + 1) as View, primary: context.self, inSync: [context.self] });
  }

  step(from: BoxId, message: Message): void {
    if (message.kind !== 'tell') return;
    const { role, lastView, last, lacks } = message;
    this.#told.set(from, { role, lastView, last, lacks });
    if (this.#register === undefined) return;
    if (this.#isAllLost(this.#register)) {
      this.#to.out(LOST);
      return;
    }
    if (this.#decide()) this.#actAt = this.#context.now;
    if (role !== 'primary') return;
    if (this.#register.primary !== from || message.view !== this.#register.view) return;
    this.#follow(this.#register);
  }

  linkUp(peer: BoxId): void {
    this.#context.send(peer, { kind: 'ask' });
  }

  linkDown(peer: BoxId): void {
    this.#told.delete(peer);
  }

  unanswered(answer: Answer): void {
    if (answer.kind === 'unreachable') return;
    this.#empty = answer.kind === 'empty';
    if (this.#empty) this.waitsFor = 'the founding box to make the first view';
  }

  synced(): void {}

  /** What the register holds. */
  read(configuration: Configuration): void {
    this.#empty = false;
    if (this.#register?.view !== configuration.view) this.#since = this.#context.now;
    this.#register = configuration;
    const { self } = this.#context;
    if (this.#isAllLost(configuration)) this.#to.out(LOST);
    else if (!configuration.inSync.includes(self)) this.#follow(configuration);
    else if (this.#told.get(configuration.primary)?.role === 'primary') this.#follow(configuration);
    else if (this.#decide()) this.#actAt = this.#context.now;
  }

  #follow(configuration: Configuration): void {
    this.#context.configuration = configuration;
    this.#to.joining();
  }

  /** Whether to propose this box now. */
  #decide(): boolean {
    const register = this.#register;
    const context = this.#context;
    if (register === undefined) return false;
    const others = register.inSync.filter((box) => box !== context.self);
    if (context.lacksEntries) {
      this.waitsFor = `${others.join(', ')}: this box lost its content, and its log begins too late to make it again`;
      return false;
    }
    if (others.length === 0) return true;
    if (context.now < context.promiseUntil) return false;
    if (context.overridden) return true;
    const silent = others.filter((box) => !this.#told.has(box));
    const better = others.filter((box) => this.#isBetter(box, register));
    const waited = context.now - this.#since >= RECOVERY_WAIT_MS;
    if (silent.length === 0 && better.length === 0) return true;
    if (context.options.mayHaveLostTail) {
      this.waitsFor = `${silent.concat(better).join(', ')}: this machine restarted and its log may lack the last changes; bring the other box up, or override`;
      return false;
    }
    this.waitsFor = `${silent.concat(better).join(', ')}`;
    // Who is better and still does not act cannot; everything acknowledged is here, too.
    if (better.length > 0) return context.now - this.#since >= 2 * RECOVERY_WAIT_MS;
    return waited;
  }

  #isAllLost({ inSync }: Configuration): boolean {
    const { lacksEntries, self } = this.#context;
    const isLost = (box: BoxId) => (box === self ? lacksEntries : this.#told.get(box)?.lacks);
    return inSync.includes(self) && inSync.every((box) => isLost(box) === true);
  }

  /** Whether another box should go first: it has more, or as much and the register's word, or runs all along. */
  #isBetter(box: BoxId, register: Configuration): boolean {
    const told = this.#told.get(box);
    if (told === undefined || told.lacks) return false;
    if (told.role === 'out' || told.role === 'joining') return false;
    if (told.role !== 'recovering') return true;
    const { log, self } = this.#context;
    if (told.lastView !== log.lastView) return told.lastView > log.lastView;
    if (told.last !== log.last) return told.last > log.last;
    if (register.primary === self) return false;
    return register.primary === box || box < self;
  }
}
