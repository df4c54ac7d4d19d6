/** What a client wants changed of a file (RFC 1813 §2.6 sattr3; NFSv4 and SMB say the same in other words). */
import type { Time } from '../ports/clock.ts';
import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';

/** Left alone, set to the stamp of the change ("server time"), or set to what the client says. */
export type TimeChange = 'keep' | 'now' | Time;

/** An absent field is left alone. */
export interface SetAttributes {
  /** The low 12 bits of a mode; others are ignored. */
  readonly mode?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Bytes; of regular files only. */
  readonly size?: number | undefined;
  readonly atime: TimeChange;
  readonly mtime: TimeChange;
  /** Creation; absent is `keep`. */
  readonly btime?: TimeChange | undefined;
  /** SMB lets it be set ([MS-FSCC] §2.4.7 ChangeTime); absent or `keep` is the change's own time, as POSIX has it. */
  readonly ctime?: Time | 'keep' | undefined;
  /** DOS attributes, those of `DOS_MASK`: all of them as they are to be. */
  readonly dos?: number | undefined;
  /**
   * A new mode, owner or group drops a stored security descriptor, which would say otherwise; whoever sets one and means
   * what it says keeps it.
   */
  readonly keepsSecurity?: boolean | undefined;
}

export const SET_NOTHING: SetAttributes = { atime: 'keep', mtime: 'keep' };

/** A time as it stands in a change: given, or that of the change's stamp. */
export type StampedTime = 'now' | Time;

export function timeOf(value: StampedTime, now: Time): Time {
  return value === 'now' ? now : value;
}

/** 12 bytes: seconds as a signed 64-bit number, then nanoseconds. */
export function writeTime(to: Writer, time: Time): void {
  to.i32(Math.floor(time.seconds / 0x1_0000_0000));
  to.u32(time.seconds >>> 0);
  to.u32(time.nanoseconds);
}

export function readTime(from: Reader): Time {
  const seconds = from.i32() * 0x1_0000_0000 + from.u32();
  return { seconds, nanoseconds: from.u32() };
}

export function writeStampedTime(to: Writer, time: StampedTime): void {
  to.u8(time === 'now' ? 0 : 1);
  if (time !== 'now') writeTime(to, time);
}

export function readStampedTime(from: Reader): StampedTime {
  return from.u8() === 0 ? 'now' : readTime(from);
}
