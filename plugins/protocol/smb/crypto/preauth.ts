/** The preauthentication integrity hash of 3.1.1 ([MS-SMB2] §3.3.1.7, §3.3.5.4): SHA-512 over all messages up to now. */
import { createHash } from 'node:crypto';

export const PREAUTH_SHA512 = 1;

export const PREAUTH_START: Buffer = Buffer.alloc(64);

/** @param message As it went over the wire, without the four bytes of the transport. */
export function preauth(before: Buffer, message: Uint8Array): Buffer {
  return createHash('sha512').update(before).update(message).digest();
}
