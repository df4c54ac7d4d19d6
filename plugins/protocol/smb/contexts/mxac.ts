/** MxAc: what the client might do with the file at most ([MS-SMB2] §2.2.13.2.5, §2.2.14.2.5). */
import { DecodeError } from '#core/wire/reader.ts';
import { dataReader } from './context.ts';

export const MXAC = 'MxAc';

export interface QueryMaximalAccess {
  /** FILETIME: nothing is answered when the file was not changed since. 0: always. */
  readonly since: bigint;
}

export interface MaximalAccess {
  readonly status: number;
  readonly access: number;
}

export function decodeMxAcRequest(data: Buffer): QueryMaximalAccess {
  if (data.length === 0) return { since: 0n };
  if (data.length !== 8) throw new DecodeError(`create context MxAc: ${data.length} bytes`);
  return { since: data.readBigUInt64LE(0) };
}

export function encodeMxAcRequest({ since }: QueryMaximalAccess): Buffer {
  const data = Buffer.alloc(8);
  data.writeBigUInt64LE(since);
  return data;
}

export function decodeMxAcResponse(data: Buffer): MaximalAccess {
  const from = dataReader(data, 8, MXAC);
  return { status: from.u32(), access: from.u32() };
}

export function encodeMxAcResponse({ status, access }: MaximalAccess): Buffer {
  const data = Buffer.alloc(8);
  data.writeUInt32LE(status >>> 0, 0);
  data.writeUInt32LE(access >>> 0, 4);
  return data;
}
