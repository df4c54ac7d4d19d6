/** REMOVE: a name of anything but a directory (RFC 1813 §3.3.12). */
import { remove as removeOperation } from '#core/volume/operations.ts';
import type { Procedure } from '../rpc/procedure.ts';
import { awaitUnlink, childRef, mayUnlink } from './others-opens.ts';
import { nfsstat3 } from './status.ts';
import { type DirOpArgs, readDirOpArgs, writeDirOpArgs } from './types.ts';
import {
  readWccAnswer,
  unchanged,
  type WccAnswer,
  type WccRes,
  wccOk,
  writeWccRes,
} from './wcc.ts';

export const remove: Procedure<DirOpArgs, WccRes, WccAnswer> = {
  name: 'REMOVE',
  number: 12,
  changes: true,

  decode: readDirOpArgs,

  awaits: (scene, args) => awaitUnlink(scene, childRef(scene, args)),

  handle(call, { dir, name }) {
    const located = call.locateForChange(dir);
    if (!located.ok) return { status: nfsstat3[located.error] };
    const { fsid, inode } = located.value;
    if (!mayUnlink(call.scene, { dir, name })) {
      return { status: nfsstat3.access, fsid, changed: unchanged(inode) };
    }
    const outcome = call.change(removeOperation, located.value, { directory: inode.id, name });
    if (!outcome.ok) return { status: nfsstat3[outcome.error], fsid, changed: unchanged(inode) };
    return wccOk(fsid, outcome.value.directory);
  },

  encode: writeWccRes,
  encodeArgs: writeDirOpArgs,
  decodeRes: readWccAnswer,
};
