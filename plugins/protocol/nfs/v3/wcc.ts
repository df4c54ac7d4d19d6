/** Results that are a status and one wcc_data, whether the call was refused or not: SETATTR, REMOVE, RMDIR. */
import type { Inode } from '#core/vfs/inode.ts';
import type { Changed } from '#core/volume/operations/types.ts';
import type { Reader } from '#core/wire/reader.ts';
import type { Writer } from '#core/wire/writer.ts';
import type { Fsid } from '../fsid.ts';
import { readWccData, type WccData, writeWccData } from './attributes.ts';
import { NFS3_OK } from './status.ts';

/** `changed` is missing where the handle led to no file. */
export type WccRes =
  | { readonly status: number; readonly fsid: Fsid; readonly changed: Changed }
  | { readonly status: number; readonly fsid?: never; readonly changed?: never };

export interface WccAnswer {
  readonly status: number;
  readonly wcc: WccData;
}

/** wcc_data of a file that a refused call left as it was. */
export function unchanged(inode: Inode): Changed {
  return { before: inode, after: inode };
}

export function wccOk(fsid: Fsid, changed: Changed): WccRes {
  return { status: NFS3_OK, fsid, changed };
}

export function writeWccRes(to: Writer, res: WccRes): void {
  to.u32(res.status);
  writeWcc(to, res);
}

export function writeWcc(to: Writer, res: WccRes): void {
  if (res.changed !== undefined) {
    writeWccData(to, res.fsid, res.changed);
    return;
  }
  to.u32(0);
  to.u32(0);
}

export function readWccAnswer(from: Reader): WccAnswer {
  return { status: from.u32(), wcc: readWccData(from) };
}
