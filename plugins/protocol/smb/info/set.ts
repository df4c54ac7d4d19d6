/** What SET_INFO carries ([MS-FSCC] §2.4), as far as it is not what QUERY_INFO carries. */
import type { SmbReader } from '../wire/reader.ts';
import type { SmbWriter } from '../wire/writer.ts';

export const FILE_RENAME = 10;
export const FILE_LINK = 11;
export const FILE_DISPOSITION = 13;
export const FILE_ALLOCATION = 19;
export const FILE_END_OF_FILE = 20;
export const FILE_VALID_DATA_LENGTH = 39;
export const FILE_DISPOSITION_EX = 64;
export const FILE_RENAME_EX = 65;

/** §2.4.37.2 and §2.4.24.2: the same form for both. */
export interface NewName {
  readonly replaces: boolean;
  /** Must be 0 over a network. */
  readonly rootDirectory: bigint;
  /** From the root of the share on; or a stream's with its colon. */
  readonly name: string;
}

/** Bytes before the name. */
const NEW_NAME_SIZE_MIN = 20;

export function readNewName(from: SmbReader): NewName {
  const replaces = from.u8() !== 0;
  from.skip(7);
  const rootDirectory = from.u64();
  return { replaces, rootDirectory, name: from.text(from.u32()) };
}

export function writeNewName(to: SmbWriter, { replaces, rootDirectory, name }: NewName): void {
  to.u8(replaces ? 1 : 0);
  to.zeros(7);
  to.u64(rootDirectory);
  to.u32(name.length * 2);
  to.text(name);
  // Windows sends at least 24 bytes, and some servers want them.
  if (name.length * 2 < 4) to.zeros(4 - name.length * 2);
}

/** §2.4.11.2 (FileDispositionInformationEx). */
export const FILE_DISPOSITION_DELETE = 0x1;
export const FILE_DISPOSITION_POSIX_SEMANTICS = 0x2;
export const FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE = 0x10;

/** Bytes that each class takes at least: STATUS_INFO_LENGTH_MISMATCH below. */
export const SET_SIZE_MIN: Readonly<Record<number, number>> = {
  4: 40,
  [FILE_RENAME]: NEW_NAME_SIZE_MIN,
  [FILE_LINK]: NEW_NAME_SIZE_MIN,
  [FILE_DISPOSITION]: 1,
  14: 8,
  16: 4,
  [FILE_ALLOCATION]: 8,
  [FILE_END_OF_FILE]: 8,
  [FILE_VALID_DATA_LENGTH]: 8,
  [FILE_DISPOSITION_EX]: 4,
};
