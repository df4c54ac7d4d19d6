/** SMB2_FILEID ([MS-SMB2] §2.2.14.1). */
import type { FileHandle } from '../open.ts';
import type { SmbReader } from './reader.ts';
import type { SmbWriter } from './writer.ts';

export function readFileId(from: SmbReader): FileHandle {
  return { persistent: from.u64(), volatile: from.u64() };
}

export function writeFileId(to: SmbWriter, { persistent, volatile }: FileHandle): void {
  to.u64(persistent);
  to.u64(volatile);
}
