/** The classes of files that can be asked for, by their number ([MS-FSCC] §2.4). */
import { fileAll } from './all.ts';
import { fileAttributeTag, fileBasic, fileNetworkOpen } from './basic.ts';
import type { AnyFileInfoClass } from './facts.ts';
import { fileAlternateName, fileName, fileNormalizedName } from './names.ts';
import {
  fileAccess,
  fileAlignment,
  fileCompression,
  fileEa,
  fileIdInformation,
  fileInternal,
  fileMode,
  filePosition,
  fileStandard,
} from './standard.ts';
import { fileStream } from './streams.ts';

const ALL: readonly AnyFileInfoClass[] = [
  fileBasic,
  fileStandard,
  fileInternal,
  fileEa,
  fileAccess,
  fileName,
  filePosition,
  fileMode,
  fileAlignment,
  fileAll,
  fileStream,
  fileCompression,
  fileNetworkOpen,
  fileAttributeTag,
  fileAlternateName,
  fileNormalizedName,
  fileIdInformation,
];

export const FILE_INFO_CLASSES: ReadonlyMap<number, AnyFileInfoClass> = new Map(
  ALL.map((info) => [info.code, info]),
);
