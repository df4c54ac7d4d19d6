/**
 * One file of the log. All its entries follow one another and were made in one view, so that which view an entry
 * has is known without reading it.
 *
 *     magic 'USLG' | version u32 | first position u64 | view u64 | view before u64 | size of the file before u64 |
 *     checksum u32 | records (record.ts)
 */
import type { AppendFile, Disk } from '../ports/disk.ts';
import { DecodeError, Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';
import type { Position, View } from './entry.ts';
import { type DecodedRecord, decodeRecord, isWhole, recordSize } from './record.ts';

const MAGIC = 0x5553_4c47;
const FORMAT_VERSION = 1;
export const SEGMENT_HEAD_SIZE = 44;
/** An offset is remembered for every this many entries; those between are found by walking. */
const INDEX_EVERY = 64;
/** Bytes read from a segment at once. */
const READ_SIZE = 256 * 1024;
/** Bytes of room taken ahead: some hundred stable calls, and no more than a disk writes in some ten milliseconds. */
const ROOM_SIZE = 1024 * 1024;
/** Bytes between two syncs above which room would be used up by so few that writing it twice is no gain. */
const SYNCED_SIZE_MAX = ROOM_SIZE / 4;

export interface SegmentHead {
  readonly first: Position;
  readonly view: View;
  /** View of the entry before the first; 0 when there is none. */
  readonly viewBefore: View;
  /** Bytes of the file before this one when this was begun: what must be there for this one to follow on. */
  readonly sizeBefore: number;
}

/** `first` as 16 digits, so that names sort as positions do. */
export function segmentPath(first: Position): string {
  return `log/${String(first).padStart(16, '0')}.log`;
}

export class Segment {
  readonly head: SegmentHead;
  readonly path: string;
  readonly file: AppendFile;
  /** Bytes, head included. */
  size = SEGMENT_HEAD_SIZE;
  /** The last entry's position; `first - 1` when empty. */
  last: Position;
  /** Bytes at the end that were not synced when the process began, or were appended since. */
  dirty = true;
  readonly #disk: Disk;
  /** Bytes at the last `makeRoom`. */
  #syncedSize = 0;
  /** Where the room taken last ends: until then zeros may stand in the file that a power cut leaves. */
  #roomEnd = 0;
  /** Offsets of the entries `first + n * INDEX_EVERY`, as far as known. */
  #index: number[] = [];

  constructor(disk: Disk, file: AppendFile, head: SegmentHead) {
    this.#disk = disk;
    this.file = file;
    this.head = head;
    this.path = segmentPath(head.first);
    this.last = (head.first - 1) as Position;
  }

  static create(disk: Disk, head: SegmentHead): Segment {
    const file = disk.open(segmentPath(head.first));
    file.truncate(0);
    file.append([encodeHead(head, disk)]);
    return new Segment(disk, file, head);
  }

  /**
   * `undefined` when the file's head is not whole: it was being made when the machine stopped. Throws a sentence when it
   * is the file of somebody else, or of a newer version: neither may be taken for a torn one, which is removed.
   */
  static open(disk: Disk, path: string): Segment | undefined {
    const file = disk.open(path);
    const bytes = Buffer.alloc(SEGMENT_HEAD_SIZE);
    const whole = file.read(0, bytes) === SEGMENT_HEAD_SIZE;
    if (whole) demandOurs(path, bytes, disk);
    const head = whole ? decodeHead(bytes, disk) : undefined;
    if (head === undefined || segmentPath(head.first) !== path) {
      file.close();
      return undefined;
    }
    const segment = new Segment(disk, file, head);
    segment.size = file.size;
    return segment;
  }

  get empty(): boolean {
    return this.last < this.head.first;
  }

  appended(position: Position, size: number): void {
    if ((position - this.head.first) % INDEX_EVERY === 0) {
      this.#index[(position - this.head.first) / INDEX_EVERY] = this.size;
    }
    this.size += size;
    this.last = position;
    this.dirty = true;
  }

  /**
   * Called before a sync. One that must record a new length anyway takes room along, so that those which follow find the
   * length as it is: on most file systems that is one write to the disk less, and nobody waits for its journal.
   */
  makeRoom(): void {
    const appendedSize = this.size - this.#syncedSize;
    this.#syncedSize = this.size;
    if (this.file.reserved > 0 || appendedSize > SYNCED_SIZE_MAX) return;
    this.file.reserve(ROOM_SIZE);
    this.#roomEnd = this.size + this.file.reserved;
  }

  /**
   * Nothing will follow. What stands in room taken ahead is made durable before the next segment begins: by its length
   * this one would seem to be whole after a power cut, which is all that is looked at later.
   */
  seal(): void {
    if (this.size > this.#roomEnd) return;
    this.file.seal();
    this.dirty = false;
  }

  /** Reads every record, cuts the file behind the last whole one, and says whether nothing had to be cut. */
  recover(): boolean {
    const before = this.file.size;
    this.#index = [];
    this.last = (this.head.first - 1) as Position;
    this.size = SEGMENT_HEAD_SIZE;
    this.walk(SEGMENT_HEAD_SIZE, before, (record) => {
      if (record.entry.position !== this.last + 1 || record.entry.view !== this.head.view)
        return false;
      if (!isWhole(record, this.#disk)) return false;
      this.appended(record.entry.position, record.size);
      return true;
    });
    if (this.size < before) this.file.truncate(this.size);
    return this.size === before;
  }

  /** Where the entry begins. `position` is within the segment, or one behind its last. */
  offsetOf(position: Position): number {
    if (position > this.last) return this.size;
    let at = Math.floor((position - this.head.first) / INDEX_EVERY);
    while (at > 0 && this.#index[at] === undefined) at -= 1;
    let offset = this.#index[at] ?? SEGMENT_HEAD_SIZE;
    let next = this.head.first + at * INDEX_EVERY;
    this.walk(offset, this.size, (record) => {
      if (next === position) return false;
      if ((next - this.head.first) % INDEX_EVERY === 0) {
        this.#index[(next - this.head.first) / INDEX_EVERY] = offset;
      }
      next += 1;
      offset += record.size;
      return true;
    });
    return offset;
  }

  /** Keeps the entries up to `after`. */
  truncate(after: Position): void {
    const size = this.offsetOf((after + 1) as Position);
    this.file.truncate(size);
    this.size = size;
    this.last = after;
    this.#index.length = Math.ceil((after + 1 - this.head.first) / INDEX_EVERY);
    this.dirty = true;
  }

  /** Keeps at most `size` bytes, which end with a record; `last` is the caller's to see to. */
  cut(size: number): void {
    if (this.size <= size) return;
    this.file.truncate(size);
    this.size = size;
    this.dirty = true;
  }

  /** Decodes records from `offset` to `end` until `visit` returns false or the bytes form no record. */
  walk(offset: number, end: number, visit: (record: DecodedRecord) => boolean): void {
    let bytes = this.#load(offset, end, READ_SIZE);
    let start = offset;
    let at = 0;
    try {
      while (start + at < end) {
        const record = decodeRecord(bytes, at);
        if (record !== undefined) {
          if (!visit(record)) return;
          at += record.size;
          continue;
        }
        const wanted = Math.max(READ_SIZE, recordSize(bytes, at) ?? 0);
        // What was read at its place already, to the end or as much as the record needs, and is none: the end.
        if (at === 0 && bytes.length >= Math.min(wanted, end - start)) return;
        start += at;
        at = 0;
        bytes = this.#load(start, end, wanted);
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }

  #load(offset: number, end: number, size: number): Buffer {
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(size, end - offset)));
    return bytes.subarray(0, this.file.read(offset, bytes));
  }
}

function encodeHead(head: SegmentHead, disk: Disk): Buffer {
  const to = new Writer(SEGMENT_HEAD_SIZE);
  to.u32(MAGIC);
  to.u32(FORMAT_VERSION);
  to.u64(head.first);
  to.u64(head.view);
  to.u64(head.viewBefore);
  to.u64(head.sizeBefore);
  to.u32(disk.checksum(to.finish()));
  return to.finish();
}

/** Throws unless these bytes are a head of ours, or none yet. */
function demandOurs(path: string, bytes: Buffer, disk: Disk): void {
  const from = new Reader(bytes);
  const magic = from.u32();
  const version = from.u32();
  // A file that grew before its bytes reached the disk holds zeros.
  if (magic === 0) return;
  if (magic === MAGIC && version > FORMAT_VERSION) {
    throw new Error(
      `${path}: log format ${version}, this program knows ${FORMAT_VERSION}; start the newer program, or restore a backup made by this one`,
    );
  }
  if (magic === MAGIC && decodeHead(bytes, disk) !== undefined) return;
  throw new Error(
    `${path}: no log of this program, or not any more; restore it, or begin anew with another state directory`,
  );
}

function decodeHead(bytes: Buffer, disk: Disk): SegmentHead | undefined {
  const from = new Reader(bytes);
  if (from.u32() !== MAGIC || from.u32() !== FORMAT_VERSION) return undefined;
  if (
    bytes.readUInt32BE(SEGMENT_HEAD_SIZE - 4) !==
    disk.checksum(bytes.subarray(0, SEGMENT_HEAD_SIZE - 4))
  ) {
    return undefined;
  }
  return {
    first: from.u64() as Position,
    view: from.u64() as View,
    viewBefore: from.u64() as View,
    sizeBefore: from.u64(),
  };
}
