/** What CREATE, MKDIR, SYMLINK and MKNOD share: they make something and answer alike (RFC 1813 §3.3.8 to §3.3.11). */
import type { CommonHandle } from '#core/vfs/handle.ts';
import type { Inode } from '#core/vfs/inode.ts';
import { type CreateArgs, NO_DEVICE } from '#core/volume/operations/types.ts';
import { create } from '#core/volume/operations.ts';
import type { Reader } from '#core/wire/reader.ts';
import type { Writer } from '#core/wire/writer.ts';
import type { Call } from '../call.ts';
import {
  type Fattr3,
  readPostOpAttr,
  readWccData,
  type WccData,
  writePostOpAttr,
} from './attributes.ts';
import { NFS3_OK, nfsstat3 } from './status.ts';
import { type DirOpArgs, readPostOpHandle, writePostOpHandle } from './types.ts';
import { unchanged, type WccRes, wccOk, writeWcc } from './wcc.ts';

/** What is to be made, beside its place. */
export type Wanted = Pick<CreateArgs, 'kind' | 'set'> &
  Partial<Pick<CreateArgs, 'how' | 'verifier' | 'target' | 'device'>>;

export type MadeRes =
  | {
      readonly status: 0;
      readonly object: CommonHandle;
      readonly inode: Inode;
      readonly dir: WccRes;
    }
  | { readonly status: number; readonly object?: never; readonly dir: WccRes };

export interface MadeAnswer {
  readonly status: number;
  readonly object?: Buffer | undefined;
  readonly attributes?: Fattr3 | undefined;
  readonly dir: WccData;
}

export function make(call: Call, { dir, name }: DirOpArgs, wanted: Wanted): MadeRes {
  const located = call.locateForChange(dir);
  if (!located.ok) {
    const status = nfsstat3[located.error];
    return { status, dir: { status } };
  }
  const { fsid, inode: directory } = located.value;
  const outcome = call.change(create, located.value, {
    how: 'guarded',
    verifier: '',
    target: '',
    device: NO_DEVICE,
    ...wanted,
    directory: directory.id,
    name,
    strategy: located.value.export.record.handles,
  });
  if (!outcome.ok) {
    const status = nfsstat3[outcome.error];
    return { status, dir: { status, fsid, changed: unchanged(directory) } };
  }
  const { inode } = outcome.value;
  const object = call.handleOf(located.value, inode);
  return { status: NFS3_OK, object, inode, dir: wccOk(fsid, outcome.value.directory) };
}

/** Nothing is made, for a reason that is not the volume's. */
export function refuse(call: Call, { dir }: DirOpArgs, status: number): MadeRes {
  const located = call.locateForChange(dir);
  if (!located.ok) return { status: nfsstat3[located.error], dir: { status } };
  const { fsid, inode } = located.value;
  return { status, dir: { status, fsid, changed: unchanged(inode) } };
}

export function writeMade(to: Writer, res: MadeRes): void {
  to.u32(res.status);
  if (res.object !== undefined && res.dir.fsid !== undefined) {
    writePostOpHandle(to, res.object);
    writePostOpAttr(to, res.dir.fsid, res.inode);
  }
  writeWcc(to, res.dir);
}

export function readMade(from: Reader): MadeAnswer {
  const status = from.u32();
  if (status !== NFS3_OK) return { status, dir: readWccData(from) };
  const object = readPostOpHandle(from);
  return { status, object, attributes: readPostOpAttr(from), dir: readWccData(from) };
}
