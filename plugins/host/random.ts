/** Cryptographic randomness, fetched a block at a time: a call to the system costs more than the few bytes mostly asked for. */
import { randomBytes } from 'node:crypto';
import type { Random } from '#core/ports/random.ts';

/** Bytes fetched at once. */
const POOL_SIZE = 4096;
/** Requests above this many bytes go to the system directly. */
const POOLED_SIZE_MAX = 256;

export function createRandom(): Random {
  let pool = Buffer.alloc(0);
  let used = 0;
  const take = (size: number): Buffer => {
    if (used + size > pool.length) {
      pool = randomBytes(POOL_SIZE);
      used = 0;
    }
    used += size;
    return pool.subarray(used - size, used);
  };
  return {
    bytes: (size) => (size > POOLED_SIZE_MAX ? randomBytes(size) : Buffer.from(take(size))),
    u32: () => take(4).readUInt32LE(0),
  };
}
