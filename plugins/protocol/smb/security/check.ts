/** What a descriptor lets somebody do: the access check of [MS-DTYP] §2.5.3.2. Pure. */
import type { Caller } from '#core/vfs/caller.ts';
import { FILE_ALL_ACCESS, READ_CONTROL, specificAccess, WRITE_DAC } from '../access.ts';
import { ACCESS_ALLOWED_ACE, ACCESS_DENIED_ACE, type Acl, INHERIT_ONLY_ACE } from './acl.ts';
import {
  groupSid,
  SID_ADMINISTRATORS,
  SID_AUTHENTICATED,
  SID_EVERYONE,
  SID_NETWORK,
  SID_OWNER_RIGHTS,
  SID_USERS,
  type Sid,
  userSid,
} from './sid.ts';

/** Everything that entries may call somebody. */
export interface Token {
  readonly sids: ReadonlySet<Sid>;
  /** Root: nothing is refused. */
  readonly isAll: boolean;
}

const ALL_USERS: readonly Sid[] = [SID_EVERYONE, SID_AUTHENTICATED, SID_NETWORK, SID_USERS];

/** @param domain See `userSid`. */
export function tokenOf(domain: Sid, caller: Caller): Token {
  const sids = new Set<Sid>([userSid(domain, caller.uid), groupSid(domain, caller.gid)]);
  for (const gid of caller.groups) sids.add(groupSid(domain, gid));
  for (const sid of ALL_USERS) sids.add(sid);
  if (caller.uid === 0) sids.add(SID_ADMINISTRATORS);
  return { sids, isAll: caller.uid === 0 };
}

export interface Guarded {
  readonly owner: Sid | undefined;
  /** `null` or `undefined`: no list, everything is allowed. */
  readonly dacl: Acl | null | undefined;
}

/**
 * All rights that the token gets. Each bit is decided by the first entry that names it, so one pass answers both for a mask
 * and for MAXIMUM_ALLOWED. What the folder above gives (deleting, reading attributes) is not in it.
 */
export function grantedBy({ owner, dacl }: Guarded, token: Token): number {
  if (token.isAll || dacl === null || dacl === undefined) return FILE_ALL_ACCESS;
  let allowed = 0;
  let denied = 0;
  let hasOwnerRights = false;
  const owns = owner !== undefined && token.sids.has(owner);
  for (const { type, flags, mask, sid } of dacl.aces) {
    if ((flags & INHERIT_ONLY_ACE) !== 0) continue;
    if (sid === SID_OWNER_RIGHTS) hasOwnerRights = true;
    if (!(token.sids.has(sid) || (sid === SID_OWNER_RIGHTS && owns))) continue;
    const rights = specificAccess(mask);
    if (type === ACCESS_ALLOWED_ACE) allowed |= rights & ~denied;
    else if (type === ACCESS_DENIED_ACE) denied |= rights & ~allowed;
  }
  if (owns && !hasOwnerRights) allowed |= READ_CONTROL | WRITE_DAC;
  return allowed >>> 0;
}
