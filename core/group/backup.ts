/** The backup: follows the primary, grants it a lease with every acknowledgement, and suspects it when it is silent. */
import { SILENCE_MS } from '../limits.ts';
import type { InstantMs } from '../ports/clock.ts';
import type { Context, RoleMachine, Transitions } from './context.ts';
import type { BoxId } from './entry.ts';
import { Follower } from './follower.ts';
import type { Message } from './messages.ts';

export class Backup implements RoleMachine {
  readonly role = 'backup';
  readonly #context: Context;
  readonly #to: Transitions;
  readonly #primary: BoxId;
  readonly #follower: Follower;
  #heardAt: InstantMs;

  constructor(context: Context, to: Transitions) {
    this.#context = context;
    this.#to = to;
    this.#primary = context.configuration.primary;
    this.#follower = new Follower(context, this.#primary, true);
    this.#heardAt = context.now;
  }

  tick(): void {
    if (this.#context.now - this.#heardAt >= SILENCE_MS) this.#to.taking();
  }

  step(from: BoxId, message: Message): void {
    if (from !== this.#primary) return;
    this.#heardAt = this.#context.now;
    if (message.kind === 'append') {
      if (!this.#follower.append(message)) this.#to.joining();
    } else if (message.kind === 'again') {
      this.#to.joining();
    } else if (message.kind === 'withdraw') {
      this.#to.taking();
    }
  }

  linkUp(peer: BoxId): void {
    // After a planned move whose word got lost, the new primary does not know yet that it is.
    const { configuration } = this.#context;
    if (peer === this.#primary) this.#context.send(peer, { kind: 'configure', configuration });
  }

  linkDown(peer: BoxId, closedByPeer: boolean): void {
    if (peer === this.#primary && closedByPeer) this.#to.taking();
  }

  unanswered(): void {}

  synced(): void {
    this.#follower.synced();
  }
}
