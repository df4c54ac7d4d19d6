/** FSCTL_SET_ZERO_DATA: zeros in place of what was there ([MS-FSCC] §2.3.67, [MS-FSA] §2.1.5.10.39). */
import { ok } from '#core/result.ts';
import type { Inode } from '#core/vfs/inode.ts';
import { setAttributes } from '#core/volume/operations/set-attributes.ts';
import { write } from '#core/volume/operations/write.ts';
import { FILE_WRITE_DATA } from '../access.ts';
import type { SmbCall } from '../command.ts';
import { breakOthers } from '../create/break-others.ts';
import type { FileOpen } from '../open.ts';
import {
  ntStatus,
  STATUS_ACCESS_DENIED,
  STATUS_FILE_CLOSED,
  STATUS_FILE_LOCK_CONFLICT,
  STATUS_INVALID_PARAMETER,
  STATUS_SUCCESS,
} from '../status.ts';
import { type Fsctl, type FsctlOutcome, NO_OUTPUT } from './fsctl.ts';

const INPUT_SIZE = 16;
/** Bytes of zeros in one change. */
const PIECE_SIZE = 1024 * 1024;
/** Bytes of zeros that are written for one request: as many as a write of a client may bring. What reaches the end needs none. */
const WRITTEN_MAX = 64 * PIECE_SIZE;

export const setZeroData: Fsctl = {
  name: 'FSCTL_SET_ZERO_DATA',
  code: 0x0009_80c8,
  on: 'file',

  handle(call, { input }, open) {
    if (input.length < INPUT_SIZE) return { status: STATUS_INVALID_PARAMETER };
    if (open.isDirectory) return { status: STATUS_INVALID_PARAMETER };
    if ((open.granted & FILE_WRITE_DATA) === 0) return { status: STATUS_ACCESS_DENIED };
    const from = input.readBigInt64LE(0);
    const beyond = input.readBigInt64LE(8);
    if (from < 0n || beyond < from) return { status: STATUS_INVALID_PARAMETER };
    return breakOthers(call, open, 'write', () => zero(call, open, Number(from), Number(beyond)));
  },
};

function zero(
  call: SmbCall,
  open: FileOpen,
  from: number,
  beyond: number,
): FsctlOutcome | Promise<FsctlOutcome> {
  const inode = open.volume.tree.inode(open.content);
  if (inode === undefined) return { status: STATUS_FILE_CLOSED };
  const end = Math.min(beyond, inode.size);
  if (end <= from) return { status: STATUS_SUCCESS, response: NO_OUTPUT };
  if (!call.scene.opens.mayWrite(open.held, open.held, from, end - from)) {
    return { status: STATUS_FILE_LOCK_CONFLICT };
  }
  if (end === inode.size) return cut(call, open, inode, from);
  if (end - from > WRITTEN_MAX) return { status: STATUS_INVALID_PARAMETER };
  return writeZeros(call, open, from, end);
}

/** One piece a turn: others are served in between. */
async function writeZeros(
  call: SmbCall,
  open: FileOpen,
  from: number,
  end: number,
): Promise<FsctlOutcome> {
  const { clock, opens } = call.scene;
  for (let at = from; at < end; at += PIECE_SIZE) {
    if (at > from) await new Promise<void>((resolve) => clock.after(0, resolve));
    if (open.isClosed) return { status: STATUS_FILE_CLOSED };
    const data = Buffer.alloc(Math.min(PIECE_SIZE, end - at));
    if (!opens.mayWrite(open.held, open.held, at, data.length)) {
      return { status: STATUS_FILE_LOCK_CONFLICT };
    }
    const args = { file: open.content, offset: at, size: data.length, granted: true };
    const options = { data, stable: false };
    const put = call.transact((transaction) =>
      transaction.change(write, open.volume, call.caller, args, options),
    );
    if (!put.ok) return { status: ntStatus[put.error] };
  }
  return { status: STATUS_SUCCESS, response: NO_OUTPUT };
}

/** Cut off and made as long again: no zeros travel, however many there are. */
function cut(call: SmbCall, open: FileOpen, inode: Inode, size: number): FsctlOutcome {
  const done = call.transact((transaction) => {
    for (const to of [size, inode.size]) {
      const set = { size: to, atime: 'keep', mtime: 'now' } as const;
      const args = { file: open.content, set, guard: undefined, granted: true };
      const changed = transaction.change(setAttributes, open.volume, call.caller, args);
      if (!changed.ok) return changed;
    }
    return ok(undefined);
  });
  if (!done.ok) return { status: ntStatus[done.error] };
  return { status: STATUS_SUCCESS, response: NO_OUTPUT };
}
