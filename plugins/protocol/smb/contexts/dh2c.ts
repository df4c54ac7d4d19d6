/** DH2C: a durable open of the second version is taken up again ([MS-SMB2] §2.2.13.2.12). */
import type { FileHandle } from '../open.ts';
import { dataReader } from './context.ts';

export const DH2C = 'DH2C';

export interface DurableReconnectV2 {
  readonly id: FileHandle;
  /** 16 bytes, hex. */
  readonly createGuid: string;
  readonly flags: number;
}

export function decodeDH2C(data: Buffer): DurableReconnectV2 {
  const from = dataReader(data, 36, DH2C);
  const id = { persistent: from.u64(), volatile: from.u64() };
  return { id, createGuid: from.raw(16).toString('hex'), flags: from.u32() };
}

export function encodeDH2C({ id, createGuid, flags }: DurableReconnectV2): Buffer {
  const data = Buffer.alloc(36);
  data.writeBigUInt64LE(id.persistent, 0);
  data.writeBigUInt64LE(id.volatile, 8);
  data.write(createGuid, 16, 'hex');
  data.writeUInt32LE(flags, 32);
  return data;
}
