/** FSSTAT: space of the volume (RFC 1813 §3.3.18). */
import type { Space } from '#core/volume/backend.ts';
import type { Procedure } from '../rpc/procedure.ts';
import {
  type AttributesAnswer,
  readStatusAndAttributes,
  type Told,
  told,
  writeStatusAndAttributes,
} from './post-op.ts';
import { NFS3_OK, nfsstat3 } from './status.ts';
import { type FileArgs, readFileArgs, writeFileArgs } from './types.ts';

type FsstatRes =
  | { readonly status: 0; readonly told: Told; readonly space: Space }
  | { readonly status: number; readonly told?: never; readonly space?: never };

export interface FsstatAnswer extends AttributesAnswer {
  readonly space: Space;
}

const NO_SPACE: Space = { sizeTotal: 0, sizeFree: 0, filesTotal: 0, filesFree: 0 };

export const fsstat: Procedure<FileArgs, FsstatRes, FsstatAnswer> = {
  name: 'FSSTAT',
  number: 18,
  changes: false,

  decode: readFileArgs,

  handle(call, { file }) {
    const located = call.locate(file);
    if (!located.ok) return { status: nfsstat3[located.error] };
    return { status: NFS3_OK, told: told(located.value), space: located.value.volume.space() };
  },

  encode(to, res) {
    writeStatusAndAttributes(to, res);
    if (res.space === undefined) return;
    const { sizeTotal, sizeFree, filesTotal, filesFree } = res.space;
    to.u64(sizeTotal);
    to.u64(sizeFree);
    to.u64(sizeFree);
    to.u64(filesTotal);
    to.u64(filesFree);
    to.u64(filesFree);
    // invarsec: may change at once.
    to.u32(0);
  },

  encodeArgs: writeFileArgs,

  decodeRes(from) {
    const answer = readStatusAndAttributes(from);
    if (answer.status !== NFS3_OK) return { ...answer, space: NO_SPACE };
    const sizeTotal = from.u64();
    const sizeFree = from.u64();
    from.u64();
    const filesTotal = from.u64();
    const filesFree = from.u64();
    from.u64();
    from.u32();
    return { ...answer, space: { sizeTotal, sizeFree, filesTotal, filesFree } };
  },
};
