/** What a new open may cache beside the opens that there are, and whom it makes give up what (pure, no effects). */
import { isLeaseStatOpen, isOplockStatOpen } from './access.ts';
import type { CacheGrant } from './cache-grant.ts';
import {
  CACHE_HANDLE,
  CACHE_READ,
  CACHE_WRITE,
  type CacheRights,
  levelOfRights,
  rightsOfLevel,
} from './grants.ts';
import type { OpenFile, OpenRecord } from './open-file.ts';
import type { OpenRequest } from './types.ts';

/** One grant that must come down for the request. */
export interface Demand {
  readonly grant: CacheGrant;
  readonly to: CacheRights;
}

export interface Demands {
  readonly demands: readonly Demand[];
  /** The request must wait: somebody may have dirty data, or may close what is in the way. */
  readonly waits: boolean;
}

/** Whether the request names the very lease that this grant is. */
export function isOwnLease(grant: CacheGrant, request: OpenRequest): boolean {
  return (
    grant.kind === 'lease' &&
    request.grant.kind === 'lease' &&
    grant.clientGuid === request.clientGuid &&
    grant.key === request.grant.key
  );
}

/**
 * Whom a request makes give up what. A request that is refused by a share mode asks for handles: their holder may close
 * what it keeps open only for itself. Another one asks for dirty data, for handles as well if it takes the file away;
 * one that overwrites, for everything.
 */
export function demandsOf(file: OpenFile, request: OpenRequest, violates: boolean): Demands {
  if (isOplockStatOpen(request.access) && !request.overwrites) return { demands: [], waits: false };
  const handles = violates || request.deleteOnClose ? CACHE_HANDLE : 0;
  const mask = violates ? handles : CACHE_WRITE | handles;
  const demands: Demand[] = [];
  let waits = false;
  for (const grant of file.grants()) {
    if (isOwnLease(grant, request)) continue;
    if (grant.kind === 'lease' && isLeaseStatOpen(request.access) && !request.overwrites) continue;
    const to = request.overwrites ? 0 : grant.rights & ~mask;
    if ((grant.rights & ~to) === 0) {
      if (grant.kind === 'lease' && grant.breaking) waits = true;
      continue;
    }
    if ((grant.rights & mask) !== 0) waits = true;
    if (grant.kind === 'lease' && grant.breaking && request.again) waits = true;
    demands.push({ grant, to });
  }
  return { demands, waits };
}

/** What of its wish a request that may go ahead is granted, the opens being what they are. */
export function possibleRights(file: OpenFile, request: OpenRequest): CacheRights {
  const asked = request.grant;
  let rights = asked.kind === 'lease' ? asked.rights : rightsOfLevel[asked.level];
  if (request.isDirectory) rights = asked.kind === 'lease' ? rights & ~CACHE_WRITE : 0;
  const others = file.opens.filter((open) => !isOwnLease(open.grant, request));
  if (others.some(keepsFromWriting)) rights &= ~CACHE_WRITE;
  // A look at attributes breaks nobody's oplock, so somebody may still write what nobody is told of.
  if (others.some(({ grant }) => (grant.rights & CACHE_WRITE) !== 0)) return 0;
  // Whoever may cache reads must hear of every write, but a lock's holder may write what nobody is told of.
  if (file.locks.count > 0) rights &= ~CACHE_READ;
  // Leases with handles and oplocks do not live together: an oplock cannot be told of handles apart.
  if (asked.kind === 'lease') {
    if (others.some((open) => open.grant.kind === 'oplock' && open.grant.rights !== 0)) {
      rights &= ~CACHE_HANDLE;
    }
  } else if (others.some(({ grant }) => grant.kind === 'lease' && hasHandle(grant))) {
    rights = 0;
  }
  // Writing or handles without reading is not a state that clients know.
  if ((rights & CACHE_READ) === 0) return 0;
  return asked.kind === 'lease' ? rights : rightsOfLevel[levelOfRights(rights)];
}

function keepsFromWriting(open: OpenRecord): boolean {
  return open.grant.kind === 'lease' || open.grant.rights !== 0 || !isOplockStatOpen(open.access);
}

function hasHandle(grant: CacheGrant): boolean {
  return (grant.rights & CACHE_HANDLE) !== 0;
}
