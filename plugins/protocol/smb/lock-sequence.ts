/** LockSequenceArray: a LOCK that is sent again after a lost connection is not done again ([MS-SMB2] §3.3.5.14). */
import type { Outcome, SmbCall } from './command.ts';
import { flushDurables, retell } from './create/durable.ts';
import type { FileOpen } from './open.ts';
import { STATUS_SUCCESS } from './status.ts';

export const LOCK_SEQUENCES = 64;
/** Of an entry that holds nothing. */
export const NO_SEQUENCE = 0xff;

export function noLockSequences(): Buffer {
  return Buffer.alloc(LOCK_SEQUENCES, NO_SEQUENCE);
}

/** The entry that a request names; `undefined` where it names none, or the open keeps none. */
function entryOf(call: SmbCall, open: FileOpen, sequence: number): number | undefined {
  const index = sequence >>> 4;
  if (index < 1 || index > LOCK_SEQUENCES) return undefined;
  if (!open.isDurable && call.connection.dialect < 0x0300) return undefined;
  return index - 1;
}

/** The request was done already. Otherwise what its entry says counts no longer. */
export function isRepeated(call: SmbCall, open: FileOpen, sequence: number): boolean {
  const entry = entryOf(call, open, sequence);
  if (entry === undefined) return false;
  if (open.lockSequences[entry] === (sequence & 0xf)) return true;
  open.lockSequences[entry] = NO_SEQUENCE;
  return false;
}

export function remembered(
  call: SmbCall,
  open: FileOpen,
  sequence: number,
  outcome: Outcome<null>,
): Outcome<null> {
  const entry = entryOf(call, open, sequence);
  if (entry !== undefined && outcome.status === STATUS_SUCCESS) {
    open.lockSequences[entry] = sequence & 0xf;
  }
  // Also the lock itself is kept.
  if (open.isDurable) {
    retell(call.scene, open);
    flushDurables(call);
  }
  return outcome;
}
