/** FileAllInformation ([MS-FSCC] §2.4.2): most other classes, one behind the other. */
import { FILE_READ_ATTRIBUTES } from '../access.ts';
import { type BasicInformation, fileBasic } from './basic.ts';
import type { FileFacts, FileInfoClass } from './facts.ts';
import { readName, writeName } from './names.ts';
import {
  fileAccess,
  fileAlignment,
  fileEa,
  fileInternal,
  fileMode,
  filePosition,
  fileStandard,
  type StandardInformation,
} from './standard.ts';

export interface AllInformation {
  readonly basic: BasicInformation;
  readonly standard: StandardInformation;
  readonly id: number;
  readonly eaSize: number;
  readonly access: number;
  readonly position: number;
  readonly mode: number;
  readonly alignment: number;
  readonly path: string;
}

const PARTS = [
  fileBasic,
  fileStandard,
  fileInternal,
  fileEa,
  fileAccess,
  filePosition,
  fileMode,
  fileAlignment,
];

export const fileAll: FileInfoClass<AllInformation> = {
  name: 'FileAllInformation',
  code: 18,
  sizeMin: 104,
  needs: FILE_READ_ATTRIBUTES,
  write(to, facts: FileFacts) {
    for (const part of PARTS) part.write(to, facts);
    writeName(to, facts.path);
  },
  read(from) {
    return {
      basic: fileBasic.read(from),
      standard: fileStandard.read(from),
      id: fileInternal.read(from),
      eaSize: fileEa.read(from),
      access: fileAccess.read(from),
      position: filePosition.read(from),
      mode: fileMode.read(from),
      alignment: fileAlignment.read(from),
      path: readName(from),
    };
  },
};
