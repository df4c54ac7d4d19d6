/**
 * Questions between boxes that are not part of the log: `sync` a file's content, `prepare` a place for a volume,
 * `control` a command that only the primary can carry out. JSON, small, each answered once or failed by the link.
 */
import * as v from 'valibot';
import type { Clock, Timer } from '../ports/clock.ts';
import { DecodeError } from '../wire/reader.ts';
import type { BoxId } from './entry.ts';
import { CHANNEL, type Link } from './link.ts';

/** Milliseconds after which an unanswered question fails; a sync of a large file on a slow disk fits. */
const ANSWER_MS_MAX = 30_000;
/** Questions outstanding to all peers; a COMMIT is one each. */
const OUTSTANDING_MAX = 4096;
/** Bytes of one question or answer: an owner's command (core/control.ts), which may grow a few times as it is written anew. */
const MESSAGE_SIZE_MAX = 512 * 1024;
/** Bytes of questions being answered here at a time: those of several peers with all their COMMITs under way. */
const SERVED_SIZE_MAX = 32 * 1024 * 1024;
/** Bytes that a small question takes while it is answered, about. */
const QUESTION_COST = 1024;

type Handler = (params: unknown, from: BoxId) => unknown;

const Id = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const Question = v.strictObject({ id: Id, method: v.string(), params: v.optional(v.unknown()) });
const Failure = v.strictObject({ id: Id, error: v.string() });
const Success = v.strictObject({ id: Id, result: v.unknown() });
const Message = v.union([Question, Failure, Success]);

type Question = v.InferOutput<typeof Question>;
type Answer = v.InferOutput<typeof Failure> | v.InferOutput<typeof Success>;

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
  /** Bytes of the questions that are being answered. */
  #servedSize = 0;

  constructor(link: Link, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
    link.handle(CHANNEL.request, {
      frame: (peer, frame) => this.#received(peer, frame),
      down: (peer) => this.#lost(peer),
    });
  }

  /**
   * Answers `method`; a thrown error's message goes back as the sentence that fails the question. What the parameters
   * are is the handler's to check: a peer may send anything.
   */
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
    const bytes = encode({ id, method, params });
    if (bytes.length > MESSAGE_SIZE_MAX) {
      return Promise.reject(
        new Error(`${method}: ${bytes.length} bytes, at most ${MESSAGE_SIZE_MAX}`),
      );
    }
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(ANSWER_MS_MAX, () => {
        this.#outstanding.delete(id);
        reject(new Error(`box ${peer}: no answer to ${method} in ${ANSWER_MS_MAX} ms`));
      });
      this.#outstanding.set(id, { peer, timer, resolve, reject });
      this.#send(peer, bytes);
    });
  }

  #received(peer: BoxId, frame: Buffer): void {
    const message = decode(frame);
    if ('method' in message) {
      void this.#serve(peer, message, frame.length + QUESTION_COST);
      return;
    }
    const outstanding = this.#outstanding.get(message.id);
    if (outstanding === undefined || outstanding.peer !== peer) return;
    this.#outstanding.delete(message.id);
    outstanding.timer.cancel();
    if ('error' in message) outstanding.reject(new Error(message.error));
    else outstanding.resolve(message.result);
  }

  async #serve(peer: BoxId, question: Question, size: number): Promise<void> {
    const handler = this.#handlers.get(question.method);
    this.#servedSize += size;
    try {
      if (this.#servedSize > SERVED_SIZE_MAX)
        throw new Error('this box answers too many questions');
      if (handler === undefined) throw new Error(`${question.method}: this box does not know that`);
      const result = await handler(question.params, peer);
      const bytes = encode({ id: question.id, result: result ?? null });
      if (bytes.length > MESSAGE_SIZE_MAX) throw new Error('the answer is too long');
      this.#send(peer, bytes);
    } catch (cause) {
      const error = cause instanceof Error ? cause.message : String(cause);
      this.#send(peer, encode({ id: question.id, error }));
    } finally {
      this.#servedSize -= size;
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

  #send(peer: BoxId, bytes: Buffer): void {
    this.#link.send(peer, CHANNEL.request, [bytes]);
  }
}

function encode(message: Question | Answer): Buffer {
  return Buffer.from(JSON.stringify(message), 'utf8');
}

/** Throws `DecodeError` for whatever no `encode` wrote. */
function decode(frame: Buffer): v.InferOutput<typeof Message> {
  if (frame.length > MESSAGE_SIZE_MAX) {
    throw new DecodeError(`question: ${frame.length} bytes, at most ${MESSAGE_SIZE_MAX}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(frame.toString('utf8'));
  } catch {
    throw new DecodeError('question: is not JSON');
  }
  const message = v.safeParse(Message, value);
  if (message.success) return message.output;
  throw new DecodeError('question: neither a question nor an answer');
}
