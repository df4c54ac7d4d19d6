/**
 * SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012), 64-bit result.
 *
 * A 64-bit word is two signed 32-bit halves; BigInt would cost some fifty times as much for the 20 bytes of a handle.
 */
import { assert } from '#core/assert.ts';

/** Bytes of a key. */
export const SIPHASH_KEY_SIZE = 16;

export class SipHash {
  readonly #k0l: number;
  readonly #k0h: number;
  readonly #k1l: number;
  readonly #k1h: number;
  /** Halves of the last result, signed; it is written low half first, little-endian. */
  low = 0;
  high = 0;

  constructor(key: Buffer) {
    assert(key.length === SIPHASH_KEY_SIZE, `SipHash key: ${key.length} bytes`);
    this.#k0l = key.readInt32LE(0);
    this.#k0h = key.readInt32LE(4);
    this.#k1l = key.readInt32LE(8);
    this.#k1h = key.readInt32LE(12);
  }

  /** Hashes the first `size` bytes into `low` and `high`. */
  digest(bytes: Buffer, size: number): void {
    let v0l = this.#k0l ^ 0x70736575;
    let v0h = this.#k0h ^ 0x736f6d65;
    let v1l = this.#k1l ^ 0x6e646f6d;
    let v1h = this.#k1h ^ 0x646f7261;
    let v2l = this.#k0l ^ 0x6e657261;
    let v2h = this.#k0h ^ 0x6c796765;
    let v3l = this.#k1l ^ 0x79746573;
    let v3h = this.#k1h ^ 0x74656462;
    let wordLow = 0;
    let wordHigh = 0;
    // Two rounds a word, the last word being the tail with the length; then four to finish.
    const compressions = 2 * ((size >>> 3) + 1);
    for (let round = 0; round < compressions + 4; round += 1) {
      if (round === compressions) v2l ^= 0xff;
      const absorbs = round < compressions;
      if (absorbs && (round & 1) === 0) {
        const at = round << 2;
        const whole = at + 8 <= size;
        wordLow = whole ? bytes.readInt32LE(at) : tail(bytes, at, size);
        wordHigh = whole ? bytes.readInt32LE(at + 4) : tail(bytes, at + 4, size) | (size << 24);
        v3l ^= wordLow;
        v3h ^= wordHigh;
      }
      // SipRound, figure 2.1 of the paper, its two columns one after the other.
      let sum = (v0l + v1l) | 0;
      v0h = (v0h + v1h + carry(v0l, v1l, sum)) | 0;
      v0l = sum;
      let kept = v1l;
      v1l = ((v1l << 13) | (v1h >>> 19)) ^ v0l;
      v1h = ((v1h << 13) | (kept >>> 19)) ^ v0h;
      kept = v0l;
      v0l = v0h;
      v0h = kept;
      sum = (v2l + v3l) | 0;
      v2h = (v2h + v3h + carry(v2l, v3l, sum)) | 0;
      v2l = sum;
      kept = v3l;
      v3l = ((v3l << 16) | (v3h >>> 16)) ^ v2l;
      v3h = ((v3h << 16) | (kept >>> 16)) ^ v2h;
      sum = (v0l + v3l) | 0;
      v0h = (v0h + v3h + carry(v0l, v3l, sum)) | 0;
      v0l = sum;
      kept = v3l;
      v3l = ((v3l << 21) | (v3h >>> 11)) ^ v0l;
      v3h = ((v3h << 21) | (kept >>> 11)) ^ v0h;
      sum = (v2l + v1l) | 0;
      v2h = (v2h + v1h + carry(v2l, v1l, sum)) | 0;
      v2l = sum;
      kept = v1l;
      v1l = ((v1l << 17) | (v1h >>> 15)) ^ v2l;
      v1h = ((v1h << 17) | (kept >>> 15)) ^ v2h;
      kept = v2l;
      v2l = v2h;
      v2h = kept;
      if (absorbs && (round & 1) === 1) {
        v0l ^= wordLow;
        v0h ^= wordHigh;
      }
    }
    this.low = v0l ^ v1l ^ v2l ^ v3l;
    this.high = v0h ^ v1h ^ v2h ^ v3h;
  }
}

/** 1 when the unsigned sum of the two went beyond 32 bits. */
function carry(left: number, right: number, sum: number): number {
  return ((left & right) | ((left | right) & ~sum)) >>> 31;
}

/** Up to four bytes from `at`, little-endian, none at or after `size`. */
function tail(bytes: Buffer, at: number, size: number): number {
  let word = 0;
  for (let index = Math.min(size, at + 4) - 1; index >= at; index -= 1) {
    word = (word << 8) | bytes.readUInt8(index);
  }
  return word;
}
