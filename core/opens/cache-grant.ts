/**
 * One grant and how it comes down ([MS-SMB2] §3.3.4.6, §3.3.4.7, §3.3.5.22).
 *
 *             breakDown                    acknowledge, what is left is right
 *   held ------------------> breaking --------------------------------------> held, with less
 *    ^  |                     |    ^
 *    |  | R alone: told,      |    | acknowledge, but meanwhile less is right: told again, a step lower
 *    |  | nothing awaited     +----+
 *    +--+
 */
import { CACHE_HANDLE, CACHE_READ, CACHE_WRITE, type CacheRights, type Grant } from './grants.ts';
import type { FileRef, HeldOpen } from './types.ts';

/** A break that the holder must be told of. */
export interface Told {
  readonly from: CacheRights;
  readonly to: CacheRights;
  readonly acknowledge: boolean;
}

export interface GrantFacts {
  readonly kind: Grant['kind'];
  readonly clientGuid: string;
  readonly key: string;
  readonly parentKey: string;
  readonly version: 1 | 2;
}

export class CacheGrant implements Grant {
  readonly ref: FileRef;
  readonly kind: Grant['kind'];
  readonly clientGuid: string;
  readonly key: string;
  readonly parentKey: string;
  readonly version: 1 | 2;
  readonly opens = new Set<HeldOpen>();
  #rights: CacheRights;
  #epoch: number;
  #breaking = false;
  #breakTo: CacheRights = 0;
  /** What those who wait need it to come down to; at most `breakTo`, where others came while it was breaking. */
  #required: CacheRights = 0;

  constructor(ref: FileRef, facts: GrantFacts, rights: CacheRights, epoch: number) {
    this.ref = { volume: ref.volume, file: ref.file };
    this.kind = facts.kind;
    this.clientGuid = facts.clientGuid;
    this.key = facts.key;
    this.parentKey = facts.parentKey;
    this.version = facts.version;
    this.#rights = rights;
    this.#epoch = epoch & 0xffff;
  }

  get rights(): CacheRights {
    return this.#rights;
  }

  get breaking(): boolean {
    return this.#breaking;
  }

  get breakTo(): CacheRights {
    return this.#breakTo;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Raises a lease to what was asked for, if that is all that it has and more (§3.3.5.9.8). True if it changed. */
  raise(asked: CacheRights, possible: CacheRights): boolean {
    const isMore = (asked & this.#rights) === this.#rights && asked !== this.#rights;
    if (this.#breaking || !isMore || possible !== asked) return false;
    this.#rights = asked;
    this.#advance();
    return true;
  }

  /** The grant is to be no more than `to`. What comes back must be told, if anything. */
  breakDown(to: CacheRights): Told | undefined {
    // An oplock knows two levels to come down to: II and none.
    const left = this.#rights & (this.kind === 'oplock' ? to & CACHE_READ : to);
    if (this.#breaking) {
      if (this.kind === 'lease') this.#required &= left;
      return undefined;
    }
    if (left === this.#rights) return undefined;
    const from = this.#rights;
    this.#advance();
    if (from === CACHE_READ) {
      this.#rights = 0;
      return { from, to: 0, acknowledge: false };
    }
    this.#breaking = true;
    this.#breakTo = left;
    this.#required = left;
    return { from, to: left, acknowledge: true };
  }

  /** The holder came down to `rights`, no more than `breakTo`. What comes back must be told after the answer. */
  acknowledge(rights: CacheRights): Told | undefined {
    this.#rights = rights;
    if ((rights & ~this.#required) === 0) {
      this.#breaking = false;
      return undefined;
    }
    const to = this.#required;
    if ((rights & (CACHE_WRITE | CACHE_HANDLE)) === 0) {
      this.#breaking = false;
      this.#rights = 0;
      return { from: rights, to: 0, acknowledge: false };
    }
    // Step by step: reading is left for last, although it is known to go.
    this.#breakTo = rights & (to | CACHE_READ);
    return { from: rights, to: this.#breakTo, acknowledge: true };
  }

  /** The holder cannot be asked, or did not answer in time. */
  settle(rights: CacheRights): void {
    this.#rights &= rights;
    this.#breaking = false;
  }

  #advance(): void {
    this.#epoch = (this.#epoch + 1) & 0xffff;
  }
}
