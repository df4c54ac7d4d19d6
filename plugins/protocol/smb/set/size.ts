/** Sizes: FileEndOfFileInformation, FileAllocationInformation, FileValidDataLengthInformation ([MS-FSA] §2.1.5.15). */
import { FILE_WRITE_DATA } from '../access.ts';
import type { SmbCall } from '../command.ts';
import type { SetOutcome } from '../commands/set-info.ts';
import { breakOthers } from '../create/break-others.ts';
import type { FileOpen } from '../open.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_FILE_CLOSED,
  STATUS_FILE_LOCK_CONFLICT,
  STATUS_INVALID_PARAMETER,
  STATUS_PRIVILEGE_NOT_HELD,
} from '../status.ts';
import { SmbReader } from '../wire/reader.ts';
import { changeAttributes, DONE } from './changed.ts';

const SIZE_MAX = 0x7fff_ffff_ffff_ffffn;

export function setEndOfFile(call: SmbCall, open: FileOpen, data: Buffer): SetOutcome {
  return resize(call, open, data, (asked) => asked);
}

/** Room is never kept ahead: only less than there is makes a difference. */
export function setAllocation(call: SmbCall, open: FileOpen, data: Buffer): SetOutcome {
  return resize(call, open, data, (asked, size) => Math.min(asked, size));
}

/** Would show what was on the disk before: for those who may read disks, and over a network nobody may. */
export function setValidDataLength(): SetOutcome {
  return { status: STATUS_PRIVILEGE_NOT_HELD };
}

function resize(
  call: SmbCall,
  open: FileOpen,
  data: Buffer,
  sizeOf: (asked: number, size: number) => number,
): SetOutcome {
  if (open.isDirectory || data.readBigUInt64LE(0) > SIZE_MAX) {
    return { status: STATUS_INVALID_PARAMETER };
  }
  if ((open.granted & FILE_WRITE_DATA) === 0) return { status: STATUS_ACCESS_DENIED };
  const asked = new SmbReader(data).u64Clamped();
  return breakOthers(call, open, 'write', () => {
    const content = open.volume.tree.inode(open.content);
    if (content === undefined) return { status: STATUS_FILE_CLOSED };
    const size = sizeOf(asked, content.size);
    if (size === content.size) return DONE;
    const from = Math.min(size, content.size);
    const count = Math.max(size, content.size) - from;
    if (!call.scene.opens.mayWrite(open.held, open.held, from, count)) {
      return { status: STATUS_FILE_LOCK_CONFLICT };
    }
    const mtime = open.writeTimeIsSet ? content.mtime : 'now';
    return changeAttributes(call, open, content.id, { size, atime: 'keep', mtime });
  });
}
