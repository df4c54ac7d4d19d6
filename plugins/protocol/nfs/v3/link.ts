/** LINK: another name for a file (RFC 1813 §3.3.15). */
import { link as linkOperation } from '#core/volume/operations.ts';
import type { Procedure } from '../rpc/procedure.ts';
import { type Fattr3, readPostOpAttr, readWccData, type WccData } from './attributes.ts';
import { type Told, told, writeStatusAndAttributes } from './post-op.ts';
import { NFS3_OK, NFS3ERR_XDEV, nfsstat3 } from './status.ts';
import { type DirOpArgs, readDirOpArgs, readHandle, writeDirOpArgs } from './types.ts';
import { unchanged, type WccRes, wccOk, writeWcc } from './wcc.ts';

export interface LinkArgs {
  readonly file: Buffer;
  readonly link: DirOpArgs;
}

interface LinkRes {
  readonly status: number;
  readonly told: Told | undefined;
  readonly dir: WccRes;
}

export interface LinkAnswer {
  readonly status: number;
  readonly attributes: Fattr3 | undefined;
  readonly dir: WccData;
}

export const link: Procedure<LinkArgs, LinkRes, LinkAnswer> = {
  name: 'LINK',
  number: 15,
  changes: true,

  decode: (from) => ({ file: readHandle(from), link: readDirOpArgs(from) }),

  handle(call, args) {
    const file = call.locateForChange(args.file);
    if (!file.ok) return refused(nfsstat3[file.error], undefined, undefined);
    const directory = call.locateForChange(args.link.dir);
    const attributes = told(file.value);
    if (!directory.ok) return refused(nfsstat3[directory.error], attributes, undefined);
    const { fsid, inode } = directory.value;
    const asItIs = { status: 0, fsid, changed: unchanged(inode) };
    if (file.value.export !== directory.value.export) {
      return refused(NFS3ERR_XDEV, attributes, asItIs);
    }
    const outcome = call.change(linkOperation, directory.value, {
      file: file.value.inode.id,
      directory: inode.id,
      name: args.link.name,
    });
    if (!outcome.ok) return refused(nfsstat3[outcome.error], attributes, asItIs);
    const after = { fsid, inode: outcome.value.file.after };
    return { status: NFS3_OK, told: after, dir: wccOk(fsid, outcome.value.directory) };
  },

  encode(to, res) {
    writeStatusAndAttributes(to, res);
    writeWcc(to, res.dir);
  },

  encodeArgs(to, args) {
    to.opaque(args.file);
    writeDirOpArgs(to, args.link);
  },

  decodeRes(from) {
    return { status: from.u32(), attributes: readPostOpAttr(from), dir: readWccData(from) };
  },
};

function refused(status: number, attributes: Told | undefined, dir: WccRes | undefined): LinkRes {
  return { status, told: attributes, dir: dir ?? { status } };
}
