/** QUERY_INFO: a class of information on a file, its volume or its security ([MS-SMB2] §2.2.37, §2.2.38, §3.3.5.20). */
import type { Command, Outcome, SmbCall } from '../command.ts';
import type { FileHandle } from '../open.ts';
import { queryEas } from '../query/eas.ts';
import { queryFile } from '../query/file.ts';
import { queryFileSystem } from '../query/file-system.ts';
import { querySecurity } from '../query/security.ts';
import { STATUS_FILE_CLOSED, STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED } from '../status.ts';
import { readFileId, writeFileId } from '../wire/file-id.ts';

export const SMB2_0_INFO_FILE = 1;
export const SMB2_0_INFO_FILESYSTEM = 2;
export const SMB2_0_INFO_SECURITY = 3;
export const SMB2_0_INFO_QUOTA = 4;

/** Bytes from the header to the buffer of a request and of a response. */
const INPUT_OFFSET = 104;
const OUTPUT_OFFSET = 72;
const FILE_FULL_EA = 15;

export interface QueryInfoRequest {
  readonly type: number;
  readonly class: number;
  readonly outputSizeMax: number;
  /** A view. */
  readonly input: Buffer;
  readonly additional: number;
  readonly flags: number;
  readonly id: FileHandle;
}

export interface QueryInfoResponse {
  readonly data: Buffer;
}

export const queryInfo: Command<QueryInfoRequest, QueryInfoResponse> = {
  name: 'QUERY_INFO',
  code: 0x0010,
  needs: 'tree',

  decode(from) {
    from.structureSize(41);
    const type = from.u8();
    const infoClass = from.u8();
    const outputSizeMax = from.u32();
    const inputOffset = from.u16();
    from.skip(2);
    const inputSize = from.u32();
    const additional = from.u32();
    const flags = from.u32();
    const id = readFileId(from);
    const input = from.at(inputOffset, inputSize, 'QUERY_INFO input');
    return { type, class: infoClass, outputSizeMax, input, additional, flags, id };
  },

  handle(call, request) {
    const { maxTransactSize } = call.connection;
    if (request.outputSizeMax > maxTransactSize || request.input.length > maxTransactSize) {
      return { status: STATUS_INVALID_PARAMETER };
    }
    const open = call.open(request.id);
    if (open === undefined) return { status: STATUS_FILE_CLOSED };
    switch (request.type) {
      case SMB2_0_INFO_FILE:
        return request.class === FILE_FULL_EA
          ? queryEas(call, open, request)
          : queryFile(call, open, request);
      case SMB2_0_INFO_FILESYSTEM:
        return queryFileSystem(open, request);
      case SMB2_0_INFO_SECURITY:
        return querySecurity(call, open, request);
      case SMB2_0_INFO_QUOTA:
        return { status: STATUS_NOT_SUPPORTED };
      default:
        return { status: STATUS_INVALID_PARAMETER };
    }
  },

  encode(to, { data }) {
    to.u16(9);
    to.u16(OUTPUT_OFFSET);
    to.u32(data.length);
    to.raw(data);
    if (data.length === 0) to.u8(0);
  },

  encodeRequest(to, request) {
    to.u16(41);
    to.u8(request.type);
    to.u8(request.class);
    to.u32(request.outputSizeMax);
    to.u16(request.input.length === 0 ? 0 : INPUT_OFFSET);
    to.u16(0);
    to.u32(request.input.length);
    to.u32(request.additional);
    to.u32(request.flags);
    writeFileId(to, request.id);
    to.raw(request.input);
    if (request.input.length === 0) to.u8(0);
  },

  decodeResponse(from) {
    from.structureSize(9);
    const offset = from.u16();
    const size = from.u32();
    return { data: Buffer.from(from.at(offset, size, 'QUERY_INFO output')) };
  },
};

export type QueryOutcome = Outcome<QueryInfoResponse>;
export type QueryCall = SmbCall;
