/** CREATE: a regular file, UNCHECKED, GUARDED or EXCLUSIVE (RFC 1813 §3.3.8). */
import { SET_NOTHING, type SetAttributes } from '#core/vfs/set-attributes.ts';
import { DecodeError } from '#core/wire/reader.ts';
import type { Procedure } from '../rpc/procedure.ts';
import { type MadeAnswer, type MadeRes, make, readMade, refuse, writeMade } from './made.ts';
import { awaitSize, childRef, mayResize } from './others-opens.ts';
import { NFS3ERR_ACCES } from './status.ts';
import {
  type DirOpArgs,
  NFS3_CREATEVERFSIZE,
  readDirOpArgs,
  readSattr3,
  writeDirOpArgs,
  writeSattr3,
} from './types.ts';

/** createmode3. */
const UNCHECKED = 0;
const GUARDED = 1;
const EXCLUSIVE = 2;

export interface CreateArgs extends DirOpArgs {
  readonly how: 'unchecked' | 'guarded' | 'exclusive';
  readonly set: SetAttributes;
  /** With `exclusive`: 8 bytes as a byte string; otherwise empty. */
  readonly verifier: string;
}

export const create: Procedure<CreateArgs, MadeRes, MadeAnswer> = {
  name: 'CREATE',
  number: 8,
  changes: true,

  decode(from) {
    const where = readDirOpArgs(from);
    const mode = from.u32();
    if (mode === EXCLUSIVE) {
      const verifier = from.fixed(NFS3_CREATEVERFSIZE).toString('latin1');
      return { ...where, how: 'exclusive', set: SET_NOTHING, verifier };
    }
    if (mode !== UNCHECKED && mode !== GUARDED) throw new DecodeError(`createmode3: ${mode}`);
    const how = mode === UNCHECKED ? 'unchecked' : 'guarded';
    return { ...where, how, set: readSattr3(from), verifier: '' };
  },

  awaits(scene, { how, set, ...where }) {
    return how === 'unchecked' ? awaitSize(scene, childRef(scene, where), set.size) : undefined;
  },

  handle(call, { how, set, verifier, ...where }) {
    const there = call.scene.opens.isIdle ? undefined : childRef(call.scene, where);
    const isCut = how === 'unchecked' && there !== undefined;
    if (isCut && !mayResize(call.scene, there, set.size)) return refuse(call, where, NFS3ERR_ACCES);
    return make(call, where, { kind: 'file', how, set, verifier });
  },

  encode: writeMade,

  encodeArgs(to, args) {
    writeDirOpArgs(to, args);
    if (args.how === 'exclusive') {
      to.u32(EXCLUSIVE);
      to.fixed(Buffer.from(args.verifier, 'latin1'));
      return;
    }
    to.u32(args.how === 'unchecked' ? UNCHECKED : GUARDED);
    writeSattr3(to, args.set);
  },

  decodeRes: readMade,
};
