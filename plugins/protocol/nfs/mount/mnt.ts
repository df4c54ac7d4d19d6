/** MNT: the handle of an export, or of a folder below it (RFC 1813 §5.2.1). */

import { err, ok, type Result } from '#core/result.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import type { CommonHandle } from '#core/vfs/handle.ts';
import type { FileId, Inode } from '#core/vfs/inode.ts';
import type { FsError } from '#core/vfs/status.ts';
import type { Call, Located } from '../call.ts';
import type { Export } from '../exports.ts';
import { fsidOf } from '../fsid.ts';
import { AUTH_NONE, AUTH_SYS } from '../rpc/auth.ts';
import type { Procedure } from '../rpc/procedure.ts';
import { childOf } from '../v3/child.ts';
import { NFS3_FHSIZE } from '../v3/types.ts';
import {
  MNT3_OK,
  MNT3ERR_ACCES,
  MNT3ERR_NOENT,
  MNT3ERR_NOTDIR,
  MNT3ERR_SERVERFAULT,
  mountstat3,
  readPath,
} from './types.ts';

export interface PathArgs {
  /** Byte string. */
  readonly path: string;
}

type MntRes =
  | { readonly status: 0; readonly handle: CommonHandle }
  | { readonly status: number; readonly handle?: never };

export interface MntAnswer {
  readonly status: number;
  readonly handle?: Buffer;
  readonly flavors?: readonly number[];
}

/** auth_flavors that NFS accepts here, the preferred one first. */
const FLAVORS = [AUTH_SYS, AUTH_NONE] as const;
const FLAVORS_MAX = 16;

export const mnt: Procedure<PathArgs, MntRes, MntAnswer> = {
  name: 'MNT',
  number: 1,
  changes: false,

  decode: (from) => ({ path: readPath(from) }),

  handle(call, { path }) {
    const names = path.split('/').filter((name) => name !== '');
    const found = exportOf(call, names);
    if (found === undefined) return { status: MNT3ERR_NOENT };
    if (!call.peer.admissions.admits(found.entry)) return { status: MNT3ERR_ACCES };
    const located = locateRoot(call, found.entry);
    if (located === undefined) return { status: MNT3ERR_NOENT };
    const folder = walk(call, located, found.below);
    if (!folder.ok) return { status: mountstat3[folder.error] ?? MNT3ERR_SERVERFAULT };
    if (folder.value.kind !== 'directory') return { status: MNT3ERR_NOTDIR };
    call.scene.mounts.add({ host: call.peer.address, path: `/${names.join('/')}` });
    return { status: MNT3_OK, handle: call.handleOf(located, folder.value) };
  },

  encode(to, res) {
    to.u32(res.status);
    if (res.handle === undefined) return;
    to.opaque(res.handle);
    to.u32(FLAVORS.length);
    for (const flavor of FLAVORS) to.u32(flavor);
  },

  encodeArgs: (to, { path }) => to.byteString(path),

  decodeRes(from) {
    const status = from.u32();
    if (status !== MNT3_OK) return { status };
    const handle = Buffer.from(from.opaque(NFS3_FHSIZE, 'file handle'));
    const count = Math.min(from.u32(), FLAVORS_MAX);
    return { status, handle, flavors: Array.from({ length: count }, () => from.u32()) };
  },
};

/** The export whose path is the longest beginning of this one, and what comes after it. */
function exportOf(
  call: Call,
  names: readonly string[],
): { readonly entry: Export; readonly below: readonly string[] } | undefined {
  let best: { entry: Export; below: readonly string[] } | undefined;
  for (const entry of call.scene.exports.all()) {
    const own = bytesOf(entry.record.path)
      .split('/')
      .filter((name) => name !== '');
    if (!own.every((name, index) => names[index] === name)) continue;
    const below = names.slice(own.length);
    if (best === undefined || below.length < best.below.length) best = { entry, below };
  }
  return best;
}

/** Paths of exports are text, those of clients byte strings. */
function bytesOf(path: string): string {
  return Buffer.from(path, 'utf8').toString('latin1');
}

function locateRoot(call: Call, entry: Export): Located | undefined {
  const volume = call.scene.group.volume(entry.record.volume);
  const inode = volume?.tree.inode(entry.record.root as FileId);
  if (volume === undefined || inode === undefined) return undefined;
  call.see(inode);
  const caller = entry.callerOf(call.credential);
  return { volume, export: entry, inode, fsid: fsidOf(volume), caller };
}

/** As root: what may be seen below the folder is decided when files are asked for. */
function walk(call: Call, root: Located, names: readonly string[]): Result<Inode, FsError> {
  let inode = root.inode;
  for (const name of names) {
    if (name === '..') return err('not-found');
    const child = childOf(root, inode, name, ROOT_CALLER);
    if (!child.ok) return child;
    inode = child.value;
    call.see(inode);
  }
  return ok(inode);
}
