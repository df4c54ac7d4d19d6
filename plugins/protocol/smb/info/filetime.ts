/** FILETIME ([MS-DTYP] §2.3.3): 100 nanoseconds since 1601-01-01, in 64 bits. */
import type { Time } from '#core/ports/clock.ts';

const UNIX_EPOCH_SECONDS = 11_644_473_600;
const TICKS_A_SECOND = 10_000_000n;
const NANOSECONDS_A_TICK = 100;

/** Times before 1601 are 0, which means "none". */
export function filetimeOf(time: Time): bigint {
  const seconds = time.seconds + UNIX_EPOCH_SECONDS;
  if (seconds < 0) return 0n;
  const ticks = Math.floor(time.nanoseconds / NANOSECONDS_A_TICK);
  return BigInt(seconds) * TICKS_A_SECOND + BigInt(ticks);
}

export function timeOfFiletime(filetime: bigint): Time {
  const seconds = Number(filetime / TICKS_A_SECOND) - UNIX_EPOCH_SECONDS;
  return { seconds, nanoseconds: Number(filetime % TICKS_A_SECOND) * NANOSECONDS_A_TICK };
}

/** What SET_INFO says about a time ([MS-FSCC] §2.4.7). */
export type FiletimeChange =
  /** 0. */
  | 'keep'
  /** -1: changes through this open leave it alone from now on. */
  | 'freeze'
  /** -2: they do not any more. */
  | 'thaw'
  | Time;

export function filetimeChange(filetime: bigint): FiletimeChange | undefined {
  const signed = BigInt.asIntN(64, filetime);
  if (signed === 0n) return 'keep';
  if (signed === -1n) return 'freeze';
  if (signed === -2n) return 'thaw';
  return signed < 0n ? undefined : timeOfFiletime(signed);
}

export function filetimeOfChange(change: FiletimeChange): bigint {
  if (change === 'keep') return 0n;
  if (change === 'freeze') return -1n;
  return change === 'thaw' ? -2n : filetimeOf(change);
}
