/** Negotiate contexts of 3.1.1 ([MS-SMB2] §2.2.3.1, §2.2.4.1). */
import { DecodeError } from '#core/wire/reader.ts';
import type { SmbReader } from '../wire/reader.ts';
import { SmbReader as Reader } from '../wire/reader.ts';
import type { SmbWriter } from '../wire/writer.ts';

export const SMB2_PREAUTH_INTEGRITY_CAPABILITIES = 1;
export const SMB2_ENCRYPTION_CAPABILITIES = 2;
export const SMB2_COMPRESSION_CAPABILITIES = 3;
export const SMB2_NETNAME_NEGOTIATE_CONTEXT_ID = 5;
export const SMB2_SIGNING_CAPABILITIES = 8;

/** Contexts of one message: the specification has seven kinds. */
const CONTEXTS_MAX = 64;
const HEAD_SIZE = 8;

export interface NegotiateContext {
  readonly type: number;
  readonly data: Buffer;
}

/** @param offset From the header on. Views. */
export function readContexts(from: SmbReader, offset: number, count: number): NegotiateContext[] {
  if (count > CONTEXTS_MAX) throw new DecodeError(`NEGOTIATE: ${count} contexts`);
  const contexts: NegotiateContext[] = [];
  let at = offset;
  for (let index = 0; index < count; index += 1) {
    const head = from.at(at, HEAD_SIZE, 'negotiate context');
    const type = head.readUInt16LE(0);
    const size = head.readUInt16LE(2);
    contexts.push({ type, data: from.at(at + HEAD_SIZE, size, 'negotiate context') });
    at = (at + HEAD_SIZE + size + 7) & ~7;
  }
  return contexts;
}

export function writeContexts(to: SmbWriter, contexts: readonly NegotiateContext[]): void {
  for (const { type, data } of contexts) {
    to.align(8);
    to.u16(type);
    to.u16(data.length);
    to.u32(0);
    to.raw(data);
  }
}

export interface Preauth {
  readonly hashes: readonly number[];
  readonly salt: Buffer;
}

export function readPreauth(data: Buffer): Preauth {
  const from = new Reader(data);
  const count = from.u16();
  const saltSize = from.u16();
  const hashes = numbers(from, count);
  return { hashes, salt: from.raw(saltSize) };
}

export function writePreauth({ hashes, salt }: Preauth): NegotiateContext {
  const data = Buffer.alloc(4 + 2 * hashes.length + salt.length);
  data.writeUInt16LE(hashes.length, 0);
  data.writeUInt16LE(salt.length, 2);
  for (const [index, hash] of hashes.entries()) data.writeUInt16LE(hash, 4 + 2 * index);
  salt.copy(data, 4 + 2 * hashes.length);
  return { type: SMB2_PREAUTH_INTEGRITY_CAPABILITIES, data };
}

/** The form of encryption and signing capabilities: how many, and which. */
export function readList(data: Buffer): readonly number[] {
  const from = new Reader(data);
  return numbers(from, from.u16());
}

export function writeList(type: number, values: readonly number[]): NegotiateContext {
  const data = Buffer.alloc(2 + 2 * values.length);
  data.writeUInt16LE(values.length, 0);
  for (const [index, value] of values.entries()) data.writeUInt16LE(value, 2 + 2 * index);
  return { type, data };
}

function numbers(from: SmbReader, count: number): readonly number[] {
  if (2 * count > from.left) throw new DecodeError(`negotiate context: ${count} values, too few`);
  return Array.from({ length: count }, () => from.u16());
}
