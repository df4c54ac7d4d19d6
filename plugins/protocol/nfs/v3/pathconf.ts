/** PATHCONF: limits of names and links; the same for every file of a volume (RFC 1813 §3.3.20). */
import type { VolumeLimits } from '#core/volume/backend.ts';
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

type PathconfRes =
  | { readonly status: 0; readonly told: Told; readonly limits: VolumeLimits }
  | { readonly status: number; readonly told?: never; readonly limits?: never };

export interface PathconfAnswer extends AttributesAnswer {
  readonly linkmax: number;
  readonly nameMax: number;
  readonly noTrunc: boolean;
  readonly chownRestricted: boolean;
  readonly caseInsensitive: boolean;
  readonly casePreserving: boolean;
}

export const pathconf: Procedure<FileArgs, PathconfRes, PathconfAnswer> = {
  name: 'PATHCONF',
  number: 20,
  changes: false,

  decode: readFileArgs,

  handle(call, { file }) {
    const located = call.locate(file);
    if (!located.ok) return { status: nfsstat3[located.error] };
    return { status: NFS3_OK, told: told(located.value), limits: located.value.volume.limits };
  },

  encode(to, res) {
    writeStatusAndAttributes(to, res);
    if (res.limits === undefined) return;
    to.u32(res.limits.linksMax);
    to.u32(res.limits.nameSizeMax);
    to.bool(true);
    to.bool(true);
    to.bool(false);
    to.bool(true);
  },

  encodeArgs: writeFileArgs,

  decodeRes(from) {
    const answer = readStatusAndAttributes(from);
    const isOk = answer.status === NFS3_OK;
    return {
      ...answer,
      linkmax: isOk ? from.u32() : 0,
      nameMax: isOk ? from.u32() : 0,
      noTrunc: isOk && from.bool(),
      chownRestricted: isOk && from.bool(),
      caseInsensitive: isOk && from.bool(),
      casePreserving: isOk && from.bool(),
    };
  },
};
