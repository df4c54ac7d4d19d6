/** QFid: ids of file and volume, the same on every box ([MS-SMB2] §2.2.13.2.9, §2.2.14.2.9). */
import { dataReader } from './context.ts';

export const QFID = 'QFid';

export interface DiskId {
  readonly file: bigint;
  readonly volume: bigint;
}

export function decodeQFidResponse(data: Buffer): DiskId {
  const from = dataReader(data, 32, QFID);
  return { file: from.u64(), volume: from.u64() };
}

export function encodeQFidResponse({ file, volume }: DiskId): Buffer {
  const data = Buffer.alloc(32);
  data.writeBigUInt64LE(file, 0);
  data.writeBigUInt64LE(volume, 8);
  return data;
}
