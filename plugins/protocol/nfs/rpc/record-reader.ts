/**
 * Records out of a byte stream: record marking with fragments (RFC 5531 §11).
 *
 * Bytes land where they stay. Small calls are views into one slab; a record of more than `DIRECT_SIZE_MAX` gets a
 * slab of its own, so that a WRITE's data can be used where it lies; only what of it came with earlier calls
 * is moved, and the pieces of a record that was sent in several fragments.
 */
import { assert } from '#core/assert.ts';
import { MESSAGE_SIZE_MAX } from '#core/limits.ts';
import { DecodeError } from '#core/wire/reader.ts';
import { LAST_FRAGMENT, RECORD_MARK_SIZE } from './message.ts';
import { type Slab, type SlabPool, SMALL_SLAB_SIZE } from './slab.ts';

/** Bytes of the largest record that is read with others in a small slab: half of it, so that a cut one fits after a move. */
const DIRECT_SIZE_MAX = SMALL_SLAB_SIZE / 2;
/** Bytes of room below which a slab in use is changed for another: a read into less is not worth its system call. */
const ROOM_SIZE_MIN = 8 * 1024;

/** One whole message. Valid until the next call of `next`, `room` or `close` unless the slab is held. */
export interface RpcRecord {
  readonly slab: Slab;
  readonly start: number;
  readonly end: number;
}

export class RecordReader {
  readonly #pool: SlabPool;
  #small: Slab;
  /** Bytes of `#small`: parsed so far, and arrived so far. */
  #parsed = 0;
  #filled = 0;

  /** A record that is put together in a slab of its own. */
  #large: Slab | undefined;
  #largeFilled = 0;
  /** Bytes of the fragment at hand that are still to come. */
  #fragmentLeft = 0;
  #fragmentLast = false;
  /** Where the bytes go that arrive next. */
  #roomIsLarge = false;
  /** Waits for a large slab. */
  starved = false;
  /** The slab of the record given last, ours until the next call. */
  #given: Slab | undefined;

  constructor(pool: SlabPool) {
    this.#pool = pool;
    this.#small = pool.takeSmall();
  }

  /** Whether a record of more than `DIRECT_SIZE_MAX` has begun and not ended. */
  get holdsLarge(): boolean {
    return this.#large !== undefined;
  }

  room(): Buffer {
    this.#letGo();
    this.#roomIsLarge =
      this.#large !== undefined && this.#parsed === this.#filled && this.#fragmentLeft > 0;
    if (this.#large !== undefined && this.#roomIsLarge) {
      return this.#large.bytes.subarray(this.#largeFilled, this.#largeFilled + this.#fragmentLeft);
    }
    if (this.#parsed === this.#filled) this.#startAnew();
    if (this.#small.bytes.length - this.#filled < this.#wanted()) this.#moveOn();
    return this.#small.bytes.subarray(this.#filled);
  }

  /** @param size Bytes that arrived in what `room` gave last, whatever was read out meanwhile. */
  received(size: number): void {
    if (this.#roomIsLarge) {
      this.#largeFilled += size;
      this.#fragmentLeft -= size;
    } else {
      this.#filled += size;
    }
  }

  /**
   * The next whole record, if it has arrived. Throws `DecodeError` for one beyond `MESSAGE_SIZE_MAX`. When it gives
   * nothing because no large slab is free, `starved` is true.
   */
  next(): RpcRecord | undefined {
    this.#letGo();
    this.starved = false;
    for (;;) {
      if (this.#large !== undefined) {
        this.#fill(this.#large);
        if (this.#fragmentLeft > 0) return undefined;
        if (this.#fragmentLast) return this.#finishLarge(this.#large);
      }
      if (this.#filled - this.#parsed < RECORD_MARK_SIZE) return undefined;
      const mark = this.#small.bytes.readUInt32BE(this.#parsed);
      const size = mark & ~LAST_FRAGMENT;
      const last = mark >= LAST_FRAGMENT;
      if (size + this.#largeFilled > MESSAGE_SIZE_MAX) {
        throw new DecodeError(`record: more than ${MESSAGE_SIZE_MAX} bytes`);
      }
      const direct = last && this.#large === undefined && size <= DIRECT_SIZE_MAX;
      if (direct) return this.#takeDirect(size);
      if (this.#large === undefined) {
        this.starved = this.#pool.exhausted;
        if (this.starved) return undefined;
        this.#large = this.#pool.takeLarge();
      }
      this.#parsed += RECORD_MARK_SIZE;
      this.#fragmentLeft = size;
      this.#fragmentLast = last;
    }
  }

  /** `next` will give this record, the one it gave last, again. False where that cannot be. */
  putBack(record: RpcRecord): boolean {
    if (record.slab !== this.#small) return false;
    this.#parsed = record.start - RECORD_MARK_SIZE;
    return true;
  }

  /** Gives the slabs back; nothing may be called afterwards. */
  close(): void {
    this.#letGo();
    this.#small.release();
    this.#large?.release();
    this.#large = undefined;
  }

  #takeDirect(size: number): RpcRecord | undefined {
    const start = this.#parsed + RECORD_MARK_SIZE;
    if (this.#filled - start < size) return undefined;
    this.#parsed = start + size;
    return { slab: this.#small, start, end: start + size };
  }

  #fill(large: Slab): void {
    const size = Math.min(this.#fragmentLeft, this.#filled - this.#parsed);
    this.#small.bytes.copy(large.bytes, this.#largeFilled, this.#parsed, this.#parsed + size);
    this.#parsed += size;
    this.#largeFilled += size;
    this.#fragmentLeft -= size;
  }

  #finishLarge(large: Slab): RpcRecord {
    const end = this.#largeFilled;
    this.#given = large;
    this.#large = undefined;
    this.#largeFilled = 0;
    this.#fragmentLast = false;
    return { slab: large, start: 0, end };
  }

  #letGo(): void {
    this.#given?.release();
    this.#given = undefined;
  }

  /** Bytes of room that the small slab should have: the rest of the record it holds a part of. */
  #wanted(): number {
    const have = this.#filled - this.#parsed;
    if (have < RECORD_MARK_SIZE || this.#large !== undefined) return ROOM_SIZE_MIN;
    const size = this.#small.bytes.readUInt32BE(this.#parsed) & ~LAST_FRAGMENT;
    if (size > DIRECT_SIZE_MAX) return ROOM_SIZE_MIN;
    return Math.max(ROOM_SIZE_MIN, RECORD_MARK_SIZE + size - have);
  }

  #startAnew(): void {
    if (this.#small.shared) return;
    this.#parsed = 0;
    this.#filled = 0;
    if (this.#small.bytes.length === SMALL_SLAB_SIZE) return;
    this.#small.release();
    this.#small = this.#pool.takeSmall();
  }

  /**
   * Takes what is not parsed yet to the front: of this slab, or of another when somebody still looks into it. A slab
   * full of calls that wait (the connection is paused) is changed for a large one, for `room` has always room.
   */
  #moveOn(): void {
    const { bytes } = this.#small;
    const size = this.#filled - this.#parsed;
    const crowded = size > RECORD_MARK_SIZE + DIRECT_SIZE_MAX;
    if (this.#small.shared || crowded) {
      const fresh = crowded ? this.#pool.takeLarge() : this.#pool.takeSmall();
      assert(fresh.bytes.length > size, 'record: more than a large slab waits');
      bytes.copy(fresh.bytes, 0, this.#parsed, this.#filled);
      this.#small.release();
      this.#small = fresh;
    } else {
      bytes.copyWithin(0, this.#parsed, this.#filled);
    }
    this.#parsed = 0;
    this.#filled = size;
  }
}
