/** DH2Q: a durable open of the second version is asked for ([MS-SMB2] §2.2.13.2.11, §2.2.14.2.12). */
import { dataReader } from './context.ts';

export const DH2Q = 'DH2Q';

export const SMB2_DHANDLE_FLAG_PERSISTENT = 0x2;

export interface DurableRequestV2 {
  /** Milliseconds; 0 leaves it to the server. */
  readonly timeoutMs: number;
  readonly flags: number;
  /** 16 bytes, hex. */
  readonly createGuid: string;
}

export interface DurableResponseV2 {
  readonly timeoutMs: number;
  readonly flags: number;
}

export function decodeDH2QRequest(data: Buffer): DurableRequestV2 {
  const from = dataReader(data, 32, DH2Q);
  const timeoutMs = from.u32();
  const flags = from.u32();
  from.skip(8);
  return { timeoutMs, flags, createGuid: from.raw(16).toString('hex') };
}

export function encodeDH2QRequest({ timeoutMs, flags, createGuid }: DurableRequestV2): Buffer {
  const data = Buffer.alloc(32);
  data.writeUInt32LE(timeoutMs, 0);
  data.writeUInt32LE(flags, 4);
  data.write(createGuid, 16, 'hex');
  return data;
}

export function decodeDH2QResponse(data: Buffer): DurableResponseV2 {
  const from = dataReader(data, 8, DH2Q);
  return { timeoutMs: from.u32(), flags: from.u32() };
}

export function encodeDH2QResponse({ timeoutMs, flags }: DurableResponseV2): Buffer {
  const data = Buffer.alloc(8);
  data.writeUInt32LE(timeoutMs, 0);
  data.writeUInt32LE(flags, 4);
  return data;
}
