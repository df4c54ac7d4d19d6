/** MKDIR: a directory (RFC 1813 §3.3.9). */
import type { SetAttributes } from '#core/vfs/set-attributes.ts';
import type { Procedure } from '../rpc/procedure.ts';
import { type MadeAnswer, type MadeRes, make, readMade, writeMade } from './made.ts';
import { type DirOpArgs, readDirOpArgs, readSattr3, writeDirOpArgs, writeSattr3 } from './types.ts';

export interface MkdirArgs extends DirOpArgs {
  readonly set: SetAttributes;
}

export const mkdir: Procedure<MkdirArgs, MadeRes, MadeAnswer> = {
  name: 'MKDIR',
  number: 9,
  changes: true,

  decode: (from) => ({ ...readDirOpArgs(from), set: readSattr3(from) }),

  handle: (call, { set, ...where }) => make(call, where, { kind: 'directory', set }),

  encode: writeMade,

  encodeArgs(to, args) {
    writeDirOpArgs(to, args);
    writeSattr3(to, args.set);
  },

  decodeRes: readMade,
};
