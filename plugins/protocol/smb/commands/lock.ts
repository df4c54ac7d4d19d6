/** LOCK: byte ranges, taken together or given back one by one ([MS-SMB2] §2.2.26, §2.2.27, §3.3.5.14). */
import type { RangeRequest } from '#core/opens/types.ts';
import { DecodeError } from '#core/wire/reader.ts';
import type { Command, Outcome, SmbCall } from '../command.ts';
import { breakOthers } from '../create/break-others.ts';
import { isRepeated, remembered } from '../lock-sequence.ts';
import type { FileHandle, FileOpen } from '../open.ts';
import {
  STATUS_CANCELLED,
  STATUS_FILE_CLOSED,
  STATUS_INSUFFICIENT_RESOURCES,
  STATUS_INVALID_DEVICE_REQUEST,
  STATUS_INVALID_LOCK_RANGE,
  STATUS_INVALID_PARAMETER,
  STATUS_LOCK_NOT_GRANTED,
  STATUS_RANGE_NOT_LOCKED,
  STATUS_SUCCESS,
} from '../status.ts';
import { readFileId, writeFileId } from '../wire/file-id.ts';

export const SMB2_LOCKFLAG_SHARED_LOCK = 0x1;
export const SMB2_LOCKFLAG_EXCLUSIVE_LOCK = 0x2;
export const SMB2_LOCKFLAG_UNLOCK = 0x4;
export const SMB2_LOCKFLAG_FAIL_IMMEDIATELY = 0x10;

/** Ranges of one request: Linux sends as many as a page has room for, 165. Each is held against all of the file. */
const LOCKS_MAX = 256;

export interface LockElement {
  readonly offset: bigint;
  readonly length: bigint;
  readonly flags: number;
}

export interface LockRequest {
  readonly id: FileHandle;
  /** LockSequenceNumber in the low 4 bits, LockSequenceIndex above. */
  readonly sequence: number;
  readonly locks: readonly LockElement[];
}

export const lock: Command<LockRequest, null> = {
  name: 'LOCK',
  code: 0x000a,
  needs: 'tree',

  decode(from) {
    from.structureSize(48);
    const count = from.u16();
    const sequence = from.u32();
    const id = readFileId(from);
    if (count > LOCKS_MAX) throw new DecodeError(`LOCK: ${count} ranges, at most ${LOCKS_MAX}`);
    const locks: LockElement[] = [];
    for (let index = 0; index < count; index++) {
      locks.push({ offset: from.u64(), length: from.u64(), flags: from.u32() });
      from.skip(4);
    }
    return { id, sequence, locks };
  },

  handle(call, request) {
    const open = call.open(request.id);
    if (open === undefined) return { status: STATUS_FILE_CLOSED };
    const { locks } = request;
    const [first] = locks;
    if (first === undefined) return { status: STATUS_INVALID_PARAMETER };
    if (open.kind === 'pipe' || open.isDirectory) return { status: STATUS_INVALID_DEVICE_REQUEST };
    if (isRepeated(call, open, request.sequence)) return SUCCESS;
    const unlocks = (first.flags & SMB2_LOCKFLAG_UNLOCK) !== 0;
    const outcome = unlocks ? giveBack(call, open, locks) : take(call, open, locks);
    if (outcome instanceof Promise) {
      return outcome.then((done) => remembered(call, open, request.sequence, done));
    }
    return remembered(call, open, request.sequence, outcome);
  },

  encode(to) {
    to.u16(4);
    to.u16(0);
  },

  encodeRequest(to, { id, sequence, locks }) {
    to.u16(48);
    to.u16(locks.length);
    to.u32(sequence);
    writeFileId(to, id);
    for (const { offset, length, flags } of locks) {
      to.u64(offset);
      to.u64(length);
      to.u32(flags);
      to.u32(0);
    }
  },

  decodeResponse(from) {
    from.structureSize(4);
    from.skip(2);
    return null;
  },
};

const SUCCESS: Outcome<null> = { status: STATUS_SUCCESS, response: null };

/** What was given back before a refusal stays given back (§3.3.5.14.1). */
function giveBack(call: SmbCall, open: FileOpen, locks: readonly LockElement[]): Outcome<null> {
  for (const { offset, length, flags } of locks) {
    if (flags !== SMB2_LOCKFLAG_UNLOCK) return { status: STATUS_INVALID_PARAMETER };
    if (!call.scene.opens.unlock(open.held, offset, length)) {
      return { status: STATUS_RANGE_NOT_LOCKED };
    }
  }
  return SUCCESS;
}

const KINDS: ReadonlySet<number> = new Set([
  SMB2_LOCKFLAG_SHARED_LOCK,
  SMB2_LOCKFLAG_EXCLUSIVE_LOCK,
  SMB2_LOCKFLAG_SHARED_LOCK | SMB2_LOCKFLAG_FAIL_IMMEDIATELY,
  SMB2_LOCKFLAG_EXCLUSIVE_LOCK | SMB2_LOCKFLAG_FAIL_IMMEDIATELY,
]);

function take(
  call: SmbCall,
  open: FileOpen,
  locks: readonly LockElement[],
): Outcome<null> | Promise<Outcome<null>> {
  const waits = ({ flags }: LockElement): boolean => (flags & SMB2_LOCKFLAG_FAIL_IMMEDIATELY) === 0;
  if (!locks.every(({ flags }) => KINDS.has(flags))) return { status: STATUS_INVALID_PARAMETER };
  if (locks.length > 1 && locks.some(waits)) return { status: STATUS_INVALID_PARAMETER };
  const ranges = locks.map(
    ({ offset, length, flags }): RangeRequest => ({
      offset,
      length,
      exclusive: (flags & SMB2_LOCKFLAG_EXCLUSIVE_LOCK) !== 0,
    }),
  );
  switch (call.scene.opens.lock(open.held, ranges)) {
    case 'granted':
      // Not before: who tries in vain must not cost others what they cache, and durable opens with it.
      return breakOthers(call, open, 'lock', () => SUCCESS);
    case 'invalid-range':
      return { status: STATUS_INVALID_LOCK_RANGE };
    case 'too-many':
      return { status: STATUS_INSUFFICIENT_RESOURCES };
    case 'not-granted':
      return locks.some(waits)
        ? waitFor(call, open, ranges[0] as RangeRequest)
        : { status: STATUS_LOCK_NOT_GRANTED };
  }
}

function waitFor(call: SmbCall, open: FileOpen, range: RangeRequest): Promise<Outcome<null>> {
  return new Promise((resolve) => {
    const cancel = call.scene.opens.awaitLock(open.held, range, (outcome) =>
      resolve(outcome === 'granted' ? SUCCESS : { status: STATUS_RANGE_NOT_LOCKED }),
    );
    if (cancel === undefined) return resolve({ status: STATUS_INSUFFICIENT_RESOURCES });
    call.pend(() => {
      cancel();
      resolve({ status: open.isClosed ? STATUS_RANGE_NOT_LOCKED : STATUS_CANCELLED });
    });
  });
}
