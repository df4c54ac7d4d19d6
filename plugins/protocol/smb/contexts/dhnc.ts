/** DHnC: a durable open is taken up again ([MS-SMB2] §2.2.13.2.4). */
import type { FileHandle } from '../open.ts';
import { dataReader } from './context.ts';

export const DHNC = 'DHnC';

export function decodeDHnC(data: Buffer): FileHandle {
  const from = dataReader(data, 16, DHNC);
  return { persistent: from.u64(), volatile: from.u64() };
}

export function encodeDHnC({ persistent, volatile }: FileHandle): Buffer {
  const data = Buffer.alloc(16);
  data.writeBigUInt64LE(persistent, 0);
  data.writeBigUInt64LE(volatile, 8);
  return data;
}
