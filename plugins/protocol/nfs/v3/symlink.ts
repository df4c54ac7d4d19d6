/** SYMLINK: a symbolic link; its target is stored as given and never read by the server (RFC 1813 §3.3.10). */
import { SYMLINK_SIZE_MAX } from '#core/limits.ts';
import type { SetAttributes } from '#core/vfs/set-attributes.ts';
import type { Procedure } from '../rpc/procedure.ts';
import { type MadeAnswer, type MadeRes, make, readMade, writeMade } from './made.ts';
import { NFS3ERR_NAMETOOLONG } from './status.ts';
import { type DirOpArgs, readDirOpArgs, readSattr3, writeDirOpArgs, writeSattr3 } from './types.ts';

/** Bytes of a target that are read at all: longer than any that may exist, so that those are refused by name. */
const NFSPATH3_SIZE_MAX = 4 * (SYMLINK_SIZE_MAX + 1);

export interface SymlinkArgs extends DirOpArgs {
  readonly set: SetAttributes;
  /** Byte string. */
  readonly target: string;
}

export const symlink: Procedure<SymlinkArgs, MadeRes, MadeAnswer> = {
  name: 'SYMLINK',
  number: 10,
  changes: true,

  decode(from) {
    const where = readDirOpArgs(from);
    return {
      ...where,
      set: readSattr3(from),
      target: from.byteString(NFSPATH3_SIZE_MAX, 'target'),
    };
  },

  handle(call, { set, target, ...where }) {
    if (target.length > SYMLINK_SIZE_MAX) {
      return { status: NFS3ERR_NAMETOOLONG, dir: { status: NFS3ERR_NAMETOOLONG } };
    }
    return make(call, where, { kind: 'symlink', set, target });
  },

  encode: writeMade,

  encodeArgs(to, args) {
    writeDirOpArgs(to, args);
    writeSattr3(to, args.set);
    to.byteString(args.target);
  },

  decodeRes: readMade,
};
