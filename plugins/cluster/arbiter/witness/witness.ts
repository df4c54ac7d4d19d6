/** The arbiter of a box whose cluster has a witness: every question goes to its register. */
import type { Arbiter, ArbiterAnswer, RegisterAnswer } from '#core/group/arbiter.ts';
import type { BoxId } from '#core/group/entry.ts';
import { CHANNEL, type Link } from '#core/group/link.ts';
import { RegisterClient, type RegisterClientOptions } from '#core/group/register-client.ts';
import { decodeRegisterMessage } from '#core/group/register-message.ts';
import type { Configuration } from '#core/group/view.ts';
import type { Clock } from '#core/ports/clock.ts';

export class Witness implements Arbiter {
  readonly mode = 'witness';
  readonly #link: Link;
  readonly #peer: BoxId;
  readonly #client: RegisterClient;
  /** Why the last question came to nothing; empty when it was answered. */
  #trouble = '';

  constructor(link: Link, clock: Clock, options: RegisterClientOptions) {
    this.#link = link;
    this.#peer = options.peer;
    this.#client = new RegisterClient(link, clock, options);
    link.handle(CHANNEL.witness, {
      frame: (peer, frame) => this.#onFrame(peer, frame),
      down: (peer) => {
        if (peer === this.#peer) this.#client.onDown();
      },
    });
  }

  get condition(): string {
    if (!this.#link.isUp(this.#peer)) {
      return `The witness ${this.#peer} is not connected: boxes that are in sync go on serving, but until it is back nobody can take over from one that falls.`;
    }
    return this.#trouble || `The witness ${this.#peer} is connected.`;
  }

  async read(): Promise<RegisterAnswer> {
    return this.#settle(await this.#client.read());
  }

  async propose(next: Configuration): Promise<ArbiterAnswer> {
    const answer = this.#settle(await this.#client.propose(next));
    if (answer.kind !== 'empty') return answer;
    return { kind: 'unreachable', reason: `The witness ${this.#peer} answered nonsense.` };
  }

  #onFrame(peer: BoxId, frame: Buffer): void {
    if (peer !== this.#peer) return;
    const message = decodeRegisterMessage(frame);
    if (!message.ok || message.value.kind !== 'answer') return;
    this.#client.onAnswer(message.value.id, message.value.answer);
  }

  #settle(answer: RegisterAnswer | undefined): RegisterAnswer {
    if (answer !== undefined) {
      this.#trouble = answer.kind === 'unreachable' ? answer.reason : '';
      return answer;
    }
    const reason = this.#link.isUp(this.#peer)
      ? `The witness ${this.#peer} is connected and does not answer.`
      : `The witness ${this.#peer} is not connected: see that it runs and that this box reaches it.`;
    this.#trouble = reason;
    return { kind: 'unreachable', reason };
  }
}
