/** Classes that are a name: FileNameInformation and its kin ([MS-FSCC] §2.4.27, §2.4.30, §2.4.5). */
import type { SmbReader } from '../wire/reader.ts';
import type { SmbWriter } from '../wire/writer.ts';
import type { FileInfoClass } from './facts.ts';
import { shortNameOf } from './short-name.ts';

/** FILE_NAME_INFORMATION (§2.1.7): a length in bytes and the name. */
export function writeName(to: SmbWriter, name: string): void {
  to.u32(name.length * 2);
  to.text(name);
}

export function readName(from: SmbReader): string {
  return from.text(from.u32());
}

export const fileName: FileInfoClass<string> = {
  name: 'FileNameInformation',
  code: 9,
  sizeMin: 8,
  needs: 0,
  write: (to, facts) => writeName(to, facts.path),
  read: readName,
};

/** Without the first backslash ([MS-SMB2] §3.3.5.20.1). */
export const fileNormalizedName: FileInfoClass<string> = {
  name: 'FileNormalizedNameInformation',
  code: 48,
  sizeMin: 8,
  needs: 0,
  write: (to, facts) => writeName(to, facts.path.slice(1)),
  read: readName,
};

/** §2.4.5: of the last part of the path; a stream has that of its file. */
export const fileAlternateName: FileInfoClass<string> = {
  name: 'FileAlternateNameInformation',
  code: 21,
  sizeMin: 8,
  needs: 0,
  write: (to, { path }) => {
    const last = path.slice(path.lastIndexOf('\\') + 1);
    writeName(to, shortNameOf(last.split(':')[0] ?? ''));
  },
  read: readName,
};
