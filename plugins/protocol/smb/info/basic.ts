/** Times and attributes: FileBasicInformation, FileNetworkOpenInformation, FileAttributeTagInformation ([MS-FSCC] §2.4). */
import { FILE_READ_ATTRIBUTES } from '../access.ts';
import type { SmbReader } from '../wire/reader.ts';
import type { SmbWriter } from '../wire/writer.ts';
import { type FileFacts, type FileInfoClass, readTimes, type Times, writeTimes } from './facts.ts';
import { type FiletimeChange, filetimeChange, filetimeOfChange } from './filetime.ts';

export interface BasicInformation extends Times {
  readonly attributes: number;
}

/** §2.4.7. */
export const fileBasic: FileInfoClass<BasicInformation> = {
  name: 'FileBasicInformation',
  code: 4,
  sizeMin: 40,
  needs: FILE_READ_ATTRIBUTES,
  write(to, facts) {
    writeTimes(to, facts);
    to.u32(facts.attributes);
    to.u32(0);
  },
  read(from) {
    const times = readTimes(from);
    const attributes = from.u32();
    from.skip(4);
    return { ...times, attributes };
  },
};

/** What a client wants changed: four times, and attributes, of which 0 are left alone. */
export interface BasicChange {
  readonly creation: FiletimeChange;
  readonly lastAccess: FiletimeChange;
  readonly lastWrite: FiletimeChange;
  readonly change: FiletimeChange;
  readonly attributes: number;
}

/** `undefined` for a time that is negative and has no meaning: STATUS_INVALID_PARAMETER. */
export function readBasicChange(from: SmbReader): BasicChange | undefined {
  const { attributes, ...times } = fileBasic.read(from);
  const creation = filetimeChange(times.creation);
  const lastAccess = filetimeChange(times.lastAccess);
  const lastWrite = filetimeChange(times.lastWrite);
  const change = filetimeChange(times.change);
  if (creation === undefined || lastAccess === undefined) return undefined;
  if (lastWrite === undefined || change === undefined) return undefined;
  return { creation, lastAccess, lastWrite, change, attributes };
}

export function writeBasicChange(to: SmbWriter, basic: BasicChange): void {
  to.u64(filetimeOfChange(basic.creation));
  to.u64(filetimeOfChange(basic.lastAccess));
  to.u64(filetimeOfChange(basic.lastWrite));
  to.u64(filetimeOfChange(basic.change));
  to.u32(basic.attributes);
  to.u32(0);
}

export interface NetworkOpenInformation extends Times {
  readonly allocation: number;
  readonly endOfFile: number;
  readonly attributes: number;
}

/** §2.4.29. */
export const fileNetworkOpen: FileInfoClass<NetworkOpenInformation> = {
  name: 'FileNetworkOpenInformation',
  code: 34,
  sizeMin: 56,
  needs: FILE_READ_ATTRIBUTES,
  write(to, facts) {
    writeTimes(to, facts);
    to.size(facts.allocation);
    to.size(facts.endOfFile);
    to.u32(facts.attributes);
    to.u32(0);
  },
  read(from) {
    const times = readTimes(from);
    const allocation = from.u64Clamped();
    const endOfFile = from.u64Clamped();
    const attributes = from.u32();
    from.skip(4);
    return { ...times, allocation, endOfFile, attributes };
  },
};

/** §2.4.6; there are no reparse points. */
export const fileAttributeTag: FileInfoClass<{ attributes: number; reparseTag: number }> = {
  name: 'FileAttributeTagInformation',
  code: 35,
  sizeMin: 8,
  needs: FILE_READ_ATTRIBUTES,
  write(to, facts: FileFacts) {
    to.u32(facts.attributes);
    to.u32(0);
  },
  read(from) {
    return { attributes: from.u32(), reparseTag: from.u32() };
  },
};
