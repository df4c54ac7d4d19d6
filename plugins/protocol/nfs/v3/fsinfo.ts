/** FSINFO: what sizes and properties clients may count on; the same on every box (RFC 1813 §3.3.19). */
import { IO_SIZE_MAX } from '#core/limits.ts';
import type { Procedure } from '../rpc/procedure.ts';
import { LISTING_SIZE_MAX } from './listing.ts';
import {
  type AttributesAnswer,
  readStatusAndAttributes,
  type Told,
  told,
  writeStatusAndAttributes,
} from './post-op.ts';
import { NFS3_OK, nfsstat3 } from './status.ts';
import { type FileArgs, readFileArgs, writeFileArgs } from './types.ts';

const FSF3_LINK = 0x01;
const FSF3_SYMLINK = 0x02;
const FSF3_HOMOGENEOUS = 0x08;
const FSF3_CANSETTIME = 0x10;
/** A multiple that suits every backend: the page of memory and of most media. */
const IO_MULTIPLE = 4096;

type FsinfoRes =
  | { readonly status: 0; readonly told: Told; readonly fileSizeMax: number }
  | { readonly status: number; readonly told?: never; readonly fileSizeMax?: never };

export interface FsinfoAnswer extends AttributesAnswer {
  readonly rtmax: number;
  readonly wtmax: number;
  readonly dtpref: number;
  readonly maxfilesize: number;
  readonly properties: number;
}

export const fsinfo: Procedure<FileArgs, FsinfoRes, FsinfoAnswer> = {
  name: 'FSINFO',
  number: 19,
  changes: false,

  decode: readFileArgs,

  handle(call, { file }) {
    const located = call.locate(file);
    if (!located.ok) return { status: nfsstat3[located.error] };
    const { fileSizeMax } = located.value.volume.limits;
    return { status: NFS3_OK, told: told(located.value), fileSizeMax };
  },

  encode(to, res) {
    writeStatusAndAttributes(to, res);
    if (res.fileSizeMax === undefined) return;
    // Thrice for READ and for WRITE: maximum, preference, multiple.
    for (let kind = 0; kind < 2; kind += 1) {
      to.u32(IO_SIZE_MAX);
      to.u32(IO_SIZE_MAX);
      to.u32(IO_MULTIPLE);
    }
    to.u32(LISTING_SIZE_MAX);
    to.u64(res.fileSizeMax);
    // time_delta: one nanosecond, for times live in the catalog and not in the backend.
    to.u32(0);
    to.u32(1);
    to.u32(FSF3_LINK | FSF3_SYMLINK | FSF3_HOMOGENEOUS | FSF3_CANSETTIME);
  },

  encodeArgs: writeFileArgs,

  decodeRes(from) {
    const answer = readStatusAndAttributes(from);
    const none = { rtmax: 0, wtmax: 0, dtpref: 0, maxfilesize: 0, properties: 0 };
    if (answer.status !== NFS3_OK) return { ...answer, ...none };
    const rtmax = from.u32();
    from.skip(8);
    const wtmax = from.u32();
    from.skip(8);
    const dtpref = from.u32();
    const maxfilesize = from.u64();
    from.skip(8);
    return { ...answer, rtmax, wtmax, dtpref, maxfilesize, properties: from.u32() };
  },
};
