/** TWrp: the file as it was at a time, from a snapshot ([MS-SMB2] §2.2.13.2.7). */
import { dataReader } from './context.ts';

export const TWRP = 'TWrp';

/** FILETIME. */
export function decodeTWrp(data: Buffer): bigint {
  return dataReader(data, 8, TWRP).u64();
}

export function encodeTWrp(time: bigint): Buffer {
  const data = Buffer.alloc(8);
  data.writeBigUInt64LE(time);
  return data;
}
