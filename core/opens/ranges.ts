/**
 * Byte-range locks of one file, mandatory as SMB has them ([MS-FSA] §2.1.4.10, §2.1.5.7, §2.1.5.8).
 *
 *   held by       asked for   same open          another open
 *   shared        shared      granted            granted
 *   shared        exclusive   refused            refused
 *   exclusive     shared      granted (stacks)   refused
 *   exclusive     exclusive   refused            refused
 *   shared        read        allowed            allowed
 *   shared        write       refused            refused
 *   exclusive     read        allowed            refused
 *   exclusive     write       allowed            refused
 */
import { LOCKS_PER_FILE_MAX } from './limits.ts';
import type { Actor, HeldOpen, LockOutcome, RangeRequest } from './types.ts';

/** A lock that is held. */
export interface HeldRange extends RangeRequest {
  readonly open: HeldOpen;
}

const END = 1n << 64n;

export class RangeLocks {
  #held: HeldRange[] = [];

  get count(): number {
    return this.#held.length;
  }

  of(open: HeldOpen): readonly HeldRange[] {
    return this.#held.filter((lock) => lock.open === open);
  }

  /** All or none. */
  lock(open: HeldOpen, ranges: readonly RangeRequest[]): LockOutcome {
    if (ranges.some((range) => !isRange(range))) return 'invalid-range';
    if (this.#held.length + ranges.length > LOCKS_PER_FILE_MAX) return 'too-many';
    const before = this.#held.length;
    for (const range of ranges) {
      if (this.#held.some((held) => excludes(held, open, range))) {
        this.#held.length = before;
        return 'not-granted';
      }
      this.#held.push({
        open,
        offset: range.offset,
        length: range.length,
        exclusive: range.exclusive,
      });
    }
    return 'granted';
  }

  /** Exactly as locked; of several alike an exclusive one goes first. */
  unlock(open: HeldOpen, offset: bigint, length: bigint): boolean {
    const matches = (lock: HeldRange) =>
      lock.open === open && lock.offset === offset && lock.length === length;
    let index = this.#held.findIndex((lock) => lock.exclusive && matches(lock));
    if (index < 0) index = this.#held.findIndex(matches);
    if (index < 0) return false;
    this.#held.splice(index, 1);
    return true;
  }

  /** Whether there was any. */
  release(open: HeldOpen): boolean {
    const before = this.#held.length;
    this.#held = this.#held.filter((lock) => lock.open !== open);
    return this.#held.length !== before;
  }

  /** Locks as they were kept elsewhere; they were compatible there. */
  restore(open: HeldOpen, ranges: readonly RangeRequest[]): void {
    for (const range of ranges) this.#held.push({ ...range, open });
  }

  mayRead(actor: Actor, offset: number, size: number): boolean {
    if (this.#held.length === 0 || size === 0) return true;
    const bytes = { offset: BigInt(offset), length: BigInt(size) };
    return !this.#held.some(
      (lock) => lock.exclusive && lock.open !== actor && overlaps(lock, bytes),
    );
  }

  mayWrite(actor: Actor, offset: number, size: number): boolean {
    if (this.#held.length === 0 || size === 0) return true;
    const bytes = { offset: BigInt(offset), length: BigInt(size) };
    return !this.#held.some(
      (lock) => !(lock.exclusive && lock.open === actor) && overlaps(lock, bytes),
    );
  }
}

function excludes(held: HeldRange, open: HeldOpen, asked: RangeRequest): boolean {
  if (!held.exclusive && !asked.exclusive) return false;
  if (held.exclusive && !asked.exclusive && held.open === open) return false;
  return overlaps(held, asked);
}

type Bytes = Pick<RangeRequest, 'offset' | 'length'>;

/** A range of no bytes stands between two of them: it meets only what has bytes on both sides of it. */
export function overlaps(one: Bytes, other: Bytes): boolean {
  if (one.length === 0n || other.length === 0n) {
    if (one.length === other.length) return false;
    const [point, bytes] = one.length === 0n ? [one, other] : [other, one];
    return bytes.offset < point.offset && point.offset < bytes.offset + bytes.length;
  }
  return one.offset < other.offset + other.length && other.offset < one.offset + one.length;
}

/** Its last byte is one that a 64-bit offset can name. */
function isRange(range: Bytes): boolean {
  return range.length === 0n || range.offset + range.length <= END;
}
