/** What others lose by what somebody does ([MS-FSA] §2.1.5, "Check for oplock breaks"; §2.1.4.12). */
import { CACHE_ALL, CACHE_HANDLE, CACHE_READ, CACHE_WRITE, type CacheRights } from './grants.ts';
import type { Deed } from './types.ts';

export interface DeedRule {
  /** Grants with none of these rights are left alone. */
  readonly touches: CacheRights;
  /** What is left of the others. */
  readonly leaves: CacheRights;
  /** The deed waits for holders that have these rights: dirty data, a handle that may be closed. */
  readonly awaits: CacheRights;
}

/**
 * A row a deed. Who reads from a cache learns of a change afterwards, and nobody waits for that; who has dirty data is
 * waited for.
 */
export const deedRules: Readonly<Record<Deed, DeedRule>> = {
  read: { touches: CACHE_WRITE, leaves: CACHE_READ | CACHE_HANDLE, awaits: CACHE_WRITE },
  write: { touches: CACHE_READ | CACHE_WRITE, leaves: 0, awaits: CACHE_WRITE },
  lock: { touches: CACHE_READ | CACHE_WRITE, leaves: 0, awaits: CACHE_WRITE },
  rename: {
    touches: CACHE_HANDLE,
    leaves: CACHE_ALL & ~CACHE_HANDLE,
    awaits: CACHE_HANDLE,
  },
  unlink: {
    touches: CACHE_HANDLE,
    leaves: CACHE_ALL & ~CACHE_HANDLE,
    awaits: CACHE_HANDLE,
  },
  attributes: { touches: CACHE_WRITE, leaves: CACHE_READ | CACHE_HANDLE, awaits: CACHE_WRITE },
};
