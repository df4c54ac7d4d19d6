/** SETATTR: changes attributes, guarded by ctime where asked (RFC 1813 §3.3.2). */
import type { Time } from '#core/ports/clock.ts';
import type { SetAttributes } from '#core/vfs/set-attributes.ts';
import { setAttributes } from '#core/volume/operations.ts';
import type { Procedure } from '../rpc/procedure.ts';
import { readTime3, writeTime3 } from './attributes.ts';
import { awaitSize, mayResize, refOf } from './others-opens.ts';
import { nfsstat3 } from './status.ts';
import { readHandle, readSattr3, writeSattr3 } from './types.ts';
import {
  readWccAnswer,
  unchanged,
  type WccAnswer,
  type WccRes,
  wccOk,
  writeWccRes,
} from './wcc.ts';

export interface SetattrArgs {
  readonly file: Buffer;
  readonly set: SetAttributes;
  readonly guard: Time | undefined;
}

export const setattr: Procedure<SetattrArgs, WccRes, WccAnswer> = {
  name: 'SETATTR',
  number: 2,
  changes: true,

  decode(from) {
    const file = readHandle(from);
    const set = readSattr3(from);
    return { file, set, guard: from.bool() ? readTime3(from) : undefined };
  },

  awaits: (scene, { file, set }) => awaitSize(scene, refOf(scene, file), set.size),

  handle(call, { file, set, guard }) {
    const located = call.locateForChange(file);
    if (!located.ok) return { status: nfsstat3[located.error] };
    const { fsid, inode, volume } = located.value;
    if (!mayResize(call.scene, { volume: volume.record.id, file: inode.id }, set.size)) {
      return { status: nfsstat3.access, fsid, changed: unchanged(inode) };
    }
    const outcome = call.change(setAttributes, located.value, { file: inode.id, set, guard });
    if (!outcome.ok) return { status: nfsstat3[outcome.error], fsid, changed: unchanged(inode) };
    return wccOk(fsid, outcome.value.file);
  },

  encode: writeWccRes,

  encodeArgs(to, { file, set, guard }) {
    to.opaque(file);
    writeSattr3(to, set);
    to.bool(guard !== undefined);
    if (guard !== undefined) writeTime3(to, guard);
  },

  decodeRes: readWccAnswer,
};
