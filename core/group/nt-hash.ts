/** The NT hash of a password ([MS-NLMP] §3.3.1 NTOWFv1): MD4 (RFC 1320) of its UTF-16LE, which OpenSSL no longer has. */

const BLOCK_SIZE = 64;
const ROUNDS: readonly {
  readonly order: readonly number[];
  readonly shifts: readonly number[];
  readonly add: number;
  readonly mix: (b: number, c: number, d: number) => number;
}[] = [
  {
    order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    shifts: [3, 7, 11, 19],
    add: 0,
    mix: (b, c, d) => (b & c) | (~b & d),
  },
  {
    order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
    shifts: [3, 5, 9, 13],
    add: 0x5a82_7999,
    mix: (b, c, d) => (b & c) | (b & d) | (c & d),
  },
  {
    order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
    shifts: [3, 9, 11, 15],
    add: 0x6ed9_eba1,
    mix: (b, c, d) => b ^ c ^ d,
  },
];

/** 16 bytes. */
export function ntHash(password: string): Buffer {
  return md4(Buffer.from(password, 'utf16le'));
}

export function md4(message: Buffer): Buffer {
  const padded = Buffer.alloc((Math.floor((message.length + 8) / BLOCK_SIZE) + 1) * BLOCK_SIZE);
  message.copy(padded);
  padded[message.length] = 0x80;
  padded.writeUInt32LE((message.length * 8) >>> 0, padded.length - 8);
  padded.writeUInt32LE(Math.floor(message.length / 0x2000_0000), padded.length - 4);
  const state = new Uint32Array([0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476]);
  for (let at = 0; at < padded.length; at += BLOCK_SIZE) takeBlock(state, padded, at);
  const hash = Buffer.alloc(16);
  for (const [index, word] of state.entries()) hash.writeUInt32LE(word, index * 4);
  return hash;
}

function takeBlock(state: Uint32Array, bytes: Buffer, at: number): void {
  const words = Uint32Array.from(state);
  for (const { order, shifts, add, mix } of ROUNDS) {
    for (const [step, index] of order.entries()) {
      const [a = 0, b = 0, c = 0, d = 0] = words;
      const sum = (a + mix(b, c, d) + bytes.readUInt32LE(at + index * 4) + add) >>> 0;
      const shift = shifts[step % 4] as number;
      words.set([d, (sum << shift) | (sum >>> (32 - shift)), b, c]);
    }
  }
  for (const [index, word] of words.entries()) state[index] = (state[index] as number) + word;
}
