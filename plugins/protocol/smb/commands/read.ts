/** READ: bytes of a file or stream, or what a pipe has to say ([MS-SMB2] §2.2.19, §2.2.20, §3.3.5.12). */
import { BackendError } from '#core/volume/backend.ts';
import { FILE_EXECUTE, FILE_READ_DATA } from '../access.ts';
import type { Command, Outcome, SmbCall } from '../command.ts';
import { endOfFileOf } from '../info/attributes.ts';
import type { FileHandle, FileOpen, PipeOpen } from '../open.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_END_OF_FILE,
  STATUS_FILE_CLOSED,
  STATUS_FILE_LOCK_CONFLICT,
  STATUS_INVALID_DEVICE_REQUEST,
  STATUS_INVALID_PARAMETER,
  STATUS_SUCCESS,
  STATUS_UNEXPECTED_IO_ERROR,
} from '../status.ts';
import { readFileId, writeFileId } from '../wire/file-id.ts';

export const SMB2_READFLAG_READ_UNBUFFERED = 0x1;

/** Bytes from the header to the data: the header's 64 and 16 of the body. */
const DATA_OFFSET = 80;
/** The largest offset that a file may have ([MS-FSA] §2.1.5.2): signed 64 bits. */
const OFFSET_MAX = 0x7fff_ffff_ffff_ffffn;

export interface ReadRequest {
  readonly id: FileHandle;
  readonly offset: bigint;
  readonly length: number;
  readonly minimumCount: number;
  readonly flags: number;
  readonly channel: number;
}

export interface ReadResponse {
  readonly data: Buffer;
}

export const read: Command<ReadRequest, ReadResponse> = {
  name: 'READ',
  code: 0x0008,
  needs: 'tree',

  decode(from) {
    from.structureSize(49);
    from.skip(1);
    const flags = from.u8();
    const length = from.u32();
    const offset = from.u64();
    const id = readFileId(from);
    const minimumCount = from.u32();
    const channel = from.u32();
    return { id, offset, length, minimumCount, flags, channel };
  },

  handle(call, request) {
    if (request.length > call.connection.maxReadSize) return { status: STATUS_INVALID_PARAMETER };
    const open = call.open(request.id);
    if (open === undefined) return { status: STATUS_FILE_CLOSED };
    if (request.channel !== 0) return { status: STATUS_INVALID_PARAMETER };
    return open.kind === 'pipe' ? readPipe(open, request) : readFile(call, open, request);
  },

  encode(to, { data }) {
    to.u16(17);
    to.u8(DATA_OFFSET);
    to.u8(0);
    to.u32(data.length);
    to.u32(0);
    to.u32(0);
    // The body has one byte of data even when there is none (§2.2.20).
    if (data.length === 0) to.u8(0);
    else to.raw(data);
  },

  encodeRequest(to, { id, offset, length, minimumCount, flags, channel }) {
    to.u16(49);
    to.u8(DATA_OFFSET);
    to.u8(flags);
    to.u32(length);
    to.u64(offset);
    writeFileId(to, id);
    to.u32(minimumCount);
    to.u32(channel);
    to.u32(0);
    to.u32(0);
    to.u8(0);
  },

  decodeResponse(from) {
    from.structureSize(17);
    const dataOffset = from.u8();
    from.skip(1);
    const size = from.u32();
    from.skip(8);
    return { data: Buffer.from(from.at(dataOffset, size, 'READ data')) };
  },
};

function readPipe(open: PipeOpen, { length }: ReadRequest): Outcome<ReadResponse> {
  const target = Buffer.allocUnsafe(length);
  const { status, size } = open.pipe.read(target);
  if (size === 0 && status !== STATUS_SUCCESS) return { status };
  return { status, response: { data: target.subarray(0, size) } };
}

function readFile(
  call: SmbCall,
  open: FileOpen,
  request: ReadRequest,
): Outcome<ReadResponse> | Promise<Outcome<ReadResponse>> {
  if (open.isDirectory) return { status: STATUS_INVALID_DEVICE_REQUEST };
  if ((open.granted & (FILE_READ_DATA | FILE_EXECUTE)) === 0) {
    return { status: STATUS_ACCESS_DENIED };
  }
  if (request.offset + BigInt(request.length) > OFFSET_MAX) {
    return { status: STATUS_INVALID_PARAMETER };
  }
  const inode = open.volume.tree.inode(open.content);
  if (inode === undefined) return { status: STATUS_FILE_CLOSED };
  const offset = Number(request.offset);
  if (!call.scene.opens.mayRead(open.held, open.held, offset, request.length)) {
    return { status: STATUS_FILE_LOCK_CONFLICT };
  }
  call.see(inode);
  const size = Math.max(0, Math.min(request.length, endOfFileOf(inode) - offset));
  if (size < request.minimumCount || (size === 0 && request.length > 0)) {
    return { status: STATUS_END_OF_FILE };
  }
  return readInto(call, open, offset, Buffer.allocUnsafe(size));
}

function readInto(
  call: SmbCall,
  open: FileOpen,
  offset: number,
  target: Buffer,
): Outcome<ReadResponse> | Promise<Outcome<ReadResponse>> {
  const answer = (size: number): Outcome<ReadResponse> => {
    // A write may have come in between: its bytes wait for its commit.
    const now = open.volume.tree.inode(open.content);
    if (now !== undefined) call.see(now);
    open.position = offset + size;
    return { status: STATUS_SUCCESS, response: { data: target.subarray(0, size) } };
  };
  if (target.length === 0) return answer(0);
  try {
    const got = open.volume.read(open.content, offset, target);
    return typeof got === 'number' ? answer(got) : got.then(answer, failed);
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): Outcome<ReadResponse> {
  if (!(error instanceof BackendError)) throw error;
  return { status: STATUS_UNEXPECTED_IO_ERROR };
}
