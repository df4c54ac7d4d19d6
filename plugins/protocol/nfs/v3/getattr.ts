/** GETATTR: a file's attributes (RFC 1813 §3.3.1). */
import type { Inode } from '#core/vfs/inode.ts';
import type { Fsid } from '../fsid.ts';
import type { Procedure } from '../rpc/procedure.ts';
import { type Fattr3, readFattr3, writeFattr3 } from './attributes.ts';
import { NFS3_OK, nfsstat3 } from './status.ts';
import { type FileArgs, readFileArgs, writeFileArgs } from './types.ts';

/** GETATTR3res. */
type GetattrRes =
  | { readonly status: 0; readonly fsid: Fsid; readonly inode: Inode }
  | { readonly status: number; readonly inode?: never };

export interface GetattrAnswer {
  readonly status: number;
  readonly attributes?: Fattr3;
}

export const getattr: Procedure<FileArgs, GetattrRes, GetattrAnswer> = {
  name: 'GETATTR',
  number: 1,
  changes: false,

  decode: readFileArgs,

  handle(call, { file }) {
    const located = call.locate(file);
    if (!located.ok) return { status: nfsstat3[located.error] };
    return { status: NFS3_OK, fsid: located.value.fsid, inode: located.value.inode };
  },

  encode(to, res) {
    to.u32(res.status);
    if (res.inode !== undefined) writeFattr3(to, res.fsid, res.inode);
  },

  encodeArgs: writeFileArgs,

  decodeRes(from) {
    const status = from.u32();
    return status === NFS3_OK ? { status, attributes: readFattr3(from) } : { status };
  },
};
