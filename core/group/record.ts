/**
 * One entry as bytes: the same in the log and between boxes, so that a backup logs what it received as it came.
 *
 *     mark u8 | checksum u32 | position u64 | view u64 | commit u64 | seconds i64 | nanoseconds u32 | stable u8 |
 *     body size u32 | data size u32 | body | (data | checksum of data u32)
 *
 * The checksum (CRC-32) covers position to body. The mark says what follows the body; it stands outside the
 * checksum because one box logs the bulk data of an entry and another does not.
 */
import type { Disk } from '../ports/disk.ts';
import { DecodeError } from '../wire/reader.ts';
import type { Entry, Position, View } from './entry.ts';

/** Nothing follows, and nothing was left out. */
export const MARK_BARE = 1;
/** Bulk data follows, with its checksum. */
export const MARK_DATA = 2;
/** There was bulk data; the backend has it. */
export const MARK_OMITTED = 3;
/** Bulk data follows without a checksum: between boxes, where the link has its own. */
export const MARK_SENT = 4;

/** Bytes before the body, the mark included. */
export const HEAD_SIZE = 50;
const CHECKED_FROM = 5;
/** Bytes of body or data of one entry: a full reply or write with room for what surrounds it. */
const PART_SIZE_MAX = 4 * 1024 * 1024;

const marks = [MARK_BARE, MARK_DATA, MARK_OMITTED, MARK_SENT].map((mark) => Buffer.of(mark));
/** One mark as a chunk of its own, shared and never written to. */
export function markChunk(mark: number): Buffer {
  return marks[mark - 1] as Buffer;
}

/** An entry and its bytes from mark to body; the mark in them is `MARK_BARE` and stands for itself only without data. */
export interface EntryRecord {
  readonly entry: Entry;
  readonly head: Buffer;
}

/** Encodes entries one after the other into one fresh buffer, so that those without data go out as one piece. */
export function encodeRecords(
  entries: readonly Entry[],
  disk: Pick<Disk, 'checksum'>,
): EntryRecord[] {
  let size = 0;
  for (const entry of entries) size += HEAD_SIZE + entry.body.length;
  const bytes = Buffer.allocUnsafe(size);
  const records: EntryRecord[] = [];
  let offset = 0;
  for (const entry of entries) {
    const end = offset + HEAD_SIZE + entry.body.length;
    writeHead(bytes, offset, entry);
    entry.body.copy(bytes, offset + HEAD_SIZE);
    bytes.writeUInt32BE(disk.checksum(bytes.subarray(offset + CHECKED_FROM, end)), offset + 1);
    records.push({ entry, head: bytes.subarray(offset, end) });
    offset = end;
  }
  return records;
}

function writeHead(to: Buffer, at: number, entry: Entry): void {
  to[at] = MARK_BARE;
  writeU64(to, entry.position, at + 5);
  writeU64(to, entry.view, at + 13);
  writeU64(to, entry.commit, at + 21);
  to.writeInt32BE(Math.floor(entry.time.seconds / 0x1_0000_0000), at + 29);
  to.writeUInt32BE(entry.time.seconds >>> 0, at + 33);
  to.writeUInt32BE(entry.time.nanoseconds, at + 37);
  to[at + 41] = entry.stable ? 1 : 0;
  to.writeUInt32BE(entry.body.length, at + 42);
  to.writeUInt32BE(entry.dataSize, at + 46);
}

function writeU64(to: Buffer, value: number, at: number): void {
  to.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
  to.writeUInt32BE(value >>> 0, at + 4);
}

function readU64(from: Buffer, at: number): number {
  const high = from.readUInt32BE(at);
  if (high > 0x1f_ffff) throw new DecodeError(`number at ${at}: beyond 2^53 - 1`);
  return high * 0x1_0000_0000 + from.readUInt32BE(at + 4);
}

export interface DecodedRecord extends EntryRecord {
  /** Bytes of the whole record. */
  readonly size: number;
}

/**
 * The record at `offset`; `undefined` when its bytes are not all there yet. Body and data are views. Throws
 * `DecodeError` when what is there cannot be one. Checksums are the caller's business (`isWhole`).
 */
export function decodeRecord(bytes: Buffer, offset: number): DecodedRecord | undefined {
  const needed = recordSize(bytes, offset);
  if (needed === undefined || offset + needed > bytes.length) return undefined;
  const mark = bytes[offset] as number;
  const bodySize = bytes.readUInt32BE(offset + 42);
  const dataSize = bytes.readUInt32BE(offset + 46);
  const bodyEnd = offset + HEAD_SIZE + bodySize;
  const hasData = mark === MARK_DATA || mark === MARK_SENT;
  const entry: Entry = {
    position: readU64(bytes, offset + 5) as Position,
    view: readU64(bytes, offset + 13) as View,
    commit: readU64(bytes, offset + 21) as Position,
    time: {
      seconds: bytes.readInt32BE(offset + 29) * 0x1_0000_0000 + bytes.readUInt32BE(offset + 33),
      nanoseconds: bytes.readUInt32BE(offset + 37),
    },
    stable: bytes[offset + 41] === 1,
    body: bytes.subarray(offset + HEAD_SIZE, bodyEnd),
    data: hasData ? bytes.subarray(bodyEnd, bodyEnd + dataSize) : undefined,
    dataSize,
  };
  return { entry, head: bytes.subarray(offset, bodyEnd), size: needed };
}

/** Bytes of the record that begins at `offset`; `undefined` while its head is not all there. */
export function recordSize(bytes: Buffer, offset: number): number | undefined {
  if (offset + HEAD_SIZE > bytes.length) return undefined;
  const mark = bytes[offset] as number;
  const bodySize = bytes.readUInt32BE(offset + 42);
  const dataSize = bytes.readUInt32BE(offset + 46);
  if (mark < MARK_BARE || mark > MARK_SENT) throw new DecodeError(`record: mark ${mark}`);
  if (bodySize > PART_SIZE_MAX) throw new DecodeError(`record: body of ${bodySize} bytes`);
  if (dataSize > PART_SIZE_MAX) throw new DecodeError(`record: data of ${dataSize} bytes`);
  if (mark === MARK_BARE && dataSize > 0) throw new DecodeError('record: data without its mark');
  const tail = mark === MARK_DATA ? dataSize + 4 : mark === MARK_SENT ? dataSize : 0;
  return HEAD_SIZE + bodySize + tail;
}

/** Whether a record read from a log is what was written. */
export function isWhole(record: DecodedRecord, disk: Pick<Disk, 'checksum'>): boolean {
  const { head, entry } = record;
  if (head.readUInt32BE(1) !== disk.checksum(head.subarray(CHECKED_FROM))) return false;
  if (head[0] !== MARK_DATA || entry.data === undefined) return true;
  // The checksum of the data is the last field of the record, just behind the view that `data` is.
  const tail = Buffer.from(entry.data.buffer, entry.data.byteOffset + entry.dataSize, 4);
  return tail.readUInt32BE(0) === disk.checksum(entry.data);
}

/** Whether a record came as `sendParts` makes them: with its bulk data where it has any. */
export function isAsSent({ head, entry }: EntryRecord): boolean {
  return head[0] === (entry.dataSize === 0 ? MARK_BARE : MARK_SENT);
}

/** Appends to `parts` a record as it goes to another box: its bulk data follows as a part of its own. */
export function sendParts(parts: Buffer[], record: EntryRecord): number {
  const { entry, head } = record;
  if (entry.dataSize === 0) {
    pushPart(parts, head);
    return head.length;
  }
  parts.push(markChunk(MARK_SENT), head.subarray(1), entry.data as Buffer);
  return head.length + entry.dataSize;
}

/** Appends to `parts` a record as it goes to the log; returns its bytes there. */
export function logParts(
  parts: Buffer[],
  record: EntryRecord,
  withData: boolean,
  disk: Pick<Disk, 'checksum'>,
): number {
  const { entry, head } = record;
  if (entry.dataSize === 0) {
    pushPart(parts, head);
    return head.length;
  }
  if (!withData || entry.data === undefined) {
    parts.push(markChunk(MARK_OMITTED), head.subarray(1));
    return head.length;
  }
  const tail = Buffer.allocUnsafe(4);
  tail.writeUInt32BE(disk.checksum(entry.data));
  parts.push(markChunk(MARK_DATA), head.subarray(1), entry.data, tail);
  return head.length + entry.dataSize + 4;
}

/** Adds a part, as one with the part before it where they lie side by side. */
function pushPart(parts: Buffer[], part: Buffer): void {
  const before = parts.at(-1);
  if (
    before !== undefined &&
    before.buffer === part.buffer &&
    before.byteOffset + before.length === part.byteOffset
  ) {
    parts[parts.length - 1] = Buffer.from(
      part.buffer,
      before.byteOffset,
      before.length + part.length,
    );
    return;
  }
  parts.push(part);
}
