/** FLUSH: what was written to a file survives a power cut on every box ([MS-SMB2] §2.2.17, §2.2.18, §3.3.5.11). */
import { FILE_APPEND_DATA, FILE_WRITE_DATA } from '../access.ts';
import type { Command } from '../command.ts';
import type { FileHandle } from '../open.ts';
import { STATUS_ACCESS_DENIED, STATUS_FILE_CLOSED, STATUS_SUCCESS } from '../status.ts';
import { readFileId, writeFileId } from '../wire/file-id.ts';

export interface FlushRequest {
  readonly id: FileHandle;
}

export const flush: Command<FlushRequest, null> = {
  name: 'FLUSH',
  code: 0x0007,
  needs: 'tree',

  decode(from) {
    from.structureSize(24);
    from.skip(6);
    return { id: readFileId(from) };
  },

  handle(call, { id }) {
    const open = call.open(id);
    if (open === undefined) return { status: STATUS_FILE_CLOSED };
    if (open.kind === 'pipe') return { status: STATUS_SUCCESS, response: null };
    if ((open.granted & (FILE_WRITE_DATA | FILE_APPEND_DATA)) === 0) {
      return { status: STATUS_ACCESS_DENIED };
    }
    if (open.isDirectory) return { status: STATUS_SUCCESS, response: null };
    return call.scene.group
      .sync(open.volume.record.id, open.content)
      .then(() => ({ status: STATUS_SUCCESS, response: null }));
  },

  encode(to) {
    to.u16(4);
    to.u16(0);
  },

  encodeRequest(to, { id }) {
    to.u16(24);
    to.u16(0);
    to.u32(0);
    writeFileId(to, id);
  },

  decodeResponse(from) {
    from.structureSize(4);
    from.skip(2);
    return null;
  },
};
