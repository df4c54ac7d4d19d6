/** Names, bounds and numbers of the MOUNT protocol (RFC 1813 §5.1). */
import type { FsError } from '#core/vfs/status.ts';
import type { Reader } from '#core/wire/reader.ts';
import type { Writer } from '#core/wire/writer.ts';

/** Longest path and longest name, bytes. */
export const MNTPATHLEN = 1024;
export const MNTNAMLEN = 255;

/** mountstat3. */
export const MNT3_OK = 0;
export const MNT3ERR_PERM = 1;
export const MNT3ERR_NOENT = 2;
export const MNT3ERR_IO = 5;
export const MNT3ERR_ACCES = 13;
export const MNT3ERR_NOTDIR = 20;
export const MNT3ERR_INVAL = 22;
export const MNT3ERR_NAMETOOLONG = 63;
export const MNT3ERR_NOTSUPP = 10004;
export const MNT3ERR_SERVERFAULT = 10006;

/** What walking to a folder can be refused with; nothing else comes of it. */
export const mountstat3: Readonly<Partial<Record<FsError, number>>> = {
  access: MNT3ERR_ACCES,
  'not-found': MNT3ERR_NOENT,
  'not-directory': MNT3ERR_NOTDIR,
  'name-too-long': MNT3ERR_NAMETOOLONG,
  io: MNT3ERR_IO,
};

/** dirpath, a byte string. */
export function readPath(from: Reader): string {
  return from.byteString(MNTPATHLEN, 'path');
}

/** Bytes of the lists that DUMP and EXPORT answer with; what does not fit is left out. */
export const LIST_SIZE_MAX = 64 * 1024;

/**
 * An XDR list of rows, each preceded by TRUE and the last followed by FALSE; ends early when the next row could
 * be beyond `LIST_SIZE_MAX`.
 */
export function writeList<Row>(
  to: Writer,
  rows: readonly Row[],
  sizeOf: (row: Row) => number,
  write: (row: Row) => void,
): void {
  let left = LIST_SIZE_MAX;
  for (const row of rows) {
    left -= 4 + sizeOf(row);
    if (left < 4) break;
    to.u32(1);
    write(row);
  }
  to.u32(0);
}

/** Bytes of a string as XDR has it. */
export function stringSize(value: string): number {
  return 4 + ((value.length + 3) & ~3);
}
