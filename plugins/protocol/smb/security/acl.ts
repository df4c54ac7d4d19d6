/** Access-control lists and their entries ([MS-DTYP] §2.4.4, §2.4.5). */
import { DecodeError } from '#core/wire/reader.ts';
import { SmbReader } from '../wire/reader.ts';
import type { SmbWriter } from '../wire/writer.ts';
import { readSid, type Sid, sidSize, writeSid } from './sid.ts';

export const ACCESS_ALLOWED_ACE = 0x00;
export const ACCESS_DENIED_ACE = 0x01;
export const SYSTEM_AUDIT_ACE = 0x02;
export const SYSTEM_ALARM_ACE = 0x03;
const ACCESS_ALLOWED_CALLBACK_ACE = 0x09;
const ACCESS_DENIED_CALLBACK_ACE = 0x0a;
const SYSTEM_AUDIT_CALLBACK_ACE = 0x0d;
const SYSTEM_MANDATORY_LABEL_ACE = 0x11;

/** Entries that are a mask, a SID and perhaps bytes behind it. Those of the directory service are refused. */
const PLAIN_ACES: ReadonlySet<number> = new Set([
  ACCESS_ALLOWED_ACE,
  ACCESS_DENIED_ACE,
  SYSTEM_AUDIT_ACE,
  SYSTEM_ALARM_ACE,
  ACCESS_ALLOWED_CALLBACK_ACE,
  ACCESS_DENIED_CALLBACK_ACE,
  SYSTEM_AUDIT_CALLBACK_ACE,
  SYSTEM_MANDATORY_LABEL_ACE,
]);

export const OBJECT_INHERIT_ACE = 0x01;
export const CONTAINER_INHERIT_ACE = 0x02;
export const NO_PROPAGATE_INHERIT_ACE = 0x04;
/** Counts for what is made below, not for the directory that has it. */
export const INHERIT_ONLY_ACE = 0x08;
export const INHERITED_ACE = 0x10;

export const ACL_REVISION = 2;
const ACL_REVISION_DS = 4;
const ACL_HEADER_SIZE = 8;
/** Its size stands in 16 bits. */
const ACL_SIZE_MAX = 0xffff;
const ACE_HEADER_SIZE = 8;

export interface Ace {
  readonly type: number;
  readonly flags: number;
  readonly mask: number;
  readonly sid: Sid;
  /** What follows the SID (a condition); empty in almost all. */
  readonly rest: Buffer;
}

export interface Acl {
  readonly revision: number;
  readonly aces: readonly Ace[];
}

const NO_REST = Buffer.alloc(0);

export function ace(type: number, flags: number, mask: number, sid: Sid): Ace {
  return { type, flags, mask, sid, rest: NO_REST };
}

/** Copies what it keeps. */
export function readAcl(from: SmbReader): Acl {
  const revision = from.u8();
  if (revision !== ACL_REVISION && revision !== ACL_REVISION_DS) {
    throw new DecodeError(
      `ACL: revision ${revision}, must be ${ACL_REVISION} or ${ACL_REVISION_DS}`,
    );
  }
  from.skip(1);
  const size = from.u16();
  const count = from.u16();
  from.skip(2);
  if (size < ACL_HEADER_SIZE)
    throw new DecodeError(`ACL: ${size} bytes, at least ${ACL_HEADER_SIZE}`);
  const entries = new SmbReader(from.raw(size - ACL_HEADER_SIZE));
  const aces: Ace[] = [];
  for (let i = 0; i < count; i++) aces.push(readAce(entries));
  return { revision, aces };
}

function readAce(from: SmbReader): Ace {
  const type = from.u8();
  const flags = from.u8();
  const size = from.u16();
  if (!PLAIN_ACES.has(type)) throw new DecodeError(`ACE: type ${type} is not one of files`);
  if (size < ACE_HEADER_SIZE)
    throw new DecodeError(`ACE: ${size} bytes, at least ${ACE_HEADER_SIZE}`);
  const body = new SmbReader(from.raw(size - 4));
  const mask = body.u32();
  const sid = readSid(body);
  return { type, flags, mask, sid, rest: Buffer.from(body.raw(body.left)) };
}

/** Throws `DecodeError` for one that is too long: what a folder hands down may be longer than its own list. */
export function writeAcl(to: SmbWriter, acl: Acl): void {
  const size = aclSize(acl);
  if (size > ACL_SIZE_MAX) throw new DecodeError(`ACL: ${size} bytes, at most ${ACL_SIZE_MAX}`);
  to.u8(acl.revision);
  to.u8(0);
  to.u16(size);
  to.u16(acl.aces.length);
  to.u16(0);
  for (const entry of acl.aces) {
    to.u8(entry.type);
    to.u8(entry.flags);
    to.u16(aceSize(entry));
    to.u32(entry.mask);
    writeSid(to, entry.sid);
    to.raw(entry.rest);
  }
}

/** Bytes that `writeAcl` takes: at most 65,535 where the list was read. */
export function aclSize(acl: Acl): number {
  return acl.aces.reduce((size, entry) => size + aceSize(entry), ACL_HEADER_SIZE);
}

function aceSize(entry: Ace): number {
  return ACE_HEADER_SIZE + sidSize(entry.sid) + entry.rest.length;
}
