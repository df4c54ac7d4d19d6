/** One connection to one peer, from its hello to its end. */
import { type Channel, FRAME_SIZE_MAX } from '#core/group/link.ts';
import type { Connection, Receiver } from '#core/ports/net.ts';
import { DecodeError } from '#core/wire/reader.ts';
import { Inbox, Outbox, OWN_CHANNEL } from './frame.ts';
import { encodeHello, type Hello, readHello } from './hello.ts';

/** Beats without a byte from the peer after which the connection is given up. */
const QUIET_BEATS_MAX = 4;
/** Beats within which the hello must have come. */
const HELLO_BEATS_MAX = 2;
/** Bytes that may wait for a peer: it would take half a minute on a slow network, so it is stuck, and memory is not for it. */
const QUEUED_SIZE_MAX = 128 * 1024 * 1024;

/** In a sign of life: see `sign`. */
const USED = Buffer.from([1]);

export interface SessionHandler {
  /** The hello was right: the peer is there. */
  greeted(session: Session): void;
  frame(session: Session, channel: Channel, frame: Buffer): void;
  /** The peer says that this is the connection that it uses. */
  used(session: Session): void;
  /** Called once; `reason` is a part of a sentence. */
  closed(session: Session, closedByPeer: boolean, reason: string): void;
}

export class Session implements Receiver {
  readonly #connection: Connection;
  readonly #expected: Hello;
  readonly #handler: SessionHandler;
  readonly #inbox = new Inbox();
  readonly #outbox = new Outbox();
  #greeted = false;
  #closed = false;
  /** Why this side gave the connection up; empty while it has not. */
  #reason = '';
  #flushing = false;
  #quietBeats = 0;
  #heard = false;
  #sent = false;

  constructor(connection: Connection, own: Hello, expected: Hello, handler: SessionHandler) {
    this.#connection = connection;
    this.#expected = expected;
    this.#handler = handler;
    this.#send(OWN_CHANNEL, [encodeHello(own)]);
  }

  get greeted(): boolean {
    return this.#greeted;
  }

  get queuedSize(): number {
    return this.#connection.queuedSize + this.#outbox.size;
  }

  send(channel: Channel, parts: readonly Uint8Array[]): void {
    if (this.queuedSize > QUEUED_SIZE_MAX) {
      this.drop(`${this.queuedSize} bytes wait for it, at most ${QUEUED_SIZE_MAX}`);
    }
    this.#send(channel, parts);
  }

  /** Called about once a second. Counts beats and not time, so that a pause of this process is not held against the peer. */
  beat(): void {
    this.#quietBeats += 1;
    const max = this.#greeted ? QUIET_BEATS_MAX : HELLO_BEATS_MAX;
    if (this.#quietBeats > max) this.drop(this.#greeted ? 'it is silent' : 'it sent no hello');
    else if (!this.#sent && this.#greeted) this.#send(OWN_CHANNEL, []);
    this.#sent = false;
  }

  takeHeard(): boolean {
    const heard = this.#heard;
    this.#heard = false;
    return heard;
  }

  /** A sign of life; with `isUsed` it says that this box uses this connection and no other. */
  sign(isUsed: boolean): void {
    if (this.#greeted) this.#send(OWN_CHANNEL, isUsed ? [USED] : []);
  }

  /** Gives the connection up at once. */
  drop(reason: string): void {
    if (this.#closed || this.#reason !== '') return;
    this.#reason = reason;
    this.#connection.destroy();
  }

  /** Sends what is queued, then closes. */
  end(): void {
    this.#flush();
    this.#reason = 'this box stops';
    this.#connection.end();
  }

  room(): Buffer {
    return this.#inbox.room();
  }

  received(size: number): void {
    this.#quietBeats = 0;
    this.#heard = true;
    try {
      this.#inbox.received(size, (channel, frame) => this.#onFrame(channel, frame));
    } catch (error) {
      if (error instanceof DecodeError) this.drop(`it sent what is no message: ${error.message}`);
      else crash(error);
    }
  }

  closed(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    const byPeer = this.#reason === '' && isPeersDoing(error);
    const reason = this.#reason || (error?.message ?? 'it closed the connection');
    this.#handler.closed(this, byPeer, reason);
  }

  #onFrame(channel: number, frame: Buffer): boolean {
    if (!this.#greeted) this.#onHello(channel, frame);
    else if (channel !== OWN_CHANNEL) this.#handler.frame(this, channel as Channel, frame);
    else if (frame.length > 0) this.#handler.used(this);
    return !this.#closed && this.#reason === '';
  }

  #onHello(channel: number, frame: Buffer): void {
    if (channel !== OWN_CHANNEL) {
      this.drop('its first frame is no hello');
      return;
    }
    const answer = readHello(frame, this.#expected);
    if (!answer.ok) {
      this.drop(answer.error);
      return;
    }
    this.#greeted = true;
    this.#inbox.frameSizeMax = FRAME_SIZE_MAX;
    this.#handler.greeted(this);
  }

  #send(channel: number, parts: readonly Uint8Array[]): void {
    if (this.#closed || this.#reason !== '') return;
    this.#outbox.add(channel, parts);
    this.#sent = true;
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    const pieces = this.#outbox.take();
    if (this.#closed || this.#reason !== '') return;
    for (const piece of pieces) this.#connection.write(piece);
  }
}

/** A broken invariant behind a handler is not the connection's to swallow: it stops the process. */
function crash(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/** The peer's kernel ended it: an orderly end, or a reset (seen while reading or while writing). */
function isPeersDoing(error: Error | undefined): boolean {
  if (error === undefined) return true;
  const code = 'code' in error ? error.code : undefined;
  return code === 'ECONNRESET' || code === 'EPIPE';
}
