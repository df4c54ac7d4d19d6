/** What belongs to the open and not to the file: FilePositionInformation, FileModeInformation ([MS-FSA] §2.1.5.15.9, .8). */
import type { SmbCall } from '../command.ts';
import type { SetOutcome } from '../commands/set-info.ts';
import type { FileOpen } from '../open.ts';
import { STATUS_INVALID_PARAMETER } from '../status.ts';
import { SmbReader } from '../wire/reader.ts';
import { DONE } from './changed.ts';

const POSITION_MAX = 0x7fff_ffff_ffff_ffffn;
const FILE_WRITE_THROUGH = 0x2;
const FILE_SEQUENTIAL_ONLY = 0x4;
const FILE_SYNCHRONOUS_IO_ALERT = 0x10;
const FILE_SYNCHRONOUS_IO_NONALERT = 0x20;
const MODES =
  FILE_WRITE_THROUGH |
  FILE_SEQUENTIAL_ONLY |
  FILE_SYNCHRONOUS_IO_ALERT |
  FILE_SYNCHRONOUS_IO_NONALERT;

export function setPosition(_call: SmbCall, open: FileOpen, data: Buffer): SetOutcome {
  const position = data.readBigUInt64LE(0);
  if (position > POSITION_MAX) return { status: STATUS_INVALID_PARAMETER };
  open.position = new SmbReader(data).u64Clamped();
  return DONE;
}

export function setMode(_call: SmbCall, open: FileOpen, data: Buffer): SetOutcome {
  const mode = data.readUInt32LE(0);
  if ((mode & ~MODES) !== 0) return { status: STATUS_INVALID_PARAMETER };
  open.mode = mode;
  return DONE;
}
