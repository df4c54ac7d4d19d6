/**
 * Questions between boxes that are not part of the log: `sync` a file's content, `prepare` a place for a volume,
 * `control` a command that only the primary can carry out. JSON, small, each answered once or failed by the link.
 */
import type { Clock, Timer } from '../ports/clock.ts';
import { DecodeError } from '../wire/reader.ts';
import type { BoxId } from './entry.ts';
import { CHANNEL, type Link } from './link.ts';

/** Milliseconds after which an unanswered question fails; a sync of a large file on a slow disk fits. */
const ANSWER_MS_MAX = 30_000;
/** Questions outstanding to all peers; a COMMIT is one each. */
const OUTSTANDING_MAX = 4096;

type Handler = (params: unknown, from: BoxId) => unknown;

interface Question {
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

interface Outstanding {
  readonly peer: BoxId;
  readonly timer: Timer;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class Requests {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #handlers = new Map<string, Handler>();
  readonly #outstanding = new Map<number, Outstanding>();
  #nextId = 1;

  constructor(link: Link, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
    link.handle(CHANNEL.request, {
      frame: (peer, frame) => this.#received(peer, frame),
      down: (peer) => this.#lost(peer),
    });
  }

  /** Answers `method`; a thrown error's message goes back as the sentence that fails the question. */
  answer(method: string, handler: Handler): void {
    this.#handlers.set(method, handler);
  }

  /** Rejects with one sentence when the peer refuses, is lost or does not answer. */
  ask(peer: BoxId, method: string, params: unknown): Promise<unknown> {
    if (!this.#link.isUp(peer)) return Promise.reject(new Error(`box ${peer}: no link`));
    if (this.#outstanding.size >= OUTSTANDING_MAX) {
      return Promise.reject(
        new Error(`${OUTSTANDING_MAX} questions to boxes are unanswered; try again`),
      );
    }
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(ANSWER_MS_MAX, () => {
        this.#outstanding.delete(id);
        reject(new Error(`box ${peer}: no answer to ${method} in ${ANSWER_MS_MAX} ms`));
      });
      this.#outstanding.set(id, { peer, timer, resolve, reject });
      this.#send(peer, { id, method, params });
    });
  }

  #received(peer: BoxId, frame: Buffer): void {
    const message = decode(frame);
    if (typeof message.id !== 'number') return;
    if (typeof message.method === 'string') {
      void this.#serve(peer, { id: message.id, method: message.method, params: message.params });
      return;
    }
    const outstanding = this.#outstanding.get(message.id);
    if (outstanding === undefined || outstanding.peer !== peer) return;
    this.#outstanding.delete(message.id);
    outstanding.timer.cancel();
    if (message.error === undefined) outstanding.resolve(message.result);
    else outstanding.reject(new Error(String(message.error)));
  }

  async #serve(peer: BoxId, question: Question): Promise<void> {
    const handler = this.#handlers.get(question.method);
    try {
      if (handler === undefined) throw new Error(`${question.method}: this box does not know that`);
      const result = await handler(question.params, peer);
      this.#send(peer, { id: question.id, result: result ?? null });
    } catch (cause) {
      const error = cause instanceof Error ? cause.message : String(cause);
      this.#send(peer, { id: question.id, error });
    }
  }

  #lost(peer: BoxId): void {
    for (const [id, outstanding] of this.#outstanding) {
      if (outstanding.peer !== peer) continue;
      this.#outstanding.delete(id);
      outstanding.timer.cancel();
      outstanding.reject(new Error(`box ${peer}: the link was lost`));
    }
  }

  #send(peer: BoxId, message: Question | Answer): void {
    this.#link.send(peer, CHANNEL.request, [Buffer.from(JSON.stringify(message), 'utf8')]);
  }
}

function decode(frame: Buffer): Partial<Question & Answer> {
  try {
    return JSON.parse(frame.toString('utf8')) as Partial<Question & Answer>;
  } catch {
    throw new DecodeError('question: is not JSON');
  }
}
