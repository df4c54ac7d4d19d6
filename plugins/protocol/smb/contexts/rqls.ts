/** RqLs: a lease is asked for, and what was granted ([MS-SMB2] §2.2.13.2.8, §2.2.13.2.10, §2.2.14.2.10, §2.2.14.2.11). */
import { DecodeError } from '#core/wire/reader.ts';
import { dataReader } from './context.ts';

export const RQLS = 'RqLs';

export const SMB2_LEASE_READ_CACHING = 0x1;
export const SMB2_LEASE_HANDLE_CACHING = 0x2;
export const SMB2_LEASE_WRITE_CACHING = 0x4;
export const SMB2_LEASE_STATES = 0x7;

export const SMB2_LEASE_FLAG_BREAK_IN_PROGRESS = 0x2;
export const SMB2_LEASE_FLAG_PARENT_LEASE_KEY_SET = 0x4;

const V1_SIZE = 32;
const V2_SIZE = 52;

/** The same form in request and response. */
export interface LeaseContext {
  readonly version: 1 | 2;
  /** 16 bytes, hex. */
  readonly key: string;
  readonly state: number;
  readonly flags: number;
  /** Hex; empty where there is none. */
  readonly parentKey: string;
  /** 0 in version 1. */
  readonly epoch: number;
}

export function decodeRqLs(data: Buffer): LeaseContext {
  if (data.length !== V1_SIZE && data.length !== V2_SIZE) {
    throw new DecodeError(`create context RqLs: ${data.length} bytes, must be 32 or 52`);
  }
  const from = dataReader(data, V1_SIZE, RQLS);
  const key = from.raw(16).toString('hex');
  const state = from.u32();
  const flags = from.u32();
  from.skip(8);
  if (data.length === V1_SIZE) return { version: 1, key, state, flags, parentKey: '', epoch: 0 };
  const parent = from.raw(16).toString('hex');
  const epoch = from.u16();
  const parentKey = (flags & SMB2_LEASE_FLAG_PARENT_LEASE_KEY_SET) === 0 ? '' : parent;
  return { version: 2, key, state, flags, parentKey, epoch };
}

export function encodeRqLs(lease: LeaseContext): Buffer {
  const data = Buffer.alloc(lease.version === 1 ? V1_SIZE : V2_SIZE);
  data.write(lease.key, 0, 'hex');
  data.writeUInt32LE(lease.state, 16);
  data.writeUInt32LE(lease.flags, 20);
  if (lease.version === 1) return data;
  data.write(lease.parentKey, 32, 'hex');
  data.writeUInt16LE(lease.epoch, 48);
  return data;
}
