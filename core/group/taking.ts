/** Taking over: the primary is suspected; the arbiter is asked for the next view as soon as no promise binds this box. */
import { RETRY_MS } from '../limits.ts';
import type { InstantMs } from '../ports/clock.ts';
import type { Context, RoleMachine, Transitions } from './context.ts';
import type { BoxId, View } from './entry.ts';
import type { Message } from './messages.ts';

export class Taking implements RoleMachine {
  readonly role = 'taking';
  readonly #context: Context;
  readonly #to: Transitions;
  readonly #resume: (from: BoxId, message: Message) => void;
  #askAt: InstantMs;

  /** @param resume Steps the backup that this box has become again. */
  constructor(context: Context, to: Transitions, resume: (from: BoxId, message: Message) => void) {
    this.#context = context;
    this.#to = to;
    this.#resume = resume;
    this.#askAt = context.promiseUntil;
    this.tick();
  }

  tick(): void {
    const context = this.#context;
    if (context.asking || context.now < this.#askAt) return;
    // Only this box is known to hold everything that was acknowledged; the others join and are added when they do.
    context.ask({
      view: (context.view + 1) as View,
      primary: context.self,
      inSync: [context.self],
    });
  }

  step(from: BoxId, message: Message): void {
    // While a proposal is under way the old primary gets no lease: the register may name this box already.
    if (this.#context.asking) return;
    if (from !== this.#context.configuration.primary || message.kind !== 'append') return;
    this.#to.backup();
    this.#resume(from, message);
  }

  linkUp(): void {}

  linkDown(): void {}

  unanswered(): void {
    this.#askAt = (this.#context.now + RETRY_MS) as InstantMs;
  }

  synced(): void {}
}
