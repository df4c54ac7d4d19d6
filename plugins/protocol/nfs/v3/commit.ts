/**
 * COMMIT: what was written UNSTABLE is durable on every in-sync box when this is answered (RFC 1813 §3.3.21).
 *
 * Liberty taken: the whole file is made durable, whatever extent was named.
 */
import { BackendError } from '#core/volume/backend.ts';
import type { Call, Located } from '../call.ts';
import type { Procedure } from '../rpc/procedure.ts';
import type { WccData } from './attributes.ts';
import { readWccData } from './attributes.ts';
import { NFS3_OK, NFS3ERR_INVAL, nfsstat3 } from './status.ts';
import { NFS3_WRITEVERFSIZE, readHandle } from './types.ts';
import { unchanged, type WccRes, wccOk, writeWccRes } from './wcc.ts';

export interface CommitArgs {
  readonly file: Buffer;
  readonly offset: number;
  readonly count: number;
}

interface CommitRes {
  readonly wcc: WccRes;
  readonly verifier: Buffer | undefined;
}

export interface CommitAnswer {
  readonly status: number;
  readonly wcc: WccData;
  readonly verifier: Buffer;
}

export const commit: Procedure<CommitArgs, CommitRes, CommitAnswer> = {
  name: 'COMMIT',
  number: 21,
  changes: false,

  decode: (from) => ({ file: readHandle(from), offset: from.u64Clamped(), count: from.u32() }),

  handle(call, { file }) {
    const located = call.locate(file);
    if (!located.ok) return { wcc: { status: nfsstat3[located.error] }, verifier: undefined };
    const { fsid, inode } = located.value;
    if (inode.kind === 'file') return sync(call, located.value);
    return { wcc: { status: NFS3ERR_INVAL, fsid, changed: unchanged(inode) }, verifier: undefined };
  },

  encode(to, res) {
    writeWccRes(to, res.wcc);
    if (res.verifier !== undefined) to.fixed(res.verifier);
  },

  encodeArgs(to, { file, offset, count }) {
    to.opaque(file);
    to.u64(offset);
    to.u32(count);
  },

  decodeRes(from) {
    const status = from.u32();
    const wcc = readWccData(from);
    const isOk = status === NFS3_OK;
    const verifier = isOk ? Buffer.from(from.fixed(NFS3_WRITEVERFSIZE)) : Buffer.alloc(0);
    return { status, wcc, verifier };
  },
};

/** The verifier is that of the moment after: had anything been lost meanwhile, it would be another one. */
async function sync(call: Call, { volume, inode, fsid }: Located): Promise<CommitRes> {
  try {
    await call.scene.group.sync(volume.record.id, inode.id);
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    const status = nfsstat3[error.reason];
    return { wcc: { status, fsid, changed: unchanged(inode) }, verifier: undefined };
  }
  const after = volume.tree.inode(inode.id) ?? inode;
  call.see(after);
  return { wcc: wccOk(fsid, unchanged(after)), verifier: volume.writeVerifier };
}
