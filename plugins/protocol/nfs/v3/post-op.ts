/** Results that begin with a status and one post_op_attr whether the call was refused or not. */
import type { Inode } from '#core/vfs/inode.ts';
import type { Reader } from '#core/wire/reader.ts';
import type { Writer } from '#core/wire/writer.ts';
import type { Located } from '../call.ts';
import type { Fsid } from '../fsid.ts';
import { type Fattr3, readPostOpAttr, writePostOpAttr } from './attributes.ts';

/** What is told of the file itself; `undefined` where the handle led to none. */
export interface Told {
  readonly fsid: Fsid;
  readonly inode: Inode;
}

/** Attributes of the file that a handle led to. */
export function told({ fsid, inode }: Located): Told {
  return { fsid, inode };
}

export function writeStatusAndAttributes(
  to: Writer,
  res: { readonly status: number; readonly told?: Told | undefined },
): void {
  to.u32(res.status);
  if (res.told === undefined) to.u32(0);
  else writePostOpAttr(to, res.told.fsid, res.told.inode);
}

export interface AttributesAnswer {
  readonly status: number;
  readonly attributes: Fattr3 | undefined;
}

export function readStatusAndAttributes(from: Reader): AttributesAnswer {
  return { status: from.u32(), attributes: readPostOpAttr(from) };
}
