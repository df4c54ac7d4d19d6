/** WRITE: bytes into a file or stream, or a message into a pipe ([MS-SMB2] §2.2.21, §2.2.22, §3.3.5.13). */

import { mayWriteContent } from '#core/vfs/access.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import type { Inode } from '#core/vfs/inode.ts';
import { write as writeContent } from '#core/volume/operations/write.ts';
import { FILE_APPEND_DATA, FILE_WRITE_DATA } from '../access.ts';
import { inSequence } from '../channel-sequence.ts';
import type { Command, Outcome, SmbCall } from '../command.ts';
import { breakOthers } from '../create/break-others.ts';
import { FILE_WRITE_THROUGH } from '../create/options.ts';
import type { FileHandle, FileOpen, PipeOpen } from '../open.ts';
import {
  ntStatus,
  STATUS_ACCESS_DENIED,
  STATUS_FILE_CLOSED,
  STATUS_FILE_LOCK_CONFLICT,
  STATUS_INVALID_DEVICE_REQUEST,
  STATUS_INVALID_PARAMETER,
  STATUS_SUCCESS,
} from '../status.ts';
import { readFileId, writeFileId } from '../wire/file-id.ts';

export const SMB2_WRITEFLAG_WRITE_THROUGH = 0x1;
export const SMB2_WRITEFLAG_WRITE_UNBUFFERED = 0x2;

/** Bytes from the header to the data: the header's 64 and 48 of the body. */
const DATA_OFFSET = 112;
/** The largest offset: signed 64 bits. */
const OFFSET_MAX = 0x7fff_ffff_ffff_ffffn;
/** The largest file ([MS-FSA] §2.1.5.3, MAXFILESIZE). */
const FILE_SIZE_MAX = 0xfff_ffff_0000n;

export interface WriteRequest {
  readonly id: FileHandle;
  readonly offset: bigint;
  readonly flags: number;
  readonly channel: number;
  /** A view. */
  readonly data: Buffer;
}

export interface WriteResponse {
  readonly count: number;
}

export const write: Command<WriteRequest, WriteResponse> = {
  name: 'WRITE',
  code: 0x0009,
  needs: 'tree',

  decode(from) {
    from.structureSize(49);
    const dataOffset = from.u16();
    const size = from.u32();
    const offset = from.u64();
    const id = readFileId(from);
    const channel = from.u32();
    from.skip(8);
    const flags = from.u32();
    return { id, offset, flags, channel, data: from.at(dataOffset, size, 'WRITE data') };
  },

  handle(call, request) {
    if (request.data.length > call.connection.maxWriteSize) {
      return { status: STATUS_INVALID_PARAMETER };
    }
    const open = call.open(request.id);
    if (open === undefined) return { status: STATUS_FILE_CLOSED };
    if (request.channel !== 0) return { status: STATUS_INVALID_PARAMETER };
    if (open.kind === 'pipe') return writePipe(open, request.data);
    return inSequence(call, open, () => writeFile(call, open, request));
  },

  encode(to, { count }) {
    to.u16(17);
    to.u16(0);
    to.u32(count);
    to.u32(0);
    to.u32(0);
    to.u8(0);
  },

  encodeRequest(to, { id, offset, flags, channel, data }) {
    to.u16(49);
    to.u16(DATA_OFFSET);
    to.u32(data.length);
    to.u64(offset);
    writeFileId(to, id);
    to.u32(channel);
    to.u32(0);
    to.u32(0);
    to.u32(flags);
    if (data.length === 0) to.u8(0);
    else to.raw(data);
  },

  decodeResponse(from) {
    from.structureSize(17);
    from.skip(2);
    return { count: from.u32() };
  },
};

function writePipe(open: PipeOpen, data: Buffer): Outcome<WriteResponse> {
  const status = open.pipe.write(data);
  return status === STATUS_SUCCESS ? { status, response: { count: data.length } } : { status };
}

function writeFile(
  call: SmbCall,
  open: FileOpen,
  request: WriteRequest,
): Outcome<WriteResponse> | Promise<Outcome<WriteResponse>> {
  if (open.isDirectory) return { status: STATUS_INVALID_DEVICE_REQUEST };
  const mayWrite = (open.granted & FILE_WRITE_DATA) !== 0;
  const mayAppend = (open.granted & FILE_APPEND_DATA) !== 0;
  if (!mayWrite && !mayAppend) return { status: STATUS_ACCESS_DENIED };
  const { offset: asked, data } = request;
  const end = asked + BigInt(data.length);
  if (end > (data.length === 0 ? OFFSET_MAX : FILE_SIZE_MAX)) {
    return { status: STATUS_INVALID_PARAMETER };
  }
  if (data.length === 0) return { status: STATUS_SUCCESS, response: { count: 0 } };
  const go = (run: (inode: Inode, offset: number) => Later): Later => {
    const inode = open.volume.tree.inode(open.content);
    if (inode === undefined) return { status: STATUS_FILE_CLOSED };
    // Whoever may only append writes at the end, wherever it was meant to go.
    const offset = mayWrite ? Number(asked) : inode.size;
    const isFree = call.scene.opens.mayWrite(open.held, open.held, offset, data.length);
    return isFree ? run(inode, offset) : { status: STATUS_FILE_LOCK_CONFLICT };
  };
  // Asked before as well: a write that is refused must not cost others what they cache.
  return go(() =>
    breakOthers(call, open, 'write', () =>
      go((inode, offset) => putBytes(call, open, inode, offset, request)),
    ),
  );
}

type Later = Outcome<WriteResponse> | Promise<Outcome<WriteResponse>>;

function putBytes(
  call: SmbCall,
  open: FileOpen,
  inode: Inode,
  offset: number,
  { data, flags }: WriteRequest,
): Outcome<WriteResponse> {
  const stable =
    (flags & SMB2_WRITEFLAG_WRITE_THROUGH) !== 0 || (open.createOptions & FILE_WRITE_THROUGH) !== 0;
  // What the open was granted counts, not what the mode says by now.
  const caller = mayWriteContent(inode, call.caller) ? call.caller : ROOT_CALLER;
  const args = {
    file: open.content,
    offset,
    size: data.length,
    keepsMtime: open.writeTimeIsSet,
  };
  const done = call.transact((transaction) =>
    transaction.change(writeContent, open.volume, caller, args, { data, stable }),
  );
  if (!done.ok) return { status: ntStatus[done.error] };
  open.position = offset + done.value.size;
  return { status: STATUS_SUCCESS, response: { count: done.value.size } };
}
