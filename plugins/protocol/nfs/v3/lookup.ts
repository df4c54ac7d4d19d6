/** LOOKUP: find a name in a directory (RFC 1813 §3.3.3). Follows no symbolic link. */
import type { CommonHandle } from '#core/vfs/handle.ts';
import type { Inode } from '#core/vfs/inode.ts';
import type { Fsid } from '../fsid.ts';
import type { Procedure } from '../rpc/procedure.ts';
import { type Fattr3, readPostOpAttr, writePostOpAttr } from './attributes.ts';
import { childOf } from './child.ts';
import { NFS3_OK, nfsstat3 } from './status.ts';
import { type DirOpArgs, readDirOpArgs, readHandle, writeDirOpArgs } from './types.ts';

/** LOOKUP3res. `dir` is missing where the handle led to no file. */
type LookupRes =
  | {
      readonly status: 0;
      readonly fsid: Fsid;
      readonly object: CommonHandle;
      readonly inode: Inode;
      readonly dir: Inode;
    }
  | { readonly status: number; readonly object?: never; readonly fsid: Fsid; readonly dir: Inode }
  | { readonly status: number; readonly object?: never; readonly dir?: never };

export interface LookupAnswer {
  readonly status: number;
  readonly object?: Buffer;
  readonly attributes?: Fattr3 | undefined;
  readonly dir: Fattr3 | undefined;
}

export const lookup: Procedure<DirOpArgs, LookupRes, LookupAnswer> = {
  name: 'LOOKUP',
  number: 3,
  changes: false,

  decode: readDirOpArgs,

  handle(call, { dir, name }) {
    const located = call.locate(dir);
    if (!located.ok) return { status: nfsstat3[located.error] };
    const { fsid, inode: directory, caller } = located.value;
    const child = childOf(located.value, directory, name, caller);
    if (!child.ok) return { status: nfsstat3[child.error], fsid, dir: directory };
    const inode = child.value;
    call.see(inode);
    const object = call.handleOf(located.value, inode);
    return { status: NFS3_OK, fsid, object, inode, dir: directory };
  },

  encode(to, res) {
    to.u32(res.status);
    if (res.object !== undefined) {
      to.opaque(res.object);
      writePostOpAttr(to, res.fsid, res.inode);
    }
    if (res.dir === undefined) to.u32(0);
    else writePostOpAttr(to, res.fsid, res.dir);
  },

  encodeArgs: writeDirOpArgs,

  decodeRes(from) {
    const status = from.u32();
    if (status !== NFS3_OK) return { status, dir: readPostOpAttr(from) };
    const object = Buffer.from(readHandle(from));
    return { status, object, attributes: readPostOpAttr(from), dir: readPostOpAttr(from) };
  },
};
