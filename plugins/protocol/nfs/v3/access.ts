/** ACCESS: what a caller may do to a file, by the rules that guard it (RFC 1813 §3.3.4). */
import { allowed, MAY_CHANGE_NAMES, MAY_EXECUTE, MAY_READ, MAY_WRITE } from '#core/vfs/access.ts';
import type { Located } from '../call.ts';
import type { Procedure } from '../rpc/procedure.ts';
import {
  type AttributesAnswer,
  readStatusAndAttributes,
  type Told,
  told,
  writeStatusAndAttributes,
} from './post-op.ts';
import { NFS3_OK, nfsstat3 } from './status.ts';
import { readHandle } from './types.ts';

export const ACCESS3_READ = 0x01;
export const ACCESS3_LOOKUP = 0x02;
export const ACCESS3_MODIFY = 0x04;
export const ACCESS3_EXTEND = 0x08;
export const ACCESS3_DELETE = 0x10;
export const ACCESS3_EXECUTE = 0x20;
const CHANGES = ACCESS3_MODIFY | ACCESS3_EXTEND | ACCESS3_DELETE;

export interface AccessArgs {
  readonly file: Buffer;
  readonly access: number;
}

type AccessRes =
  | { readonly status: 0; readonly told: Told; readonly access: number }
  | { readonly status: number; readonly told?: never; readonly access?: never };

export interface AccessAnswer extends AttributesAnswer {
  readonly access: number;
}

export const access: Procedure<AccessArgs, AccessRes, AccessAnswer> = {
  name: 'ACCESS',
  number: 4,
  changes: false,

  decode: (from) => ({ file: readHandle(from), access: from.u32() }),

  handle(call, { file, access: asked }) {
    const located = call.locate(file);
    if (!located.ok) return { status: nfsstat3[located.error] };
    return { status: NFS3_OK, told: told(located.value), access: granted(located.value) & asked };
  },

  encode(to, res) {
    writeStatusAndAttributes(to, res);
    if (res.access !== undefined) to.u32(res.access);
  },

  encodeArgs(to, args) {
    to.opaque(args.file);
    to.u32(args.access);
  },

  decodeRes(from) {
    const answer = readStatusAndAttributes(from);
    return { ...answer, access: answer.status === NFS3_OK ? from.u32() : 0 };
  },
};

/**
 * A file's DELETE depends on its directory, which the question does not name: never granted (RFC 1813 §3.3.4 lets
 * the server do so), and no client relies on it.
 */
function granted({ inode, caller, export: entry }: Located): number {
  const bits = allowed(inode, caller);
  let access = (bits & MAY_READ) === 0 ? 0 : ACCESS3_READ;
  if (inode.kind === 'directory') {
    if ((bits & MAY_EXECUTE) !== 0) access |= ACCESS3_LOOKUP;
    if ((bits & MAY_CHANGE_NAMES) === MAY_CHANGE_NAMES) access |= CHANGES;
  } else {
    if ((bits & MAY_EXECUTE) !== 0) access |= ACCESS3_EXECUTE;
    if ((bits & MAY_WRITE) !== 0) access |= ACCESS3_MODIFY | ACCESS3_EXTEND;
  }
  return entry.record.readOnly ? access & ~CHANGES : access;
}
