/** RMDIR: an empty directory (RFC 1813 §3.3.13). */
import { removeDirectory } from '#core/volume/operations.ts';
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

export const rmdir: Procedure<DirOpArgs, WccRes, WccAnswer> = {
  name: 'RMDIR',
  number: 13,
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
    const outcome = call.change(removeDirectory, located.value, { directory: inode.id, name });
    if (!outcome.ok) return { status: nfsstat3[outcome.error], fsid, changed: unchanged(inode) };
    return wccOk(fsid, outcome.value.directory);
  },

  encode: writeWccRes,
  encodeArgs: writeDirOpArgs,
  decodeRes: readWccAnswer,
};
