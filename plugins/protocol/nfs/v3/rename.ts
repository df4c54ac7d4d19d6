/** RENAME: moves a name within an export (RFC 1813 §3.3.14). */
import { rename as renameOperation } from '#core/volume/operations.ts';
import type { Located } from '../call.ts';
import type { Procedure } from '../rpc/procedure.ts';
import { readWccData, type WccData } from './attributes.ts';
import { awaitRename, awaitUnlink, childRef, mayUnlink } from './others-opens.ts';
import { NFS3_OK, NFS3ERR_ACCES, NFS3ERR_XDEV, nfsstat3 } from './status.ts';
import { type DirOpArgs, readDirOpArgs, writeDirOpArgs } from './types.ts';
import { unchanged, type WccRes, wccOk, writeWcc } from './wcc.ts';

export interface RenameArgs {
  readonly from: DirOpArgs;
  readonly to: DirOpArgs;
}

interface RenameRes {
  readonly status: number;
  readonly from: WccRes;
  readonly to: WccRes;
}

export interface RenameAnswer {
  readonly status: number;
  readonly from: WccData;
  readonly to: WccData;
}

export const rename: Procedure<RenameArgs, RenameRes, RenameAnswer> = {
  name: 'RENAME',
  number: 14,
  changes: true,

  decode: (from) => ({ from: readDirOpArgs(from), to: readDirOpArgs(from) }),

  awaits: (scene, { from, to }) =>
    awaitRename(scene, childRef(scene, from)) ?? awaitUnlink(scene, childRef(scene, to)),

  handle(call, args) {
    const source = call.locateForChange(args.from.dir);
    const target = call.locateForChange(args.to.dir);
    if (!source.ok) return refused(nfsstat3[source.error], undefined, undefined);
    if (!target.ok) return refused(nfsstat3[target.error], source.value, undefined);
    if (source.value.export !== target.value.export) {
      return refused(NFS3ERR_XDEV, source.value, target.value);
    }
    if (!mayUnlink(call.scene, args.from) || !mayUnlink(call.scene, args.to)) {
      return refused(NFS3ERR_ACCES, source.value, target.value);
    }
    const outcome = call.change(renameOperation, source.value, {
      source: { directory: source.value.inode.id, name: args.from.name },
      target: { directory: target.value.inode.id, name: args.to.name },
    });
    if (!outcome.ok) return refused(nfsstat3[outcome.error], source.value, target.value);
    const { fsid } = source.value;
    const from = wccOk(fsid, outcome.value.source);
    return { status: NFS3_OK, from, to: wccOk(fsid, outcome.value.target) };
  },

  encode(to, res) {
    to.u32(res.status);
    writeWcc(to, res.from);
    writeWcc(to, res.to);
  },

  encodeArgs(to, args) {
    writeDirOpArgs(to, args.from);
    writeDirOpArgs(to, args.to);
  },

  decodeRes: (from) => ({ status: from.u32(), from: readWccData(from), to: readWccData(from) }),
};

function refused(
  status: number,
  source: Located | undefined,
  target: Located | undefined,
): RenameRes {
  return { status, from: asItIs(status, source), to: asItIs(status, target) };
}

function asItIs(status: number, located: Located | undefined): WccRes {
  if (located === undefined) return { status };
  return { status, fsid: located.fsid, changed: unchanged(located.inode) };
}
