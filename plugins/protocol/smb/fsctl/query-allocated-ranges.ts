/**
 * FSCTL_QUERY_ALLOCATED_RANGES: where a sparse file has bytes ([MS-FSCC] §2.3.47). Holes are looked for in the content, so
 * that every box says the same whatever its disk keeps.
 */
import { DOS_SPARSE, type Inode } from '#core/vfs/inode.ts';
import { FILE_READ_DATA } from '../access.ts';
import { ALLOCATION_UNIT } from '../info/attributes.ts';
import type { FileOpen } from '../open.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_BUFFER_OVERFLOW,
  STATUS_BUFFER_TOO_SMALL,
  STATUS_FILE_CLOSED,
  STATUS_INVALID_PARAMETER,
  STATUS_SUCCESS,
} from '../status.ts';
import type { Fsctl, FsctlOutcome } from './fsctl.ts';

const RANGE_SIZE = 16;
/** Bytes looked through for one question; what lies behind counts as there. */
const SEARCHED_MAX = 64 * 1024 * 1024;
/** Bytes read at once. */
const PIECE_SIZE = 256 * ALLOCATION_UNIT;

const ZEROS = Buffer.alloc(ALLOCATION_UNIT);

interface Range {
  readonly from: number;
  readonly to: number;
}

export const queryAllocatedRanges: Fsctl = {
  name: 'FSCTL_QUERY_ALLOCATED_RANGES',
  code: 0x0009_40cf,
  on: 'file',

  handle(call, { input, outputSizeMax }, open) {
    if (input.length < RANGE_SIZE) return { status: STATUS_INVALID_PARAMETER };
    if (open.isDirectory) return { status: STATUS_INVALID_PARAMETER };
    if ((open.granted & FILE_READ_DATA) === 0) return { status: STATUS_ACCESS_DENIED };
    const offset = input.readBigInt64LE(0);
    const length = input.readBigInt64LE(8);
    if (offset < 0n || length < 0n || offset + length > 0x7fff_ffff_ffff_ffffn) {
      return { status: STATUS_INVALID_PARAMETER };
    }
    const content = open.volume.tree.inode(open.content);
    const inode = open.volume.tree.inode(open.file);
    if (content === undefined || inode === undefined) return { status: STATUS_FILE_CLOSED };
    call.see(content);
    const to = Math.min(content.size, Number(offset + length));
    const asked = { from: Number(offset), to };
    if (asked.from >= to || length === 0n) return told([], outputSizeMax);
    if ((inode.dos & DOS_SPARSE) === 0) return told([asked], outputSizeMax);
    return search(open, content, asked).then((ranges) => told(ranges, outputSizeMax));
  },
};

async function search(open: FileOpen, content: Inode, asked: Range): Promise<Range[]> {
  const ranges: Range[] = [];
  const end = Math.min(asked.to, asked.from + SEARCHED_MAX);
  const piece = Buffer.allocUnsafe(PIECE_SIZE);
  const first = Math.floor(asked.from / ALLOCATION_UNIT) * ALLOCATION_UNIT;
  for (let at = first; at < end; at += PIECE_SIZE) {
    const size = Math.min(PIECE_SIZE, content.size - at);
    const read = open.volume.read(open.content, at, piece.subarray(0, size));
    const count = typeof read === 'number' ? read : await read;
    for (let unit = 0; unit < count; unit += ALLOCATION_UNIT) {
      const bytes = piece.subarray(unit, Math.min(count, unit + ALLOCATION_UNIT));
      if (isZero(bytes)) continue;
      add(ranges, { from: at + unit, to: at + unit + bytes.length }, asked);
    }
  }
  if (end < asked.to) add(ranges, { from: end, to: asked.to }, asked);
  return ranges;
}

/** Adds what of a range was asked for, to the last one where it touches it. */
function add(ranges: Range[], range: Range, asked: Range): void {
  const from = Math.max(range.from, asked.from);
  const to = Math.min(range.to, asked.to);
  if (from >= to) return;
  const last = ranges[ranges.length - 1];
  if (last?.to === from) ranges[ranges.length - 1] = { from: last.from, to };
  else ranges.push({ from, to });
}

function isZero(bytes: Buffer): boolean {
  return bytes.equals(ZEROS.subarray(0, bytes.length));
}

function told(ranges: readonly Range[], sizeMax: number): FsctlOutcome {
  const count = Math.min(ranges.length, Math.floor(sizeMax / RANGE_SIZE));
  if (count === 0 && ranges.length > 0) return { status: STATUS_BUFFER_TOO_SMALL };
  const output = Buffer.alloc(count * RANGE_SIZE);
  ranges.slice(0, count).forEach(({ from, to }, i) => {
    output.writeBigUInt64LE(BigInt(from), i * RANGE_SIZE);
    output.writeBigUInt64LE(BigInt(to - from), i * RANGE_SIZE + 8);
  });
  const status = count < ranges.length ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
  return { status, response: { output } };
}
