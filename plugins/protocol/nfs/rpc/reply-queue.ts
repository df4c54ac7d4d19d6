/**
 * A connection's replies on their way out. Replies are written one behind the other into one slab and leave in one
 * write a turn; one that must wait is taken out of the row and put back when its time has come, so that
 * replies may leave out of order (RFC 5531 §10).
 */
import { assert } from '#core/assert.ts';
import type { Connection } from '#core/ports/net.ts';
import type { Writer } from '#core/wire/writer.ts';
import { LAST_FRAGMENT, RECORD_MARK_SIZE } from './message.ts';
import { type Slab, type SlabPool, SMALL_SLAB_SIZE } from './slab.ts';

/** Bytes of a waiting reply that is copied out of the row; a larger one keeps its slab instead. */
const COPY_SIZE_MAX = 8 * 1024;

/** Room for one reply: the record mark comes at `start`, the message behind it. */
export class ReplySpace {
  readonly slab: Slab;
  readonly start: number;
  /** No longer in the row: the slab is held for this reply alone. */
  detached = false;

  constructor(slab: Slab, start: number) {
    this.slab = slab;
    this.start = start;
  }

  get to(): Writer {
    return this.slab.to;
  }

  /** Begins the message anew. */
  rewind(): void {
    this.slab.to.reset(this.start + RECORD_MARK_SIZE);
  }

  /** The message without its mark; a view. */
  message(): Buffer {
    return this.slab.to.finish(this.start + RECORD_MARK_SIZE);
  }
}

export class ReplyQueue {
  readonly #connection: Connection;
  readonly #pool: SlabPool;
  /** The row: bytes from `#first` to the slab's writer's offset are to be sent. */
  #row: Slab | undefined;
  #first = 0;
  /** The last space of the row, until its message is whole. */
  #open: ReplySpace | undefined;
  /** What was sent while a space was open; follows it. */
  #later: Buffer[] = [];
  /** Slabs that the connection has not released yet. */
  readonly #sending = new Set<Sending>();
  #flushing = false;
  #closed = false;

  constructor(connection: Connection, pool: SlabPool) {
    this.#connection = connection;
    this.#pool = pool;
  }

  /** Room for one message of at most `sizeMax` bytes at the end of the row; end it before claiming again. */
  claim(sizeMax: number): ReplySpace {
    assert(this.#open === undefined, 'replies: two messages at a time');
    const size = sizeMax + RECORD_MARK_SIZE;
    if (this.#row === undefined || this.#row.to.room < size) {
      this.flush();
      this.#retire();
      this.#row = size <= SMALL_SLAB_SIZE ? this.#pool.takeSmall() : this.#pool.takeLarge();
      this.#first = 0;
    }
    const space = new ReplySpace(this.#row, this.#row.to.offset);
    space.rewind();
    this.#open = space;
    return space;
  }

  /** The message in `space` is whole and may leave. */
  finish(space: ReplySpace): void {
    mark(space);
    if (space.detached) this.#write(space.slab, space.start, space.to.offset);
    else this.#closeSpace();
    this.#flushSoon();
  }

  /** Nothing is to be sent from this space. */
  drop(space: ReplySpace): void {
    if (space.detached) {
      space.slab.release();
    } else {
      space.to.reset(space.start);
      this.#closeSpace();
    }
  }

  /** Takes an unfinished message's space out of the row, for its owner to fill and finish in a later turn. */
  detach(space: ReplySpace): void {
    const end = space.to.offset;
    space.slab.hold();
    space.to.reset(space.start);
    this.flush();
    this.#retire();
    space.to.reset(end);
    space.detached = true;
    this.#closeSpace();
  }

  /** Takes a whole message out of the row; the function returned sends it, once. */
  keep(space: ReplySpace): () => void {
    if (space.detached) return () => this.finish(space);
    if (space.to.offset - space.start > COPY_SIZE_MAX) {
      this.detach(space);
      return () => this.finish(space);
    }
    const message = Buffer.from(space.message());
    this.drop(space);
    return () => this.send(message);
  }

  /** Copies a whole message into the row; `message` must not change before this turn ends. */
  send(message: Buffer): void {
    if (this.#closed) return;
    if (this.#open !== undefined) {
      this.#later.push(message);
      return;
    }
    const space = this.claim(message.length);
    space.to.raw(message);
    this.finish(space);
  }

  /** Hands the row to the connection. */
  flush(): void {
    const row = this.#row;
    if (row === undefined || row.to.offset === this.#first) return;
    const first = this.#first;
    this.#first = row.to.offset;
    row.hold();
    this.#write(row, first, row.to.offset);
    if (row.bytes.length > SMALL_SLAB_SIZE) this.#retire();
  }

  /** The connection is closed: nothing is sent any more, and what it had is given back. */
  close(): void {
    this.#closed = true;
    this.#retire();
    for (const sending of this.#sending) sending.slab.release();
    this.#sending.clear();
  }

  #closeSpace(): void {
    this.#open = undefined;
    if (this.#later.length === 0) return;
    const later = this.#later;
    this.#later = [];
    for (const message of later) this.send(message);
  }

  #write(slab: Slab, start: number, end: number): void {
    if (this.#closed) {
      slab.release();
      return;
    }
    const sending = { slab };
    this.#sending.add(sending);
    this.#connection.write(slab.bytes.subarray(start, end), () => this.#sent(sending));
  }

  #sent(sending: Sending): void {
    if (!this.#sending.delete(sending)) return;
    const { slab } = sending;
    slab.release();
    // The row begins anew where its bytes are still in the processor's cache.
    if (slab !== this.#row || slab.shared || slab.to.offset !== this.#first) return;
    slab.to.reset();
    this.#first = 0;
  }

  #retire(): void {
    const row = this.#row;
    this.#row = undefined;
    row?.release();
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      if (!this.#closed && this.#open === undefined) this.flush();
    });
  }
}

interface Sending {
  readonly slab: Slab;
}

function mark(space: ReplySpace): void {
  const size = space.to.offset - space.start - RECORD_MARK_SIZE;
  space.to.u32At(space.start, (LAST_FRAGMENT | size) >>> 0);
}
