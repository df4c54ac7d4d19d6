/** Who a SID is, and whose SID a name has ([MS-LSAT] §2.2.13): own users and groups, and the few that everybody knows. */
import {
  accountOf,
  SID_ADMINISTRATORS,
  SID_AUTHENTICATED,
  SID_CREATOR_GROUP,
  SID_CREATOR_OWNER,
  SID_EVERYONE,
  SID_NETWORK,
  SID_SYSTEM,
  SID_USERS,
  type Sid,
  userSid,
} from '../../security/sid.ts';
import type { PipeFacts } from '../pipe-server.ts';

/** SID_NAME_USE. */
export const SID_TYPE_USER = 1;
export const SID_TYPE_GROUP = 2;
export const SID_TYPE_ALIAS = 4;
export const SID_TYPE_WELL_KNOWN = 5;
export const SID_TYPE_UNKNOWN = 8;

export interface KnownName {
  readonly use: number;
  readonly name: string;
  /** Of its domain. */
  readonly domainName: string;
  readonly domain: Sid;
  /** Last word of the SID, behind the domain's. */
  readonly rid: number;
}

const BUILTIN = 'S-1-5-32';

const WELL_KNOWN: readonly (readonly [sid: Sid, use: number, domain: string, name: string])[] = [
  [SID_EVERYONE, SID_TYPE_WELL_KNOWN, '', 'Everyone'],
  [SID_CREATOR_OWNER, SID_TYPE_WELL_KNOWN, '', 'CREATOR OWNER'],
  [SID_CREATOR_GROUP, SID_TYPE_WELL_KNOWN, '', 'CREATOR GROUP'],
  [SID_NETWORK, SID_TYPE_WELL_KNOWN, 'NT AUTHORITY', 'NETWORK'],
  [SID_AUTHENTICATED, SID_TYPE_WELL_KNOWN, 'NT AUTHORITY', 'Authenticated Users'],
  [SID_SYSTEM, SID_TYPE_WELL_KNOWN, 'NT AUTHORITY', 'SYSTEM'],
  [SID_ADMINISTRATORS, SID_TYPE_ALIAS, 'BUILTIN', 'Administrators'],
  [SID_USERS, SID_TYPE_ALIAS, 'BUILTIN', 'Users'],
];

export function nameOfSid(facts: PipeFacts, sid: Sid): KnownName | undefined {
  const known = WELL_KNOWN.find(([one]) => one === sid);
  if (known !== undefined) return wellKnown(known);
  const account = accountOf(facts.domain, sid);
  if (account === undefined) return undefined;
  const name = facts.userName(account.id);
  const { serverName: domainName, domain } = facts;
  const rid = ridOf(sid);
  if (account.kind === 'group') {
    // A group is known by the user whose own it is, or by its number.
    return {
      use: SID_TYPE_GROUP,
      name: name ? `${name}-group` : `gid-${account.id}`,
      domainName,
      domain,
      rid,
    };
  }
  if (name === undefined && account.id !== 0) return undefined;
  return { use: SID_TYPE_USER, name: name ?? 'root', domainName, domain, rid };
}

/** `DOMAIN\name` or the name alone, in whatever case. */
export function sidOfName(facts: PipeFacts, text: string): KnownName | undefined {
  const name = text.slice(text.lastIndexOf('\\') + 1);
  const known = WELL_KNOWN.find(([, , , one]) => one.toLowerCase() === name.toLowerCase());
  if (known !== undefined) return wellKnown(known);
  const uid = facts.uidOf(name);
  return uid === undefined ? undefined : nameOfSid(facts, userSid(facts.domain, uid));
}

function wellKnown([sid, use, domainName, name]: (typeof WELL_KNOWN)[number]): KnownName {
  const domain = sid.startsWith(BUILTIN) ? BUILTIN : sid.slice(0, sid.lastIndexOf('-'));
  return { use, name, domainName, domain, rid: ridOf(sid) };
}

function ridOf(sid: Sid): number {
  return Number(sid.slice(sid.lastIndexOf('-') + 1));
}
