/** SMB2 ERROR response ([MS-SMB2] §2.2.2). */
import { DecodeError } from '#core/wire/reader.ts';
import type { SmbReader } from './reader.ts';
import type { SmbWriter } from './writer.ts';

/** @param inContext 3.1.1 wraps the data in an error context (§2.2.2.1). */
export function writeError(to: SmbWriter, data: Buffer | undefined, inContext: boolean): void {
  const size = data?.length ?? 0;
  const wraps = inContext && size > 0;
  to.u16(9);
  to.u8(wraps ? 1 : 0);
  to.u8(0);
  to.u32(wraps ? size + 8 : size);
  if (wraps) {
    to.u32(size);
    to.u32(0);
  }
  if (data === undefined || size === 0) to.u8(0);
  else to.raw(data);
}

/** The data, out of its first context where it has one; a copy. */
export function readError(from: SmbReader): Buffer {
  from.structureSize(9);
  const contexts = from.u8();
  from.skip(1);
  const size = from.u32();
  if (contexts === 0) return Buffer.from(from.raw(size));
  if (size < 8) throw new DecodeError(`error context: ${size} bytes`);
  const dataSize = from.u32();
  from.skip(4);
  return Buffer.from(from.raw(dataSize));
}
