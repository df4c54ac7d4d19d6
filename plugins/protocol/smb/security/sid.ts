/**
 * Security identifiers ([MS-DTYP] §2.4.2) in their string form, `S-1-5-21-1-2-3-1000`: two are the same where the
 * strings are. Accounts of ours are minted from uid and gid, so that no table has to be kept.
 */
import { DecodeError } from '#core/wire/reader.ts';
import type { SmbReader } from '../wire/reader.ts';
import type { SmbWriter } from '../wire/writer.ts';

export type Sid = string;

export const SID_NULL: Sid = 'S-1-0-0';
export const SID_EVERYONE: Sid = 'S-1-1-0';
export const SID_CREATOR_OWNER: Sid = 'S-1-3-0';
export const SID_CREATOR_GROUP: Sid = 'S-1-3-1';
/** An entry for it replaces what owners may do by being owners. */
export const SID_OWNER_RIGHTS: Sid = 'S-1-3-4';
export const SID_NETWORK: Sid = 'S-1-5-2';
export const SID_ANONYMOUS: Sid = 'S-1-5-7';
export const SID_AUTHENTICATED: Sid = 'S-1-5-11';
export const SID_SYSTEM: Sid = 'S-1-5-18';
export const SID_ADMINISTRATORS: Sid = 'S-1-5-32-544';
export const SID_USERS: Sid = 'S-1-5-32-545';

/** Sub-authorities of a SID ([MS-DTYP] §2.4.2.2). */
export const SUB_AUTHORITIES_MAX = 15;
export const SID_SIZE_MAX = 8 + 4 * SUB_AUTHORITIES_MAX;

/** Relative ids that accounts of ours begin at: those below are Windows' own. */
const RID_FIRST = 1000;
/** Ids beyond have no relative id in 32 bits. */
const ID_MAX = Math.floor((0xffff_ffff - RID_FIRST - 1) / 2);
/** The authority under which others name plain Unix ids as well. */
const UNIX_USER = 'S-1-22-1-';
const UNIX_GROUP = 'S-1-22-2-';

export interface Account {
  readonly kind: 'user' | 'group';
  readonly id: number;
}

/** @param domain `S-1-5-21-` and the three words of the server's identity. */
export function userSid(domain: Sid, uid: number): Sid {
  return uid > ID_MAX ? `${UNIX_USER}${uid}` : `${domain}-${2 * uid + RID_FIRST}`;
}

export function groupSid(domain: Sid, gid: number): Sid {
  return gid > ID_MAX ? `${UNIX_GROUP}${gid}` : `${domain}-${2 * gid + RID_FIRST + 1}`;
}

/** Whose SID it is; `undefined` for all that are not ours. */
export function accountOf(domain: Sid, sid: Sid): Account | undefined {
  if (sid.startsWith(UNIX_USER)) return unixAccount('user', sid.slice(UNIX_USER.length));
  if (sid.startsWith(UNIX_GROUP)) return unixAccount('group', sid.slice(UNIX_GROUP.length));
  if (!sid.startsWith(`${domain}-`)) return undefined;
  const rid = Number(sid.slice(domain.length + 1));
  if (!Number.isInteger(rid) || rid < RID_FIRST) return undefined;
  const isUser = rid % 2 === 0;
  return { kind: isUser ? 'user' : 'group', id: Math.floor((rid - RID_FIRST) / 2) };
}

function unixAccount(kind: Account['kind'], digits: string): Account | undefined {
  const id = Number(digits);
  return Number.isInteger(id) ? { kind, id } : undefined;
}

export function readSid(from: SmbReader): Sid {
  const revision = from.u8();
  const count = from.u8();
  if (revision !== 1) throw new DecodeError(`SID: revision ${revision}, must be 1`);
  if (count > SUB_AUTHORITIES_MAX) {
    throw new DecodeError(`SID: ${count} sub-authorities, at most ${SUB_AUTHORITIES_MAX}`);
  }
  const authority = from.raw(6).readUIntBE(0, 6);
  let sid = `S-1-${authority}`;
  for (let i = 0; i < count; i++) sid += `-${from.u32()}`;
  return sid;
}

export function writeSid(to: SmbWriter, sid: Sid): void {
  const [, , authority, ...rest] = sid.split('-');
  to.u8(1);
  to.u8(rest.length);
  to.hole(6).writeUIntBE(Number(authority), 0, 6);
  for (const word of rest) to.u32(Number(word));
}

/** Bytes that `writeSid` takes. */
export function sidSize(sid: Sid): number {
  return 8 + 4 * (sid.split('-').length - 3);
}
