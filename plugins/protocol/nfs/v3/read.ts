/** READ: bytes of a file, read by the backend into their place in the reply (RFC 1813 §3.3.6). */
import { assert } from '#core/assert.ts';
import { IO_SIZE_MAX } from '#core/limits.ts';
import { mayReadContent } from '#core/vfs/access.ts';
import { BackendError } from '#core/volume/backend.ts';
import type { Call, Located } from '../call.ts';
import { RESULTS_OFFSET } from '../rpc/message.ts';
import type { Procedure } from '../rpc/procedure.ts';
import { POST_OP_ATTR_SIZE } from './attributes.ts';
import { awaitRead, mayRead, refOf } from './others-opens.ts';
import {
  type AttributesAnswer,
  readStatusAndAttributes,
  type Told,
  told,
  writeStatusAndAttributes,
} from './post-op.ts';
import { NFS3_OK, NFS3ERR_INVAL, nfsstat3 } from './status.ts';
import { readHandle } from './types.ts';

/** Bytes from a reply's record mark to a READ's data: status, attributes, count, eof and the data's length come first. */
const DATA_OFFSET = RESULTS_OFFSET + 4 + POST_OP_ATTR_SIZE + 12;
/** Bytes of READ3resok beside the data and its padding. */
const HEADER_SIZE = DATA_OFFSET - RESULTS_OFFSET;

export interface ReadArgs {
  readonly file: Buffer;
  readonly offset: number;
  readonly count: number;
}

type ReadRes =
  | { readonly status: 0; readonly told: Told; readonly data: Buffer; readonly eof: boolean }
  | { readonly status: number; readonly told?: Told; readonly data?: never };

export interface ReadAnswer extends AttributesAnswer {
  /** A copy, for the reply's buffer is used anew. */
  readonly data: Buffer;
  readonly eof: boolean;
}

export const read: Procedure<ReadArgs, ReadRes, ReadAnswer> = {
  name: 'READ',
  number: 6,
  changes: false,

  resultsSizeMax: ({ count }) => HEADER_SIZE + Math.min(count, IO_SIZE_MAX) + 4,

  decode: (from) => ({ file: readHandle(from), offset: from.u64Clamped(), count: from.u32() }),

  awaits: (scene, { file }) => awaitRead(scene, refOf(scene, file)),

  handle(call, { file, offset, count }) {
    const located = call.locate(file);
    if (!located.ok) return { status: nfsstat3[located.error] };
    const { inode, caller } = located.value;
    const attributes = told(located.value);
    if (inode.kind !== 'file') return { status: NFS3ERR_INVAL, told: attributes };
    if (!mayReadContent(inode, caller)) return { status: nfsstat3.access, told: attributes };
    const size = Math.max(0, Math.min(count, IO_SIZE_MAX, inode.size - offset));
    const ref = { volume: located.value.volume.record.id, file: inode.id };
    if (!mayRead(call.scene, ref, { offset, size })) {
      return { status: nfsstat3.access, told: attributes };
    }
    return readInto(call, located.value, offset, size);
  },

  encode(to, res) {
    writeStatusAndAttributes(to, res);
    if (res.data === undefined) return;
    const size = res.data.length;
    to.u32(size);
    to.bool(res.eof);
    to.u32(size);
    const place = to.hole(size);
    assert(place.byteOffset === res.data.byteOffset, 'READ: the data is not in its place');
    to.pad(size);
  },

  encodeArgs(to, { file, offset, count }) {
    to.opaque(file);
    to.u64(offset);
    to.u32(count);
  },

  decodeRes(from) {
    const answer = readStatusAndAttributes(from);
    if (answer.status !== NFS3_OK) return { ...answer, data: Buffer.alloc(0), eof: false };
    from.u32();
    const eof = from.bool();
    return { ...answer, eof, data: Buffer.from(from.opaque(IO_SIZE_MAX, 'data')) };
  },
};

function readInto(
  call: Call,
  located: Located,
  offset: number,
  size: number,
): ReadRes | Promise<ReadRes> {
  const { space } = call;
  assert(space !== undefined, 'READ: no place for the reply');
  const start = space.start + DATA_OFFSET;
  const target = space.slab.bytes.subarray(start, start + size);
  const answer = (got: number): ReadRes => {
    call.scene.counters.read.add(got);
    const eof = offset + got >= located.inode.size;
    return { status: NFS3_OK, told: told(located), data: target.subarray(0, got), eof };
  };
  if (size === 0) return answer(0);
  try {
    const got = located.volume.read(located.inode.id, offset, target);
    if (typeof got === 'number') return answer(got);
    return got.then(answer, (error: unknown) => failed(located, error));
  } catch (error) {
    return failed(located, error);
  }
}

function failed(located: Located, error: unknown): ReadRes {
  if (!(error instanceof BackendError)) throw error;
  return { status: nfsstat3.io, told: told(located) };
}
