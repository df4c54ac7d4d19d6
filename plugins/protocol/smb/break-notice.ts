/** The notification that a client must give up what it caches ([MS-SMB2] §2.2.23.1, §2.2.23.2). */
import { type BreakNotice, levelOfRights } from '#core/opens/grants.ts';
import { DecodeError } from '#core/wire/reader.ts';
import type { FileHandle } from './open.ts';
import { readFileId, writeFileId } from './wire/file-id.ts';
import type { SmbReader } from './wire/reader.ts';
import { SmbWriter } from './wire/writer.ts';

export const SMB2_NOTIFY_BREAK_LEASE_FLAG_ACK_REQUIRED = 0x1;

const OPLOCK_SIZE = 24;
const LEASE_SIZE = 44;

/** The body of an OPLOCK_BREAK notification; the caller's. */
export function breakBody(notice: BreakNotice, id: FileHandle): Buffer {
  return notice.grant.kind === 'oplock' ? oplockBody(notice, id) : leaseBody(notice);
}

function oplockBody({ to: rights }: BreakNotice, id: FileHandle): Buffer {
  const to = new SmbWriter(OPLOCK_SIZE);
  to.u16(OPLOCK_SIZE);
  to.u8(levelOfRights(rights));
  to.zeros(5);
  writeFileId(to, id);
  return to.finish();
}

function leaseBody({ grant, from: before, to: after, acknowledge, epoch }: BreakNotice): Buffer {
  const to = new SmbWriter(LEASE_SIZE);
  to.u16(LEASE_SIZE);
  to.u16(epoch);
  to.u32(acknowledge ? SMB2_NOTIFY_BREAK_LEASE_FLAG_ACK_REQUIRED : 0);
  to.raw(Buffer.from(grant.key, 'hex'));
  to.u32(before);
  to.u32(after);
  to.zeros(12);
  return to.finish();
}

export type BreakNotification =
  | { readonly kind: 'oplock'; readonly level: number; readonly id: FileHandle }
  | {
      readonly kind: 'lease';
      readonly epoch: number;
      readonly flags: number;
      /** 16 bytes, hex. */
      readonly key: string;
      readonly before: number;
      readonly after: number;
    };

/** For the client of the tests. */
export function readBreak(from: SmbReader): BreakNotification {
  const size = from.u16();
  if (size === OPLOCK_SIZE) {
    const level = from.u8();
    from.skip(5);
    return { kind: 'oplock', level, id: readFileId(from) };
  }
  if (size !== LEASE_SIZE) throw new DecodeError(`break notification: ${size} bytes`);
  const epoch = from.u16();
  const flags = from.u32();
  const key = from.raw(16).toString('hex');
  const before = from.u32();
  const after = from.u32();
  from.skip(12);
  return { kind: 'lease', epoch, flags, key, before, after };
}
