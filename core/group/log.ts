/**
 * The group's log on one box: entries in order, in segment files, appended in batches and synced by request.
 *
 * It is the box's memory of what it acknowledged: an entry is received when it was appended (it then survives the
 * end of the process) and durable when it was synced (it then survives a power cut). Opening cuts a torn tail.
 */
import { assert } from '../assert.ts';
import { LOG_FREE_SIZE_MIN, LOG_SEGMENT_SIZE, LOG_SIZE_MAX } from '../limits.ts';
import { type Disk, DiskError } from '../ports/disk.ts';
import type { Entry, Position, View } from './entry.ts';
import { LogRoom } from './log-room.ts';
import { type DecodedRecord, type EntryRecord, isWhole, logParts } from './record.ts';
import { Segment, type SegmentHead } from './segment.ts';

/** What the machines may ask of the log: plain memory, no disk. */
export interface LogView {
  /** Position of the first entry held; `last + 1` when there is none. */
  readonly first: Position;
  readonly last: Position;
  /** View of the entry at `last`; 0 before the first ever. */
  readonly lastView: View;
  /** View of the entry; `undefined` when the log does not reach it (it knows the one before its first, too). */
  viewAt(position: Position): View | undefined;
}

export interface LogOptions {
  readonly segmentSize?: number;
  readonly sizeMax?: number;
  readonly freeMin?: number;
}

/** Segments at the end that are read whole when the log is opened: what may not have been synced. */
const RECOVERED_SEGMENTS = 2;
/** Bytes of entries held at once by whoever goes through them. */
const READ_SIZE_MAX = 4 * 1024 * 1024;
/** Segments kept however full the disk is: the last replies stand in them, for calls that are sent again after a restart. */
const SEGMENTS_MIN = 2;

export class Log implements LogView {
  readonly #disk: Disk;
  readonly #segmentSize: number;
  readonly #sizeMax: number;
  readonly #room: LogRoom;
  #segments: Segment[] = [];
  /** Under way. */
  #sync: Promise<void> | undefined;

  constructor(disk: Disk, options: LogOptions = {}) {
    this.#disk = disk;
    this.#segmentSize = options.segmentSize ?? LOG_SEGMENT_SIZE;
    this.#sizeMax = options.sizeMax ?? LOG_SIZE_MAX;
    this.#room = new LogRoom(disk, options.freeMin ?? LOG_FREE_SIZE_MIN);
  }

  /** @param applied Where the log begins when what is there does not reach it, with that entry's view. */
  open(applied: Position, appliedView: View): void {
    if (this.#segments.length === 0) this.#recover();
    if (this.#segments.length === 0 || this.last < applied || this.first > applied + 1) {
      this.reset(applied, appliedView);
    }
  }

  /** Before `open`: whether entries between what is applied and what is here are gone, though this box had them once. */
  gapBefore(applied: Position): boolean {
    this.#recover();
    return this.#segments.length > 0 && this.first > applied + 1;
  }

  get first(): Position {
    return this.#head.head.first;
  }

  get last(): Position {
    return this.#tail.last;
  }

  get lastView(): View {
    const tail = this.#tail;
    return tail.empty ? tail.head.viewBefore : tail.head.view;
  }

  /** Bytes of all segments. */
  get size(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.size, 0);
  }

  viewAt(position: Position): View | undefined {
    if (position > this.last || position < this.first - 1) return undefined;
    if (position === this.first - 1) return this.#head.head.viewBefore;
    return this.#segmentOf(position).head.view;
  }

  /** Appends entries that follow the last; `logsData` says whose bulk bytes must stand here. Throws `DiskError`. */
  append(records: readonly EntryRecord[], logsData: (entry: Entry) => boolean): void {
    let parts: Buffer[] = [];
    let sizes: [Position, number][] = [];
    let pending = 0;
    const flush = () => {
      if (parts.length === 0) return;
      const tail = this.#tail;
      tail.file.append(parts);
      for (const [position, size] of sizes) tail.appended(position, size);
      parts = [];
      sizes = [];
      pending = 0;
    };
    let next = this.last + 1;
    for (const record of records) {
      const { entry } = record;
      assert(entry.position === next, `log: entry ${entry.position} after ${next - 1}`);
      next += 1;
      if (this.#needsSegment(entry.view, pending)) {
        flush();
        this.#roll(entry.view);
      }
      const withData = entry.dataSize > 0 && logsData(entry);
      const size = logParts(parts, record, withData, this.#disk);
      sizes.push([entry.position, size]);
      pending += size;
      this.#room.spend(record.head.length + entry.dataSize);
    }
    flush();
  }

  /** Resolves with the last position when everything appended before the call survives a power cut. */
  async sync(): Promise<Position> {
    const last = this.last;
    // What a sync under way has begun is not dirty any more and not durable yet.
    while (this.#sync !== undefined) await this.#sync.catch(() => {});
    this.#sync = this.#syncDirty();
    try {
      await this.#sync;
    } finally {
      this.#sync = undefined;
    }
    return last;
  }

  async #syncDirty(): Promise<void> {
    const dirty = this.#segments.filter((segment) => segment.dirty);
    for (const segment of dirty) {
      segment.dirty = false;
      try {
        if (segment === this.#tail) segment.makeRoom();
        await segment.file.sync();
      } catch (error) {
        segment.dirty = true;
        throw error;
      }
    }
  }

  /** Entries from `from` to `upTo`, at least one, until `sizeMax` bytes; fewer only where a record is damaged. */
  read(from: Position, upTo: Position, sizeMax: number): EntryRecord[] {
    const records: EntryRecord[] = [];
    let size = 0;
    let next: Position = from;
    while (next <= upTo && next >= this.first && size < sizeMax) {
      const segment: Segment = this.#segmentOf(next);
      const start: Position = next;
      segment.walk(segment.offsetOf(next), segment.size, (record: DecodedRecord): boolean => {
        if (record.entry.position !== next || !isWhole(record, this.#disk)) return false;
        if (next > upTo || (records.length > 0 && size >= sizeMax)) return false;
        records.push(record);
        size += record.head.length + record.entry.dataSize;
        next = (next + 1) as Position;
        return true;
      });
      if (next === start) break;
    }
    return records;
  }

  /** Visits the entries from `from` to `to`, in order. Throws `DiskError` where the log is damaged. */
  each(from: Position, to: Position, visit: (entry: Entry) => void): void {
    let next = from;
    while (next <= to) {
      const records = this.read(next, to, READ_SIZE_MAX);
      if (records.length === 0) throw new DiskError(`the log is damaged at entry ${next}`, false);
      for (const { entry } of records) visit(entry);
      next = (next + records.length) as Position;
    }
  }

  /** Forgets the entries after `after`, which must not be before `first - 1`. */
  truncate(after: Position): void {
    assert(after >= this.first - 1, `log: cut after ${after}, begins at ${this.first}`);
    while (this.#segments.length > 1 && this.#tail.head.first > after)
      this.#drop(this.#segments.length - 1);
    if (this.#tail.last > after) this.#tail.truncate(after);
  }

  /** Begins anew behind `after`: what the log held is not what the box has. */
  reset(after: Position, view: View): void {
    while (this.#segments.length > 0) this.#drop(this.#segments.length - 1);
    const first = (after + 1) as Position;
    this.#segments = [Segment.create(this.#disk, { first, view, viewBefore: view, sizeBefore: 0 })];
  }

  /**
   * Drops whole old segments: while there is more than the limit, none that holds an entry after `secured`; and while
   * the disk is short of room, none that holds one after `spare`.
   */
  retain(secured: Position, spare: Position): void {
    let size = this.size;
    while (size > this.#sizeMax && this.#segments.length > 1 && this.#head.last <= secured) {
      size -= this.#head.size;
      this.#drop(0);
    }
    while (this.#segments.length > SEGMENTS_MIN && this.#head.last <= spare && this.#room.isShort) {
      this.#drop(0);
      this.#room.expire();
    }
  }

  /** Makes the next `retain` ask how much room there is. */
  look(): void {
    this.#room.expire();
  }

  close(): void {
    for (const segment of this.#segments) segment.file.close();
    this.#segments = [];
  }

  get #head(): Segment {
    return this.#segments[0] as Segment;
  }

  get #tail(): Segment {
    return this.#segments[this.#segments.length - 1] as Segment;
  }

  #segmentOf(position: Position): Segment {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#segments[middle] as Segment).head.first <= position) low = middle;
      else high = middle - 1;
    }
    return this.#segments[low] as Segment;
  }

  #needsSegment(view: View, pending: number): boolean {
    return view !== this.#tail.head.view || this.#tail.size + pending >= this.#segmentSize;
  }

  #roll(view: View): void {
    const tail = this.#tail;
    const head: SegmentHead = {
      first: (tail.last + 1) as Position,
      view,
      viewBefore: this.lastView,
      sizeBefore: tail.empty ? tail.head.sizeBefore : tail.size,
    };
    if (tail.empty) this.#drop(this.#segments.length - 1);
    else tail.seal();
    this.#segments.push(Segment.create(this.#disk, head));
  }

  #drop(index: number): void {
    const [segment] = this.#segments.splice(index, 1);
    if (segment === undefined) return;
    segment.file.close();
    this.#disk.remove(segment.path);
  }

  #recover(): void {
    const paths = this.#disk.list('log').map((name) => `log/${name}`);
    const checkedFrom = paths.length - RECOVERED_SEGMENTS;
    let whole = true;
    for (const [index, path] of paths.entries()) {
      const segment: Segment | undefined = whole ? Segment.open(this.#disk, path) : undefined;
      if (segment === undefined || !this.#follows(segment)) {
        segment?.file.close();
        this.#disk.remove(path);
        whole = false;
        continue;
      }
      this.#segments.push(segment);
      if (index >= checkedFrom) whole = segment.recover();
    }
    // Where several at the end were not whole, the one that is the last now has not been read yet.
    if (!whole) this.#segments.at(-1)?.recover();
  }

  /** Whether a segment found on disk continues the one before; fixes that one's last position on the way. */
  #follows(segment: Segment): boolean {
    const before = this.#segments.at(-1);
    if (before === undefined) return true;
    // What a cut had taken away is there again when the power went before the file was synced.
    before.cut(segment.head.sizeBefore);
    if (before.empty) before.last = (segment.head.first - 1) as Position;
    if (before.size >= segment.head.sizeBefore && before.last === segment.head.first - 1)
      return true;
    before.recover();
    return before.last === segment.head.first - 1;
  }
}
