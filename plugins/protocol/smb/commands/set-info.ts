/** SET_INFO: a class of information of a file, its volume or its security ([MS-SMB2] §2.2.39, §2.2.40, §3.3.5.21). */
import { inSequence } from '../channel-sequence.ts';
import type { Command, Outcome, SmbCall } from '../command.ts';
import {
  FILE_ALLOCATION,
  FILE_DISPOSITION,
  FILE_END_OF_FILE,
  FILE_LINK,
  FILE_RENAME,
  FILE_VALID_DATA_LENGTH,
  SET_SIZE_MIN,
} from '../info/set.ts';
import type { FileHandle, FileOpen } from '../open.ts';
import { setBasic } from '../set/basic.ts';
import { setDisposition } from '../set/disposition.ts';
import { setEas } from '../set/eas.ts';
import { setLink } from '../set/link.ts';
import { setMode, setPosition } from '../set/open-state.ts';
import { setRename } from '../set/rename.ts';
import { setSecurity } from '../set/security.ts';
import { setAllocation, setEndOfFile, setValidDataLength } from '../set/size.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_FILE_CLOSED,
  STATUS_INFO_LENGTH_MISMATCH,
  STATUS_INVALID_DEVICE_REQUEST,
  STATUS_INVALID_INFO_CLASS,
  STATUS_INVALID_PARAMETER,
  STATUS_NOT_SUPPORTED,
} from '../status.ts';
import { readFileId, writeFileId } from '../wire/file-id.ts';
import { SMB2_0_INFO_FILE, SMB2_0_INFO_FILESYSTEM, SMB2_0_INFO_SECURITY } from './query-info.ts';

/** Bytes from the header to the buffer. */
const DATA_OFFSET = 96;
const FILE_BASIC = 4;
const FILE_POSITION = 14;
const FILE_FULL_EA = 15;
const FILE_MODE = 16;

export interface SetInfoRequest {
  readonly type: number;
  readonly class: number;
  /** A view. */
  readonly data: Buffer;
  readonly additional: number;
  readonly id: FileHandle;
}

export type SetOutcome = Outcome<null> | Promise<Outcome<null>>;
export type SetClass = (call: SmbCall, open: FileOpen, data: Buffer) => SetOutcome;

const FILE_CLASSES: ReadonlyMap<number, SetClass> = new Map([
  [FILE_BASIC, setBasic],
  [FILE_RENAME, setRename],
  [FILE_LINK, setLink],
  [FILE_DISPOSITION, setDisposition],
  [FILE_POSITION, setPosition],
  [FILE_FULL_EA, setEas],
  [FILE_MODE, setMode],
  [FILE_ALLOCATION, setAllocation],
  [FILE_END_OF_FILE, setEndOfFile],
  [FILE_VALID_DATA_LENGTH, setValidDataLength],
]);

/** FileFsLabelInformation, FileFsControlInformation and FileFsObjectIdInformation ([MS-FSCC] §2.5): the owner's business. */
const VOLUME_REFUSALS: ReadonlyMap<number, number> = new Map([
  [2, STATUS_ACCESS_DENIED],
  [6, STATUS_NOT_SUPPORTED],
  [8, STATUS_ACCESS_DENIED],
]);

export const setInfo: Command<SetInfoRequest, null> = {
  name: 'SET_INFO',
  code: 0x0011,
  needs: 'tree',

  decode(from) {
    from.structureSize(33);
    const type = from.u8();
    const infoClass = from.u8();
    const size = from.u32();
    const offset = from.u16();
    from.skip(2);
    const additional = from.u32();
    const id = readFileId(from);
    return { type, class: infoClass, data: from.at(offset, size, 'SET_INFO data'), additional, id };
  },

  handle(call, request) {
    if (request.data.length > call.connection.maxTransactSize) {
      return { status: STATUS_INVALID_PARAMETER };
    }
    const open = call.open(request.id);
    if (open === undefined) return { status: STATUS_FILE_CLOSED };
    if (open.kind !== 'file') return { status: STATUS_INVALID_DEVICE_REQUEST };
    return inSequence(call, open, () => setInformation(call, open, request));
  },

  encode(to) {
    to.u16(2);
  },

  encodeRequest(to, { type, class: infoClass, data, additional, id }) {
    to.u16(33);
    to.u8(type);
    to.u8(infoClass);
    to.u32(data.length);
    to.u16(DATA_OFFSET);
    to.u16(0);
    to.u32(additional);
    writeFileId(to, id);
    if (data.length === 0) to.u8(0);
    else to.raw(data);
  },

  decodeResponse(from) {
    from.structureSize(2);
    return null;
  },
};

function setFile(call: SmbCall, open: FileOpen, request: SetInfoRequest): SetOutcome {
  const set = FILE_CLASSES.get(request.class);
  if (set === undefined) return { status: STATUS_INVALID_INFO_CLASS };
  if (request.data.length < (SET_SIZE_MIN[request.class] ?? 0)) {
    return { status: STATUS_INFO_LENGTH_MISMATCH };
  }
  return set(call, open, request.data);
}

function setInformation(call: SmbCall, open: FileOpen, request: SetInfoRequest): SetOutcome {
  switch (request.type) {
    case SMB2_0_INFO_FILE:
      return setFile(call, open, request);
    case SMB2_0_INFO_FILESYSTEM:
      return { status: VOLUME_REFUSALS.get(request.class) ?? STATUS_INVALID_INFO_CLASS };
    case SMB2_0_INFO_SECURITY:
      return setSecurity(call, open, request.data, request.additional);
    default:
      return { status: STATUS_NOT_SUPPORTED };
  }
}
