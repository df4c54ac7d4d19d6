/** CLOSE: ends an open; what was to be deleted goes with the last one ([MS-SMB2] §2.2.15, §2.2.16, §3.3.5.10). */
import type { Command } from '../command.ts';
import { closeOpen } from '../create/close-open.ts';
import { allocationOf, attributesOf, endOfFileOf } from '../info/attributes.ts';
import { filetimeOf } from '../info/filetime.ts';
import type { FileHandle, Open } from '../open.ts';
import { STATUS_FILE_CLOSED, STATUS_SUCCESS } from '../status.ts';
import { readFileId, writeFileId } from '../wire/file-id.ts';
import type { SmbReader } from '../wire/reader.ts';
import type { SmbWriter } from '../wire/writer.ts';

export const SMB2_CLOSE_FLAG_POSTQUERY_ATTRIB = 0x1;

export interface CloseRequest {
  readonly flags: number;
  readonly id: FileHandle;
}

/** What was asked for with POSTQUERY_ATTRIB; zeros otherwise. */
export interface CloseResponse {
  readonly flags: number;
  /** FILETIME, all four. */
  readonly creationTime: bigint;
  readonly lastAccessTime: bigint;
  readonly lastWriteTime: bigint;
  readonly changeTime: bigint;
  readonly allocationSize: number;
  readonly endOfFile: number;
  readonly attributes: number;
}

const NOTHING: CloseResponse = {
  flags: 0,
  creationTime: 0n,
  lastAccessTime: 0n,
  lastWriteTime: 0n,
  changeTime: 0n,
  allocationSize: 0,
  endOfFile: 0,
  attributes: 0,
};

export const close: Command<CloseRequest, CloseResponse> = {
  name: 'CLOSE',
  code: 0x0006,
  needs: 'tree',

  decode(from) {
    from.structureSize(24);
    const flags = from.u16();
    from.skip(4);
    return { flags, id: readFileId(from) };
  },

  handle(call, { flags, id }) {
    const open = call.open(id);
    if (open === undefined) return { status: STATUS_FILE_CLOSED };
    const asks = (flags & SMB2_CLOSE_FLAG_POSTQUERY_ATTRIB) !== 0;
    const before = asks ? attributesNow(open) : NOTHING;
    closeOpen(call.scene, open, (run) => call.transact(run));
    return { status: STATUS_SUCCESS, response: before };
  },

  encode(to, response) {
    to.u16(60);
    to.u16(response.flags);
    to.u32(0);
    to.u64(response.creationTime);
    to.u64(response.lastAccessTime);
    to.u64(response.lastWriteTime);
    to.u64(response.changeTime);
    to.size(response.allocationSize);
    to.size(response.endOfFile);
    to.u32(response.attributes);
  },

  encodeRequest(to: SmbWriter, { flags, id }) {
    to.u16(24);
    to.u16(flags);
    to.u32(0);
    writeFileId(to, id);
  },

  decodeResponse(from: SmbReader) {
    from.structureSize(60);
    const flags = from.u16();
    from.skip(4);
    return {
      flags,
      creationTime: from.u64(),
      lastAccessTime: from.u64(),
      lastWriteTime: from.u64(),
      changeTime: from.u64(),
      allocationSize: from.u64Clamped(),
      endOfFile: from.u64Clamped(),
      attributes: from.u32(),
    };
  },
};

function attributesNow(open: Open): CloseResponse {
  if (open.kind === 'pipe') return NOTHING;
  const { tree } = open.volume;
  const inode = tree.inode(open.file);
  const content = tree.inode(open.content);
  if (inode === undefined || content === undefined) return NOTHING;
  return {
    flags: SMB2_CLOSE_FLAG_POSTQUERY_ATTRIB,
    creationTime: filetimeOf(inode.btime),
    lastAccessTime: filetimeOf(inode.atime),
    lastWriteTime: filetimeOf(inode.mtime),
    changeTime: filetimeOf(inode.ctime),
    allocationSize: allocationOf(endOfFileOf(content)),
    endOfFile: endOfFileOf(content),
    attributes: attributesOf(inode),
  };
}
