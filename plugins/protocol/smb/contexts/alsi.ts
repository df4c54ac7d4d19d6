/** AlSi: room that the new file is to have ([MS-SMB2] §2.2.13.2.6). */
import { dataReader } from './context.ts';

export const ALSI = 'AlSi';

/** Bytes. */
export function decodeAlSi(data: Buffer): number {
  return dataReader(data, 8, ALSI).u64Clamped();
}

export function encodeAlSi(size: number): Buffer {
  const data = Buffer.alloc(8);
  data.writeBigUInt64LE(BigInt(size));
  return data;
}
