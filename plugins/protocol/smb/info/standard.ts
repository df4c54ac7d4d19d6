/** Classes that are a few numbers ([MS-FSCC] §2.4): sizes, ids, and what the open itself was given. */
import type { SmbReader } from '../wire/reader.ts';
import type { SmbWriter } from '../wire/writer.ts';
import type { FileFacts, FileInfoClass } from './facts.ts';

export interface StandardInformation {
  readonly allocation: number;
  readonly endOfFile: number;
  readonly links: number;
  readonly deletePending: boolean;
  readonly isDirectory: boolean;
}

/** §2.4.41. */
export const fileStandard: FileInfoClass<StandardInformation> = {
  name: 'FileStandardInformation',
  code: 5,
  sizeMin: 24,
  needs: 0,
  write(to, facts) {
    to.size(facts.allocation);
    to.size(facts.endOfFile);
    to.u32(facts.links);
    to.u8(facts.deletePending ? 1 : 0);
    to.u8(facts.isDirectory ? 1 : 0);
    to.u16(0);
  },
  read(from) {
    const allocation = from.u64Clamped();
    const endOfFile = from.u64Clamped();
    const links = from.u32();
    const deletePending = from.u8() !== 0;
    const isDirectory = from.u8() !== 0;
    from.skip(2);
    return { allocation, endOfFile, links, deletePending, isDirectory };
  },
};

/** A class that is one number. */
function number32(
  name: string,
  code: number,
  get: (facts: FileFacts) => number,
): FileInfoClass<number> {
  return {
    name,
    code,
    sizeMin: 4,
    needs: 0,
    write: (to, facts) => to.u32(get(facts)),
    read: (from) => from.u32(),
  };
}

function number64(
  name: string,
  code: number,
  get: (facts: FileFacts) => number,
): FileInfoClass<number> {
  return {
    name,
    code,
    sizeMin: 8,
    needs: 0,
    write: (to, facts) => to.size(get(facts)),
    read: (from) => from.u64Clamped(),
  };
}

/** §2.4.22. */
export const fileInternal = number64('FileInternalInformation', 6, (facts) => facts.id);
/** §2.4.12. */
export const fileEa = number32('FileEaInformation', 7, (facts) => facts.eaSize);
/** §2.4.1. */
export const fileAccess = number32('FileAccessInformation', 8, (facts) => facts.access);
/** §2.4.35. */
export const filePosition = number64('FilePositionInformation', 14, (facts) => facts.position);
/** §2.4.26. */
export const fileMode = number32('FileModeInformation', 16, (facts) => facts.mode);
/** §2.4.3: FILE_BYTE_ALIGNMENT. */
export const fileAlignment = number32('FileAlignmentInformation', 17, () => 0);

/** §2.4.9: nothing is compressed. */
export const fileCompression: FileInfoClass<{ compressedSize: number; format: number }> = {
  name: 'FileCompressionInformation',
  code: 28,
  sizeMin: 16,
  needs: 0,
  write(to: SmbWriter, facts: FileFacts) {
    to.size(facts.allocation);
    to.zeros(8);
  },
  read(from: SmbReader) {
    const compressedSize = from.u64Clamped();
    const format = from.u16();
    from.skip(6);
    return { compressedSize, format };
  },
};

/** §2.4.21. The volume's own serial number is told by FileFsVolumeInformation. */
export const fileIdInformation: FileInfoClass<{ volume: bigint; id: number }> = {
  name: 'FileIdInformation',
  code: 59,
  sizeMin: 24,
  needs: 0,
  write(to, facts) {
    to.u64(facts.volumeSerial);
    to.size(facts.id);
    to.zeros(8);
  },
  read(from) {
    const volume = from.u64();
    const id = from.u64Clamped();
    from.skip(8);
    return { volume, id };
  },
};
