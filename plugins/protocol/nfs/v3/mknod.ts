/** MKNOD: devices, sockets and fifos (RFC 1813 §3.3.11). Devices are for root, as on a local file system. */
import type { Device, FileKind } from '#core/vfs/inode.ts';
import { SET_NOTHING, type SetAttributes } from '#core/vfs/set-attributes.ts';
import { NO_DEVICE } from '#core/volume/operations/types.ts';
import type { Call } from '../call.ts';
import type { Procedure } from '../rpc/procedure.ts';
import { NF3, readFtype3 } from './attributes.ts';
import { type MadeAnswer, type MadeRes, make, readMade, writeMade } from './made.ts';
import { NFS3ERR_BADTYPE, NFS3ERR_PERM } from './status.ts';
import { type DirOpArgs, readDirOpArgs, readSattr3, writeDirOpArgs, writeSattr3 } from './types.ts';

export interface MknodArgs extends DirOpArgs {
  readonly kind: FileKind;
  readonly set: SetAttributes;
  readonly device: Device;
}

export const mknod: Procedure<MknodArgs, MadeRes, MadeAnswer> = {
  name: 'MKNOD',
  number: 11,
  changes: true,

  decode(from) {
    const where = readDirOpArgs(from);
    const kind = readFtype3(from);
    if (!isSpecial(kind)) return { ...where, kind, set: SET_NOTHING, device: NO_DEVICE };
    const set = readSattr3(from);
    const device = isDevice(kind) ? { major: from.u32(), minor: from.u32() } : NO_DEVICE;
    return { ...where, kind, set, device };
  },

  handle(call, { kind, set, device, ...where }) {
    if (!isSpecial(kind)) return refused(NFS3ERR_BADTYPE);
    if (isDevice(kind) && !isRoot(call, where.dir)) return refused(NFS3ERR_PERM);
    return make(call, where, { kind, set, device });
  },

  encode: writeMade,

  encodeArgs(to, args) {
    writeDirOpArgs(to, args);
    to.u32(NF3[args.kind]);
    if (!isSpecial(args.kind)) return;
    writeSattr3(to, args.set);
    if (!isDevice(args.kind)) return;
    to.u32(args.device.major);
    to.u32(args.device.minor);
  },

  decodeRes: readMade,
};

function isSpecial(kind: FileKind): boolean {
  return isDevice(kind) || kind === 'socket' || kind === 'fifo';
}

function isDevice(kind: FileKind): boolean {
  return kind === 'block' || kind === 'character';
}

/** A handle that leads nowhere is refused for that, by `make`. */
function isRoot(call: Call, dir: Buffer): boolean {
  const located = call.locate(dir);
  return !located.ok || located.value.caller.uid === 0;
}

function refused(status: number): MadeRes {
  return { status, dir: { status } };
}
