/** The oplock or lease that a CREATE asks for ([MS-SMB2] §3.3.5.9, §3.3.5.9.8, §3.3.5.9.11). */
import { CACHE_ALL, type Grant, type GrantRequest, levelOfRights } from '#core/opens/grants.ts';
import type { SmbCall } from '../command.ts';
import {
  type LeaseContext,
  SMB2_LEASE_FLAG_BREAK_IN_PROGRESS,
  SMB2_LEASE_FLAG_PARENT_LEASE_KEY_SET,
} from '../contexts/rqls.ts';
import {
  SMB2_OPLOCK_LEVEL_BATCH,
  SMB2_OPLOCK_LEVEL_EXCLUSIVE,
  SMB2_OPLOCK_LEVEL_II,
  SMB2_OPLOCK_LEVEL_LEASE,
  SMB2_OPLOCK_LEVEL_NONE,
} from './options.ts';
import type { CreateRequest } from './request.ts';

const NO_OPLOCK: GrantRequest = { kind: 'oplock', level: SMB2_OPLOCK_LEVEL_NONE };

/** The context that counts: with the level that says so, in a dialect that knows it. */
export function leaseOf(call: SmbCall, request: CreateRequest): LeaseContext | undefined {
  const { lease } = request.contexts;
  if (lease === undefined || request.oplockLevel !== SMB2_OPLOCK_LEVEL_LEASE) return undefined;
  const { dialect } = call.connection;
  if (dialect < 0x0210 || (lease.version === 2 && dialect < 0x0300)) return undefined;
  return lease;
}

export function grantRequest(
  call: SmbCall,
  request: CreateRequest,
  isDirectory: boolean,
): GrantRequest {
  // The server does not say that it leases folders (negotiate/settings.ts).
  if (isDirectory) return NO_OPLOCK;
  const lease = leaseOf(call, request);
  if (lease !== undefined) {
    const { version, key, parentKey, epoch } = lease;
    return { kind: 'lease', version, key, parentKey, epoch, rights: lease.state & CACHE_ALL };
  }
  const level = request.oplockLevel;
  return level === SMB2_OPLOCK_LEVEL_II ||
    level === SMB2_OPLOCK_LEVEL_EXCLUSIVE ||
    level === SMB2_OPLOCK_LEVEL_BATCH
    ? { kind: 'oplock', level }
    : NO_OPLOCK;
}

export function grantedLevel(grant: Grant): number {
  return grant.kind === 'lease' ? SMB2_OPLOCK_LEVEL_LEASE : levelOfRights(grant.rights);
}

/** What the response's context says; in the version that was asked for. */
export function grantedLease(grant: Grant): LeaseContext | undefined {
  if (grant.kind !== 'lease') return undefined;
  const { version, key, parentKey, epoch, rights, breaking } = grant;
  const flags =
    (breaking ? SMB2_LEASE_FLAG_BREAK_IN_PROGRESS : 0) |
    (parentKey === '' ? 0 : SMB2_LEASE_FLAG_PARENT_LEASE_KEY_SET);
  return { version, key, state: rights, flags, parentKey, epoch };
}
