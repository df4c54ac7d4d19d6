/**
 * What the members of a group say to one another, and how it looks on the link (channel `group`).
 *
 * Every message begins with version u8 and kind u8. Entries follow the head of `append` as records (record.ts), so
 * that bulk data goes out as parts of its own and is never copied.
 */
import { FETCH_SIZE_MAX } from '../limits.ts';
import type { InstantMs } from '../ports/clock.ts';
import type { Disk } from '../ports/disk.ts';
import { DecodeError, Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';
import type { BoxId, Position, View } from './entry.ts';
import { decodeRecord, type EntryRecord, isAsSent, isWhole } from './record.ts';
import type { Role } from './roles.ts';
import type { Extent } from './state-machine.ts';
import type { Configuration } from './view.ts';

const MESSAGE_VERSION = 1;
const BOX_SIZE_MAX = 32;
const MEMBERS_MAX = 16;
const REASON_SIZE_MAX = 1024;
/** Runs of one view in a welcome: as many changes of view as a suffix may span. */
const RUNS_MAX = 4096;

export interface AppendHead {
  readonly kind: 'append';
  readonly view: View;
  /** The primary's own clock, echoed in the acknowledgement: the lease counts from it. */
  readonly sentAt: InstantMs;
  readonly commit: Position;
  /** The entry before the first one sent, and its view: what the receiver must have for these to follow on. */
  readonly previous: Position;
  readonly previousView: View;
}

/** Entries in order; without any it is the heartbeat. */
export interface Append extends AppendHead {
  readonly records: readonly EntryRecord[];
}

export interface Acknowledge {
  readonly kind: 'acknowledge';
  readonly view: View;
  /** The `nonce` of the join that this box came in by. */
  readonly session: number;
  /** Up to here the box has staged and logged what the primary has. */
  readonly received: Position;
  /** Up to here it survives a power cut. */
  readonly durable: Position;
  readonly committed: Position;
  readonly sentAt: InstantMs;
  /** Entries are missing before those just sent: send again after `received`. */
  readonly gap: boolean;
  /** All content of this box is what its entries say. */
  readonly whole: boolean;
}

/** A run of entries made in one view: from here to where the next run begins. */
export interface ViewRun {
  readonly from: Position;
  readonly view: View;
}

export type Message =
  | Append
  | Acknowledge
  /** Asks the primary to be brought up to date from `applied` on; `last` is how far the own log goes. */
  | {
      readonly kind: 'join';
      readonly view: View;
      readonly nonce: number;
      readonly applied: Position;
      readonly appliedView: View;
      readonly last: Position;
    }
  /**
   * The log reaches back far enough. `runs` says what the group has of (applied, last]; `end` is where it ends. What is
   * UNSTABLE of entries after `sure` may be another on the primary than on the joiner.
   */
  | {
      readonly kind: 'welcome';
      readonly view: View;
      readonly nonce: number;
      readonly end: Position;
      readonly sure: Position;
      readonly runs: readonly ViewRun[];
    }
  | {
      readonly kind: 'reject';
      readonly view: View;
      readonly nonce: number;
      readonly reason: string;
    }
  /** The primary lost track of this joiner: it must ask to join once more. */
  | { readonly kind: 'again'; readonly view: View }
  | { readonly kind: 'configure'; readonly configuration: Configuration }
  /** The sender was primary until now and will not answer for the group again: no lease need be waited out. */
  | { readonly kind: 'handover'; readonly configuration: Configuration }
  | { readonly kind: 'withdraw'; readonly view: View; readonly reason: string }
  | {
      readonly kind: 'fetch';
      readonly view: View;
      readonly session: number;
      readonly extent: Extent;
    }
  | {
      readonly kind: 'content';
      readonly view: View;
      readonly session: number;
      readonly extent: Extent;
      readonly data: Buffer;
    }
  | { readonly kind: 'ask' }
  | {
      readonly kind: 'tell';
      readonly role: Role;
      readonly view: View;
      readonly lastView: View;
      readonly last: Position;
      /** It has neither its content nor a log to make it again from. */
      readonly lacks: boolean;
    };

type Kind = Message['kind'];

const CODES: Readonly<Record<Kind, number>> = {
  append: 1,
  acknowledge: 2,
  join: 3,
  welcome: 4,
  reject: 5,
  again: 6,
  configure: 7,
  handover: 8,
  withdraw: 9,
  fetch: 10,
  content: 11,
  ask: 12,
  tell: 13,
};
const KINDS = new Map(Object.entries(CODES).map(([kind, code]) => [code, kind as Kind]));

const ROLES: readonly Role[] = ['recovering', 'joining', 'backup', 'taking', 'primary', 'out'];

export const APPEND_HEAD_SIZE = 42;
const ACKNOWLEDGE_SIZE = 48;
/** Bytes of the longest message without bulk: a welcome with all its runs. */
const SMALL_SIZE_MAX = 64 + RUNS_MAX * 16;

/** The clock's fractions survive as whole microseconds, rounded down so that no lease grows on its way. */
const MICROSECONDS = 1000;

export function encodeAppendHead(head: AppendHead): Buffer {
  const to = start('append', APPEND_HEAD_SIZE);
  to.u64(head.view);
  to.u64(Math.floor(head.sentAt * MICROSECONDS));
  to.u64(head.commit);
  to.u64(head.previous);
  to.u64(head.previousView);
  return to.finish();
}

/** The message's parts. `append` goes through `encodeAppendHead`, its records through `sendParts`. */
export function encodeMessage(message: Exclude<Message, Append>): Buffer[] {
  if (message.kind === 'acknowledge') return [encodeAcknowledge(message)];
  const to = start(message.kind, sizeMax(message));
  switch (message.kind) {
    case 'join':
      to.u64(message.view);
      to.u32(message.nonce);
      to.u64(message.applied);
      to.u64(message.appliedView);
      to.u64(message.last);
      break;
    case 'welcome':
      to.u64(message.view);
      to.u32(message.nonce);
      to.u64(message.end);
      to.u64(message.sure);
      writeRuns(to, message.runs);
      break;
    case 'reject':
      to.u64(message.view);
      to.u32(message.nonce);
      writeText(to, message.reason);
      break;
    case 'withdraw':
      to.u64(message.view);
      writeText(to, message.reason);
      break;
    case 'again':
      to.u64(message.view);
      break;
    case 'configure':
    case 'handover':
      writeConfiguration(to, message.configuration);
      break;
    case 'fetch':
      to.u64(message.view);
      to.u32(message.session);
      writeExtent(to, message.extent);
      break;
    case 'content':
      to.u64(message.view);
      to.u32(message.session);
      writeExtent(to, message.extent);
      return [to.finish(), message.data];
    case 'ask':
      break;
    case 'tell':
      to.u8(ROLES.indexOf(message.role));
      to.u64(message.view);
      to.u64(message.lastView);
      to.u64(message.last);
      to.u8(message.lacks ? 1 : 0);
      break;
    default:
      message satisfies never;
  }
  return [to.finish()];
}

/** Throws `DecodeError`, also where an entry is not as it was made. Bytes in the result are views of the frame. */
export function decodeMessage(frame: Buffer, disk: Pick<Disk, 'checksum'>): Message {
  const from = new Reader(frame);
  const version = from.u8();
  if (version !== MESSAGE_VERSION) throw new DecodeError(`message: version ${version}`);
  const code = from.u8();
  const kind = KINDS.get(code);
  if (kind === undefined) throw new DecodeError(`message: kind ${code}`);
  if (kind === 'append') return decodeAppend(from, frame, disk);
  const message = decoders[kind](from);
  from.end();
  return message;
}

function start(kind: Kind, size: number): Writer {
  const to = new Writer(Buffer.allocUnsafe(size));
  to.u8(MESSAGE_VERSION);
  to.u8(CODES[kind]);
  return to;
}

function sizeMax(message: Message): number {
  switch (message.kind) {
    case 'welcome':
      return SMALL_SIZE_MAX;
    case 'reject':
    case 'withdraw':
      return 64 + REASON_SIZE_MAX;
    case 'configure':
    case 'handover':
      return 64 + (MEMBERS_MAX + 1) * (BOX_SIZE_MAX + 4);
    default:
      return 64;
  }
}

function encodeAcknowledge(message: Acknowledge): Buffer {
  const to = start('acknowledge', ACKNOWLEDGE_SIZE);
  to.u64(message.view);
  to.u32(message.session);
  to.u64(message.received);
  to.u64(message.durable);
  to.u64(message.committed);
  to.u64(Math.floor(message.sentAt * MICROSECONDS));
  to.u8((message.gap ? 1 : 0) | (message.whole ? 2 : 0));
  return to.finish();
}

const decoders: Readonly<Record<Exclude<Kind, 'append'>, (from: Reader) => Message>> = {
  acknowledge: decodeAcknowledge,
  join: (from) => ({
    kind: 'join',
    view: view(from),
    nonce: from.u32(),
    applied: position(from),
    appliedView: view(from),
    last: position(from),
  }),
  welcome: (from) => ({
    kind: 'welcome',
    view: view(from),
    nonce: from.u32(),
    end: position(from),
    sure: position(from),
    runs: readRuns(from),
  }),
  reject: (from) => ({
    kind: 'reject',
    view: view(from),
    nonce: from.u32(),
    reason: readText(from),
  }),
  again: (from) => ({ kind: 'again', view: view(from) }),
  configure: (from) => ({ kind: 'configure', configuration: readConfiguration(from) }),
  handover: (from) => ({ kind: 'handover', configuration: readConfiguration(from) }),
  withdraw: (from) => ({ kind: 'withdraw', view: view(from), reason: readText(from) }),
  fetch: (from) => ({
    kind: 'fetch',
    view: view(from),
    session: from.u32(),
    extent: readExtent(from),
  }),
  content: decodeContent,
  ask: () => ({ kind: 'ask' }),
  tell: (from) => ({
    kind: 'tell',
    role: readRole(from),
    view: view(from),
    lastView: view(from),
    last: position(from),
    lacks: from.u8() === 1,
  }),
};

function decodeAppend(from: Reader, frame: Buffer, disk: Pick<Disk, 'checksum'>): Append {
  const head: AppendHead = {
    kind: 'append',
    view: view(from),
    sentAt: (from.u64() / MICROSECONDS) as InstantMs,
    commit: position(from),
    previous: position(from),
    previousView: view(from),
  };
  const records: EntryRecord[] = [];
  let offset = APPEND_HEAD_SIZE;
  let viewBefore = head.previousView;
  while (offset < frame.length) {
    const record = decodeRecord(frame, offset);
    if (record === undefined)
      throw new DecodeError(`append: entry cut at ${frame.length - offset}`);
    const { entry } = record;
    if (entry.position !== head.previous + records.length + 1) {
      throw new DecodeError(`append: entry ${entry.position} out of order`);
    }
    if (entry.view < viewBefore || entry.view > head.view || entry.commit >= entry.position) {
      throw new DecodeError(`append: entry ${entry.position} of view ${entry.view} does not fit`);
    }
    // As it came it goes into this box's log: there a damaged one would end the log at the next start.
    if (!isAsSent(record) || !isWhole(record, disk)) {
      throw new DecodeError(`append: entry ${entry.position} is damaged`);
    }
    viewBefore = entry.view;
    records.push(record);
    offset += record.size;
  }
  return { ...head, records };
}

function decodeContent(from: Reader): Message {
  const head = { view: view(from), session: from.u32(), extent: readExtent(from) };
  const data = from.raw(from.left);
  if (data.length > head.extent.size) {
    throw new DecodeError(`content: ${data.length} bytes for an extent of ${head.extent.size}`);
  }
  return { kind: 'content', ...head, data };
}

function decodeAcknowledge(from: Reader): Acknowledge {
  const fields = {
    view: view(from),
    session: from.u32(),
    received: position(from),
    durable: position(from),
    committed: position(from),
    sentAt: (from.u64() / MICROSECONDS) as InstantMs,
  };
  const flags = from.u8();
  return { kind: 'acknowledge', ...fields, gap: (flags & 1) !== 0, whole: (flags & 2) !== 0 };
}

const view = (from: Reader): View => from.u64() as View;
const position = (from: Reader): Position => from.u64() as Position;

function readRole(from: Reader): Role {
  const role = ROLES[from.u8()];
  if (role === undefined) throw new DecodeError('tell: no such role');
  return role;
}

function writeText(to: Writer, text: string): void {
  const bytes = Buffer.from(text, 'utf8').subarray(0, REASON_SIZE_MAX);
  to.opaque(bytes);
}

function readText(from: Reader): string {
  return from.opaque(REASON_SIZE_MAX, 'reason').toString('utf8');
}

function writeConfiguration(to: Writer, configuration: Configuration): void {
  to.u64(configuration.view);
  to.byteString(configuration.primary);
  to.u32(configuration.inSync.length);
  for (const box of configuration.inSync) to.byteString(box);
}

function readConfiguration(from: Reader): Configuration {
  const number = view(from);
  const primary = from.byteString(BOX_SIZE_MAX, 'box') as BoxId;
  const count = from.u32();
  if (count > MEMBERS_MAX) throw new DecodeError(`configuration: ${count} members`);
  const inSync = Array.from({ length: count }, () => from.byteString(BOX_SIZE_MAX, 'box') as BoxId);
  const isSorted = inSync.every((box, index) => index === 0 || (inSync[index - 1] as BoxId) < box);
  if (!isSorted || !inSync.includes(primary)) {
    throw new DecodeError(`configuration: view ${number} is none`);
  }
  return { view: number, primary, inSync };
}

function writeExtent(to: Writer, extent: Extent): void {
  to.u32(extent.volume);
  to.u64(extent.file);
  to.u64(extent.offset);
  to.u64(extent.size);
}

function readExtent(from: Reader): Extent {
  const extent = { volume: from.u32(), file: from.u64(), offset: from.u64(), size: from.u64() };
  if (extent.size > FETCH_SIZE_MAX) {
    throw new DecodeError(`extent: ${extent.size} bytes, at most ${FETCH_SIZE_MAX}`);
  }
  return extent;
}

function writeRuns(to: Writer, runs: readonly ViewRun[]): void {
  // Runs beyond the bound are left out at the start: what they covered is set aside once more, which loses nothing.
  const kept = runs.slice(-RUNS_MAX);
  to.u32(kept.length);
  for (const run of kept) {
    to.u64(run.from);
    to.u64(run.view);
  }
}

function readRuns(from: Reader): ViewRun[] {
  const count = from.u32();
  if (count > RUNS_MAX) throw new DecodeError(`welcome: ${count} runs`);
  return Array.from({ length: count }, () => ({ from: position(from), view: view(from) }));
}
