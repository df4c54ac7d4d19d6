/** Asks a register on another machine, over the link. */
import type { Clock, Timer } from '../ports/clock.ts';
import type { RegisterAnswer } from './arbiter.ts';
import type { BoxId } from './entry.ts';
import { CHANNEL, type Link } from './link.ts';
import { encodeRegisterMessage, type RegisterRequest } from './register-message.ts';
import type { Configuration } from './view.ts';

/** Questions under way: a box asks one or two at a time. */
const PENDING_MAX = 32;

export interface RegisterClientOptions {
  readonly peer: BoxId;
  readonly group: string;
  /** Milliseconds that an answer may take. */
  readonly answerMsMax: number;
}

interface Pending {
  readonly timer: Timer;
  readonly resolve: (answer: RegisterAnswer | undefined) => void;
}

/** Its owner has the `witness` channel, and hands it the answers and the end of the link. */
export class RegisterClient {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #options: RegisterClientOptions;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;

  constructor(link: Link, clock: Clock, options: RegisterClientOptions) {
    this.#link = link;
    this.#clock = clock;
    this.#options = options;
  }

  /** `undefined` when no answer came, in which case nobody knows whether the question arrived. */
  read(): Promise<RegisterAnswer | undefined> {
    return this.#ask({ kind: 'read', id: this.#nextId++, group: this.#options.group });
  }

  propose(next: Configuration): Promise<RegisterAnswer | undefined> {
    return this.#ask({
      kind: 'propose',
      id: this.#nextId++,
      group: this.#options.group,
      configuration: next,
    });
  }

  onAnswer(id: number, answer: RegisterAnswer): void {
    this.#end(id, answer);
  }

  onDown(): void {
    for (const id of [...this.#pending.keys()]) this.#end(id, undefined);
  }

  #ask(request: RegisterRequest): Promise<RegisterAnswer | undefined> {
    const { peer, answerMsMax } = this.#options;
    if (!this.#link.isUp(peer) || this.#pending.size >= PENDING_MAX) {
      return Promise.resolve(undefined);
    }
    return new Promise((resolve) => {
      const timer = this.#clock.after(answerMsMax, () => this.#end(request.id, undefined));
      this.#pending.set(request.id, { timer, resolve });
      this.#link.send(peer, CHANNEL.witness, [encodeRegisterMessage(request)]);
    });
  }

  #end(id: number, answer: RegisterAnswer | undefined): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    pending.timer.cancel();
    pending.resolve(answer);
  }
}
