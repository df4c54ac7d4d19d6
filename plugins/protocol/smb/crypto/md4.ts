/**
 * MD4 (RFC 1320), which NTLM makes password hashes with and OpenSSL 3 offers no more. No package that is kept up has it
 * alone, so it is here.
 */

const BLOCK_SIZE = 64;
const SHIFTS = [
  [3, 7, 11, 19],
  [3, 5, 9, 13],
  [3, 9, 11, 15],
] as const;
const ADDENDS = [0, 0x5a82_7999, 0x6ed9_eba1] as const;
/** Which word each step of a round takes (RFC 1320 §3.4). */
const WORDS = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
  [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
] as const;
const MIX = [
  (x: number, y: number, z: number) => (x & y) | (~x & z),
  (x: number, y: number, z: number) => (x & y) | (x & z) | (y & z),
  (x: number, y: number, z: number) => x ^ y ^ z,
] as const;

/** 16 bytes. */
export function md4(message: Uint8Array): Buffer {
  const padded = pad(message);
  const state = new Int32Array([0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476]);
  for (let at = 0; at < padded.length; at += BLOCK_SIZE) digestBlock(state, padded, at);
  const digest = Buffer.alloc(16);
  for (const [index, word] of state.entries()) digest.writeInt32LE(word, 4 * index);
  return digest;
}

function pad(message: Uint8Array): Buffer {
  const padded = Buffer.alloc(Math.ceil((message.length + 9) / BLOCK_SIZE) * BLOCK_SIZE);
  padded.set(message);
  padded.writeUInt8(0x80, message.length);
  padded.writeBigUInt64LE(8n * BigInt(message.length), padded.length - 8);
  return padded;
}

function digestBlock(state: Int32Array, bytes: Buffer, at: number): void {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  for (const [round, words] of WORDS.entries()) {
    const mix = MIX[round] as (typeof MIX)[number];
    const addend = ADDENDS[round] as number;
    for (const [step, word] of words.entries()) {
      const sum = (a + mix(b, c, d) + bytes.readInt32LE(at + 4 * word) + addend) | 0;
      const shift = SHIFTS[round]?.[step % 4] as number;
      [a, d, c, b] = [d, c, b, (sum << shift) | (sum >>> (32 - shift))];
    }
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
}
