/**
 * ChannelSequence: a change that a client sent before its connection broke must not take effect after what it sent on the
 * next one ([MS-SMB2] §3.3.5.2.10).
 */
import type { Outcome, SmbCall } from './command.ts';
import type { FileOpen } from './open.ts';
import { STATUS_FILE_NOT_AVAILABLE } from './status.ts';
import { SMB2_FLAGS_REPLAY_OPERATION } from './wire/header.ts';

const SEQUENCE_MASK = 0xffff;
/** Half of the numbers are behind, half ahead. */
const AHEAD_MAX = 0x7fff;

/** Calls that stand in the counters of their open. */
const counted = new WeakSet<SmbCall>();

/** Runs a change in its place among the others of its open, if that is not over yet. */
export function inSequence<Response>(
  call: SmbCall,
  open: FileOpen,
  change: () => Outcome<Response> | Promise<Outcome<Response>>,
): Outcome<Response> | Promise<Outcome<Response>> {
  if (!enterChange(call, open)) return { status: STATUS_FILE_NOT_AVAILABLE };
  const outcome = change();
  if (outcome instanceof Promise) return outcome.finally(() => leaveChange(call, open));
  leaveChange(call, open);
  return outcome;
}

/** False: STATUS_FILE_NOT_AVAILABLE. Otherwise `leaveChange` must follow once the call is answered. */
function enterChange(call: SmbCall, open: FileOpen): boolean {
  if (call.connection.dialect < 0x0300) return true;
  const sequence = call.header.status & SEQUENCE_MASK;
  const isReplay = (call.header.flags & SMB2_FLAGS_REPLAY_OPERATION) !== 0;
  const ahead = (sequence - open.channelSequence) & SEQUENCE_MASK;
  if (ahead === 0) {
    if (isReplay && open.outstandingPreRequests > 0) return false;
    open.outstandingRequests += 1;
    counted.add(call);
    return true;
  }
  if (ahead > AHEAD_MAX) return false;
  open.outstandingPreRequests += open.outstandingRequests;
  open.outstandingRequests = 0;
  open.channelSequence = sequence;
  if (isReplay && open.outstandingPreRequests > 0) return false;
  open.outstandingRequests = 1;
  counted.add(call);
  return true;
}

function leaveChange(call: SmbCall, open: FileOpen): void {
  if (!counted.delete(call)) return;
  const sequence = call.header.status & SEQUENCE_MASK;
  if (sequence === open.channelSequence) open.outstandingRequests -= 1;
  else open.outstandingPreRequests -= 1;
}
