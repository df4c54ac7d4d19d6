/** AES-128-CMAC (RFC 4493) by way of CBC: OpenSSL has it, Node.js does not show it. */
import { createCipheriv, type KeyObject } from 'node:crypto';

const BLOCK_SIZE = 16;
const ZERO = Buffer.alloc(BLOCK_SIZE);
/** Bytes encrypted at a time: all but the last block of the result is thrown away, so a megabyte needs no megabyte. */
const CHUNK_SIZE = 64 * 1024;

export class Cmac {
  readonly #key: KeyObject;
  readonly #whole: Buffer;
  readonly #padded: Buffer;

  constructor(key: KeyObject) {
    this.#key = key;
    const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
    this.#whole = double(cipher.update(ZERO));
    this.#padded = double(this.#whole);
  }

  /** 16 bytes, of the pieces one behind the other. */
  digest(pieces: readonly Buffer[]): Buffer {
    const cipher = createCipheriv('aes-128-cbc', this.#key, ZERO).setAutoPadding(false);
    // What is held back may be the last block, which is mixed with a subkey first.
    let rest: Buffer = Buffer.alloc(0);
    for (const piece of pieces) {
      if (rest.length + piece.length <= BLOCK_SIZE) {
        rest = Buffer.concat([rest, piece]);
        continue;
      }
      let from = 0;
      if (rest.length > 0) {
        from = BLOCK_SIZE - rest.length;
        cipher.update(Buffer.concat([rest, piece.subarray(0, from)]));
      }
      const left = piece.length - from;
      const held = left === 0 ? 0 : ((left - 1) % BLOCK_SIZE) + 1;
      const end = piece.length - held;
      for (; from < end; from += CHUNK_SIZE) {
        cipher.update(piece.subarray(from, Math.min(end, from + CHUNK_SIZE)));
      }
      rest = piece.subarray(end);
    }
    return cipher.update(this.#last(rest));
  }

  #last(rest: Buffer): Buffer {
    const block = Buffer.alloc(BLOCK_SIZE);
    rest.copy(block);
    const isWhole = rest.length === BLOCK_SIZE;
    if (!isWhole) block[rest.length] = 0x80;
    const subkey = isWhole ? this.#whole : this.#padded;
    for (let at = 0; at < BLOCK_SIZE; at += 1) {
      block[at] = (block[at] as number) ^ (subkey[at] as number);
    }
    return block;
  }
}

/** Doubling in GF(2^128) (RFC 4493 §2.3). */
function double(block: Buffer): Buffer {
  const result = Buffer.alloc(BLOCK_SIZE);
  let carry = 0;
  for (let at = BLOCK_SIZE - 1; at >= 0; at -= 1) {
    const byte = block[at] as number;
    result[at] = ((byte << 1) | carry) & 0xff;
    carry = byte >> 7;
  }
  if (carry === 1) result[BLOCK_SIZE - 1] = (result[BLOCK_SIZE - 1] as number) ^ 0x87;
  return result;
}
