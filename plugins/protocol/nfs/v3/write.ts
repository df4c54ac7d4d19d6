/** WRITE: bytes into a file, taken from where the call was received (RFC 1813 §3.3.7). */
import { IO_SIZE_MAX } from '#core/limits.ts';
import { write as writeOperation } from '#core/volume/operations.ts';
import { DecodeError } from '#core/wire/reader.ts';
import type { Procedure } from '../rpc/procedure.ts';
import { readWccData, type WccData } from './attributes.ts';
import { awaitWrite, mayWrite, refOf } from './others-opens.ts';
import { NFS3_OK, NFS3ERR_ACCES, nfsstat3 } from './status.ts';
import { NFS3_WRITEVERFSIZE, readHandle } from './types.ts';
import { unchanged, type WccRes, wccOk, writeWccRes } from './wcc.ts';

/** stable_how. */
export const UNSTABLE = 0;
export const DATA_SYNC = 1;
export const FILE_SYNC = 2;

export interface WriteArgs {
  readonly file: Buffer;
  readonly offset: number;
  readonly stable: number;
  readonly data: Buffer;
}

type WriteRes =
  | {
      readonly status: 0;
      readonly wcc: WccRes;
      readonly count: number;
      readonly committed: number;
      readonly verifier: Buffer;
    }
  | { readonly status: number; readonly wcc: WccRes; readonly verifier?: never };

export interface WriteAnswer {
  readonly status: number;
  readonly wcc: WccData;
  readonly count: number;
  readonly committed: number;
  readonly verifier: Buffer;
}

const NO_VERIFIER = Buffer.alloc(0);

export const write: Procedure<WriteArgs, WriteRes, WriteAnswer> = {
  name: 'WRITE',
  number: 7,
  changes: true,

  decode(from) {
    const file = readHandle(from);
    const offset = from.u64Clamped();
    const count = from.u32();
    const stable = from.u32();
    if (stable > FILE_SYNC) throw new DecodeError(`stable_how: ${stable}`);
    const data = from.opaque(IO_SIZE_MAX, 'data');
    if (data.length !== count) throw new DecodeError(`count: ${count}, with ${data.length} bytes`);
    return { file, offset, stable, data };
  },

  awaits: (scene, { file, offset, data }) =>
    awaitWrite(scene, refOf(scene, file), { offset, size: data.length }),

  handle(call, { file, offset, stable, data }) {
    const located = call.locateForChange(file);
    if (!located.ok) return refused(nfsstat3[located.error]);
    const { fsid, inode, volume } = located.value;
    const args = { file: inode.id, offset, size: data.length };
    if (!mayWrite(call.scene, { volume: volume.record.id, file: inode.id }, args)) {
      return {
        status: NFS3ERR_ACCES,
        wcc: { status: NFS3ERR_ACCES, fsid, changed: unchanged(inode) },
      };
    }
    const isStable = stable !== UNSTABLE;
    const outcome = call.change(
      writeOperation,
      located.value,
      args,
      data.length === 0 ? { stable: isStable } : { data, stable: isStable },
    );
    if (!outcome.ok) {
      const status = nfsstat3[outcome.error];
      return { status, wcc: { status, fsid, changed: unchanged(inode) } };
    }
    const { file: changed, size } = outcome.value;
    call.scene.counters.written.add(size);
    return {
      status: NFS3_OK,
      wcc: wccOk(fsid, changed),
      count: size,
      committed: isStable ? FILE_SYNC : UNSTABLE,
      verifier: volume.writeVerifier,
    };
  },

  encode(to, res) {
    writeWccRes(to, res.wcc);
    if (res.verifier === undefined) return;
    to.u32(res.count);
    to.u32(res.committed);
    to.fixed(res.verifier);
  },

  encodeArgs(to, { file, offset, stable, data }) {
    to.opaque(file);
    to.u64(offset);
    to.u32(data.length);
    to.u32(stable);
    to.opaque(data);
  },

  decodeRes(from) {
    const status = from.u32();
    const wcc = readWccData(from);
    if (status !== NFS3_OK) {
      return { status, wcc, count: 0, committed: UNSTABLE, verifier: NO_VERIFIER };
    }
    const count = from.u32();
    const committed = from.u32();
    return { status, wcc, count, committed, verifier: Buffer.from(from.fixed(NFS3_WRITEVERFSIZE)) };
  },
};

function refused(status: number): WriteRes {
  return { status, wcc: { status } };
}
