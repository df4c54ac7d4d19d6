/** Builds the messages that carry entries: recent ones from memory, older ones from the log. */
import { BATCH_SIZE_MAX } from '../limits.ts';
import type { InstantMs } from '../ports/clock.ts';
import type { Position, View } from './entry.ts';
import type { Log } from './log.ts';
import { encodeAppendHead } from './messages.ts';
import { type EntryRecord, sendParts } from './record.ts';
import type { StateMachine } from './state-machine.ts';

export interface Heading {
  readonly view: View;
  readonly commit: Position;
  readonly now: InstantMs;
}

export interface Batch {
  readonly parts: Buffer[];
  /** The last entry in it. */
  readonly end: Position;
  /** Bytes of entries. */
  readonly size: number;
}

export class Outbox {
  readonly #log: Log;
  readonly #state: StateMachine;
  /** Entries made here and not committed: their data is still in memory. Ascending from `#head` on. */
  #window: EntryRecord[] = [];
  #head = 0;

  constructor(log: Log, state: StateMachine) {
    this.#log = log;
    this.#state = state;
  }

  add(records: readonly EntryRecord[]): void {
    for (const record of records) this.#window.push(record);
  }

  /** Lets go of what is committed: its data may be reused from now on. */
  committed(position: Position): void {
    const window = this.#window;
    while (this.#head < window.length && this.#at(this.#head).entry.position <= position)
      this.#head += 1;
    if (this.#head === window.length) {
      this.#window = [];
      this.#head = 0;
    } else if (this.#head > 1024) {
      this.#window = window.slice(this.#head);
      this.#head = 0;
    }
  }

  clear(): void {
    this.#window = [];
    this.#head = 0;
  }

  /** One message of entries after `after` up to `upTo`, as many as fit; `undefined` where the log has them no longer. */
  batch(after: Position, upTo: Position, heading: Heading): Batch | undefined {
    const previousView = this.#log.viewAt(after) ?? (0 as View);
    const parts = [
      encodeAppendHead({
        kind: 'append',
        view: heading.view,
        sentAt: heading.now,
        commit: heading.commit,
        previous: after,
        previousView,
      }),
    ];
    let end = after;
    let size = 0;
    while (end < upTo && size < BATCH_SIZE_MAX) {
      const records = this.#records((end + 1) as Position, upTo, BATCH_SIZE_MAX - size);
      if (records.length === 0) {
        if (size === 0) return undefined;
        break;
      }
      for (const record of records) {
        if (size > 0 && size + record.entry.dataSize > BATCH_SIZE_MAX) return { parts, end, size };
        size += sendParts(parts, this.#filled(record));
        end = record.entry.position;
        if (size >= BATCH_SIZE_MAX) break;
      }
    }
    return { parts, end, size };
  }

  #records(from: Position, upTo: Position, sizeMax: number): readonly EntryRecord[] {
    const first = this.#window[this.#head]?.entry.position;
    if (first !== undefined && from >= first) {
      const start = this.#head + (from - first);
      return this.#window.slice(start, start + (upTo - from) + 1);
    }
    const end = first === undefined ? upTo : (Math.min(upTo, first - 1) as Position);
    return this.#log.read(from, end, sizeMax);
  }

  /** A log that leaves bulk data out is one whose backend has it. */
  #filled(record: EntryRecord): EntryRecord {
    const { entry } = record;
    if (entry.dataSize === 0 || entry.data !== undefined) return record;
    const data = this.#state.content(entry);
    // Of a file cut or removed since, there is less; a later entry cuts or removes it there, too.
    const rest = Buffer.alloc(entry.dataSize - data.length);
    const whole = rest.length === 0 ? data : Buffer.concat([data, rest]);
    return { head: record.head, entry: { ...entry, data: whole } };
  }

  #at(index: number): EntryRecord {
    return this.#window[index] as EntryRecord;
  }
}
