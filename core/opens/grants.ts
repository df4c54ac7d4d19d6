/**
 * What a client may cache: oplocks, leases and (one day) delegations are all a mask of three rights.
 *
 * | oplock level | rights |      | lease | rights |
 * |---|---|---|---|---|
 * | none | - | | R | read |
 * | II | R | | RH | read, handle |
 * | exclusive | RW | | RW | read, write |
 * | batch | RWH | | RWH | read, write, handle |
 */
import type { HeldOpen } from './types.ts';

/** SMB2_LEASE_READ_CACHING and its siblings ([MS-SMB2] §2.2.13.2.8): the numbers of the wire. */
export const CACHE_READ = 1;
export const CACHE_HANDLE = 2;
export const CACHE_WRITE = 4;
export const CACHE_ALL = CACHE_READ | CACHE_HANDLE | CACHE_WRITE;

/** A union of the three rights above; 0 is none. */
export type CacheRights = number;

/** [MS-SMB2] §2.2.13, RequestedOplockLevel, without the one that says "lease". */
export const OPLOCK_NONE = 0x00;
export const OPLOCK_II = 0x01;
export const OPLOCK_EXCLUSIVE = 0x08;
export const OPLOCK_BATCH = 0x09;

export type OplockLevel =
  | typeof OPLOCK_NONE
  | typeof OPLOCK_II
  | typeof OPLOCK_EXCLUSIVE
  | typeof OPLOCK_BATCH;

/** What a level lets its holder cache. */
export const rightsOfLevel: Readonly<Record<OplockLevel, CacheRights>> = {
  [OPLOCK_NONE]: 0,
  [OPLOCK_II]: CACHE_READ,
  [OPLOCK_EXCLUSIVE]: CACHE_READ | CACHE_WRITE,
  [OPLOCK_BATCH]: CACHE_ALL,
};

/** The highest level that these rights make up. */
export function levelOfRights(rights: CacheRights): OplockLevel {
  if ((rights & CACHE_ALL) === CACHE_ALL) return OPLOCK_BATCH;
  if ((rights & CACHE_WRITE) !== 0) return OPLOCK_EXCLUSIVE;
  return (rights & CACHE_READ) !== 0 ? OPLOCK_II : OPLOCK_NONE;
}

/** What a caller asks to cache. */
export type GrantRequest = { readonly kind: 'oplock'; readonly level: OplockLevel } | LeaseRequest;

export interface LeaseRequest {
  readonly kind: 'lease';
  readonly version: 1 | 2;
  /** 16 bytes, hex. With the client's guid it names the lease. */
  readonly key: string;
  readonly rights: CacheRights;
  /** Of version 2: 16 bytes, hex, when the flag says that it is set; otherwise empty. */
  readonly parentKey: string;
  /** Of version 2: what the client believes; a new lease starts one above it. 16 bits. */
  readonly epoch: number;
}

/** What is cached, and what of it is being asked back. Read it; only the manager writes it. */
export interface Grant {
  readonly kind: 'oplock' | 'lease';
  readonly rights: CacheRights;
  /** An answer of the holder is awaited: SMB2_LEASE_FLAG_BREAK_IN_PROGRESS. */
  readonly breaking: boolean;
  /** While breaking: the rights that the holder was told to come down to. */
  readonly breakTo: CacheRights;
  /** 16 bytes, hex; of a lease. */
  readonly clientGuid: string;
  readonly key: string;
  readonly parentKey: string;
  readonly version: 1 | 2;
  /** Raised at each change of state (§3.3.4.7, §3.3.5.9.11); 16 bits; 0 in version 1. */
  readonly epoch: number;
}

/** A break as the holder's protocol must tell it (§2.2.23.1, §2.2.23.2). */
export interface BreakNotice {
  readonly open: HeldOpen;
  readonly grant: Grant;
  readonly from: CacheRights;
  readonly to: CacheRights;
  /** SMB2_NOTIFY_BREAK_LEASE_FLAG_ACK_REQUIRED; of an oplock: an acknowledgement is expected (it had more than II). */
  readonly acknowledge: boolean;
  /** The NewEpoch field: 0 in version 1. */
  readonly epoch: number;
}
