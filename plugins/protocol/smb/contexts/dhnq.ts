/** DHnQ: a durable open is asked for ([MS-SMB2] §2.2.13.2.3, §2.2.14.2.3). */
import { dataReader } from './context.ts';

export const DHNQ = 'DHnQ';

/** 16 reserved bytes. */
export function checkDHnQ(data: Buffer): void {
  dataReader(data, 16, DHNQ);
}

export function encodeDHnQRequest(): Buffer {
  return Buffer.alloc(16);
}

export function encodeDHnQResponse(): Buffer {
  return Buffer.alloc(8);
}
