/**
 * OPLOCK_BREAK: a client has given up what it cached ([MS-SMB2] §2.2.23 to §2.2.25, §3.3.5.22). The structure's size says
 * whether it is about an oplock or a lease.
 */
import { DecodeError } from '#core/wire/reader.ts';
import type { Command, Outcome, SmbCall } from '../command.ts';
import { flushDurables } from '../create/durable.ts';
import {
  SMB2_OPLOCK_LEVEL_BATCH,
  SMB2_OPLOCK_LEVEL_II,
  SMB2_OPLOCK_LEVEL_LEASE,
} from '../create/options.ts';
import type { FileHandle } from '../open.ts';
import {
  STATUS_FILE_CLOSED,
  STATUS_INVALID_OPLOCK_PROTOCOL,
  STATUS_INVALID_PARAMETER,
  STATUS_OBJECT_NAME_NOT_FOUND,
  STATUS_REQUEST_NOT_ACCEPTED,
  STATUS_SUCCESS,
  STATUS_UNSUCCESSFUL,
} from '../status.ts';
import { readFileId, writeFileId } from '../wire/file-id.ts';
import type { SmbReader } from '../wire/reader.ts';
import type { SmbWriter } from '../wire/writer.ts';

const OPLOCK_SIZE = 24;
const LEASE_SIZE = 36;

export interface OplockAcknowledgment {
  readonly kind: 'oplock';
  readonly level: number;
  readonly id: FileHandle;
}

export interface LeaseAcknowledgment {
  readonly kind: 'lease';
  readonly flags: number;
  /** 16 bytes, hex. */
  readonly key: string;
  readonly state: number;
}

/** Request and response have one form. */
export type Acknowledgment = OplockAcknowledgment | LeaseAcknowledgment;

export const oplockBreak: Command<Acknowledgment, Acknowledgment> = {
  name: 'OPLOCK_BREAK',
  code: 0x0012,
  needs: 'tree',
  decode: readAcknowledgment,
  handle(call, request) {
    const outcome =
      request.kind === 'oplock' ? oplockGivenUp(call, request) : leaseGivenUp(call, request);
    flushDurables(call);
    return outcome;
  },
  encode: writeAcknowledgment,
  encodeRequest: writeAcknowledgment,
  decodeResponse: readAcknowledgment,
};

function oplockGivenUp(
  call: SmbCall,
  { level, id }: OplockAcknowledgment,
): Outcome<Acknowledgment> {
  const open = call.open(id);
  if (open === undefined || open.kind === 'pipe') return { status: STATUS_FILE_CLOSED };
  if (level === SMB2_OPLOCK_LEVEL_LEASE || level > SMB2_OPLOCK_LEVEL_BATCH) {
    return { status: STATUS_INVALID_PARAMETER };
  }
  const answer = call.scene.opens.acknowledgeOplock(open.held, level);
  switch (answer.kind) {
    case 'acknowledged':
      return { status: STATUS_SUCCESS, response: { kind: 'oplock', level: answer.level, id } };
    case 'invalid-protocol':
      return { status: STATUS_INVALID_OPLOCK_PROTOCOL };
    case 'not-breaking':
      return {
        status:
          level <= SMB2_OPLOCK_LEVEL_II ? STATUS_INVALID_OPLOCK_PROTOCOL : STATUS_INVALID_PARAMETER,
      };
  }
}

function leaseGivenUp(call: SmbCall, { key, state }: LeaseAcknowledgment): Outcome<Acknowledgment> {
  const { clientGuid } = call.connection;
  const answer = call.scene.opens.acknowledgeLease(clientGuid, key, state);
  switch (answer.kind) {
    case 'acknowledged': {
      const response = { kind: 'lease', flags: 0, key, state: answer.rights } as const;
      return { status: STATUS_SUCCESS, response };
    }
    case 'unknown':
      return { status: STATUS_OBJECT_NAME_NOT_FOUND };
    case 'not-breaking':
      return { status: STATUS_UNSUCCESSFUL };
    case 'too-much':
      return { status: STATUS_REQUEST_NOT_ACCEPTED };
  }
}

function readAcknowledgment(from: SmbReader): Acknowledgment {
  const size = from.u16();
  if (size === OPLOCK_SIZE) {
    const level = from.u8();
    from.skip(5);
    return { kind: 'oplock', level, id: readFileId(from) };
  }
  if (size !== LEASE_SIZE) {
    throw new DecodeError(`OPLOCK_BREAK: ${size} bytes, must be ${OPLOCK_SIZE} or ${LEASE_SIZE}`);
  }
  from.skip(2);
  const flags = from.u32();
  const key = from.raw(16).toString('hex');
  const state = from.u32();
  from.skip(8);
  return { kind: 'lease', flags, key, state };
}

function writeAcknowledgment(to: SmbWriter, acknowledgment: Acknowledgment): void {
  if (acknowledgment.kind === 'oplock') {
    to.u16(OPLOCK_SIZE);
    to.u8(acknowledgment.level);
    to.zeros(5);
    writeFileId(to, acknowledgment.id);
    return;
  }
  to.u16(LEASE_SIZE);
  to.u16(0);
  to.u32(acknowledgment.flags);
  to.raw(Buffer.from(acknowledgment.key, 'hex'));
  to.u32(acknowledgment.state);
  to.u64(0n);
}
