/**
 * One client's connection: takes its calls in, and holds it back when it sends more than is answered.
 *
 *     bytes -> RecordReader -> Dispatcher -> ReplyQueue -> bytes
 */
import type { Wait } from '#core/opens/types.ts';
import type { Connection, Receiver } from '#core/ports/net.ts';
import type { Counter } from '#core/stats.ts';
import type { Peer } from '../call.ts';
import { Authenticator } from './auth.ts';
import type { Dispatcher, Origin } from './dispatch.ts';
import { RecordReader, type RpcRecord } from './record-reader.ts';
import { ReplyQueue } from './reply-queue.ts';
import type { SlabPool } from './slab.ts';

/** Bytes of replies queued to a client that does not take them, before its calls are left waiting: four full READs. */
const QUEUED_SIZE_MAX = 4 * 1024 * 1024;
/** Calls of one connection whose replies wait for their commit: above what any client keeps outstanding. */
const WAITING_MAX = 512;
/** Bytes of such calls: sixteen full WRITEs. */
const WAITING_SIZE_MAX = 16 * 1024 * 1024;

export interface ConnectionDependencies {
  readonly dispatcher: Dispatcher;
  readonly pool: SlabPool;
  readonly peer: Peer;
  /** Whether this box may take calls at this moment. */
  serves(): boolean;
  /** False while a planned move is under way: calls are held then, and `later` says when to ask again. */
  accepts(): boolean;
  later(run: () => void): void;
  /** Calls of this client. */
  readonly calls: Counter;
  /** Bytes that arrived, for the statistics. */
  arrived(size: number): void;
  closed(connection: ServerConnection): void;
}

export class ServerConnection implements Receiver, Origin {
  readonly peer: Peer;
  readonly authenticator = new Authenticator();
  readonly replies: ReplyQueue;
  readonly #connection: Connection;
  readonly #deps: ConnectionDependencies;
  readonly #reader: RecordReader;
  #waiting = 0;
  #waitingSize = 0;
  #paused = false;
  #working = false;
  #closed = false;
  /** Waits for a large slab. */
  #queued = false;
  /** Counts what moves, so that `moved` can tell when nothing did. */
  #progress = 0;
  #progressSeen = -1;

  constructor(connection: Connection, deps: ConnectionDependencies) {
    this.#connection = connection;
    this.#deps = deps;
    this.peer = deps.peer;
    this.#reader = new RecordReader(deps.pool);
    this.replies = new ReplyQueue(connection, deps.pool);
  }

  room(): Buffer {
    return this.#reader.room();
  }

  received(size: number): void {
    this.#progress += 1;
    this.#deps.arrived(size);
    this.#reader.received(size);
    this.#work();
  }

  drained(): void {
    this.#progress += 1;
    this.#work();
  }

  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.replies.close();
    this.#reader.close();
    this.#deps.closed(this);
  }

  destroy(): void {
    this.#connection.destroy();
  }

  waits(record: RpcRecord): void {
    record.slab.hold();
    this.#waiting += 1;
    this.#waitingSize += record.end - record.start;
  }

  settled(record: RpcRecord): void {
    record.slab.release();
    this.#waiting -= 1;
    this.#waitingSize -= record.end - record.start;
    this.#progress += 1;
    if (this.#paused) this.#workSoon();
  }

  /** Others' calls go on meanwhile; this one is answered anew, as if it had come now. */
  holds(record: RpcRecord, wait: Wait): void {
    this.waits(record);
    wait.resume(() => this.#answerHeld(record));
  }

  /** Whether anything moved since the last question. */
  moved(): boolean {
    const moved = this.#progress !== this.#progressSeen;
    this.#progressSeen = this.#progress;
    return moved;
  }

  /** Whether it may have large slabs in use: when they are short and nothing moves, it must not keep them from others. */
  get holdsLarge(): boolean {
    return this.#reader.holdsLarge || this.#connection.queuedSize > 0;
  }

  #work(): void {
    if (this.#working || this.#closed) return;
    this.#working = true;
    try {
      const held = this.#answerAll();
      this.replies.flush();
      if (held !== this.#paused) this.#hold(held);
    } finally {
      this.#working = false;
    }
  }

  /** True when calls were left for later. */
  #answerAll(): boolean {
    for (;;) {
      if (this.#closed) return false;
      if (!this.#deps.serves()) {
        this.destroy();
        return true;
      }
      if (this.#isOverloaded()) return true;
      if (!this.#deps.accepts()) {
        this.#deps.later(() => this.#work());
        return true;
      }
      const record = this.#reader.next();
      if (record === undefined) {
        if (this.#reader.starved) this.#workWhenFree();
        return this.#reader.starved;
      }
      if (!this.#deps.dispatcher.answer(this, record)) {
        if (this.#reader.putBack(record)) this.#workWhenFree();
        else this.destroy();
        return true;
      }
      this.#deps.calls.add();
    }
  }

  #answerHeld(record: RpcRecord): void {
    const { accepts, dispatcher, later, pool, serves } = this.#deps;
    const again = () => this.#answerHeld(record);
    if (this.#closed || !serves()) this.settled(record);
    else if (!accepts()) later(again);
    else if (!dispatcher.answer(this, record)) pool.whenFree(again);
    else {
      this.replies.flush();
      this.settled(record);
    }
  }

  #isOverloaded(): boolean {
    return (
      this.#waiting >= WAITING_MAX ||
      this.#waitingSize >= WAITING_SIZE_MAX ||
      this.#connection.queuedSize >= QUEUED_SIZE_MAX
    );
  }

  #hold(held: boolean): void {
    this.#paused = held;
    if (held) this.#connection.pause();
    else this.#connection.resume();
  }

  #workWhenFree(): void {
    if (this.#queued) return;
    this.#queued = true;
    this.#deps.pool.whenFree(() => {
      this.#queued = false;
      this.#work();
    });
  }

  /** Not at once: a commit that settles calls runs in the middle of somebody's transaction. */
  #workSoon(): void {
    queueMicrotask(() => this.#work());
  }
}
