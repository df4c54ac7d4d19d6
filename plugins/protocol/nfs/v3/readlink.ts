/** READLINK: a symbolic link's target, as it was given (RFC 1813 §3.3.5). */
import { SYMLINK_SIZE_MAX } from '#core/limits.ts';
import type { Procedure } from '../rpc/procedure.ts';
import {
  type AttributesAnswer,
  readStatusAndAttributes,
  type Told,
  told,
  writeStatusAndAttributes,
} from './post-op.ts';
import { NFS3_OK, NFS3ERR_INVAL, nfsstat3 } from './status.ts';
import { type FileArgs, readFileArgs, writeFileArgs } from './types.ts';

type ReadlinkRes =
  | { readonly status: 0; readonly told: Told; readonly target: string }
  | { readonly status: number; readonly told?: Told; readonly target?: never };

export interface ReadlinkAnswer extends AttributesAnswer {
  /** Byte string. */
  readonly target: string;
}

export const readlink: Procedure<FileArgs, ReadlinkRes, ReadlinkAnswer> = {
  name: 'READLINK',
  number: 5,
  changes: false,

  resultsSizeMax: () => SYMLINK_SIZE_MAX + 256,

  decode: readFileArgs,

  handle(call, { file }) {
    const located = call.locate(file);
    if (!located.ok) return { status: nfsstat3[located.error] };
    const { inode } = located.value;
    const attributes = told(located.value);
    if (inode.kind !== 'symlink') return { status: NFS3ERR_INVAL, told: attributes };
    return { status: NFS3_OK, told: attributes, target: inode.target };
  },

  encode(to, res) {
    writeStatusAndAttributes(to, res);
    if (res.target !== undefined) to.byteString(res.target);
  },

  encodeArgs: writeFileArgs,

  decodeRes(from) {
    const answer = readStatusAndAttributes(from);
    const target = answer.status === NFS3_OK ? from.byteString(SYMLINK_SIZE_MAX, 'target') : '';
    return { ...answer, target };
  },
};
