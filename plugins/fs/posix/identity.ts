/**
 * Which object on the disk a link means, as the places table keeps it: so that a path at which something else has come
 * to stand is noticed, and a file is found by its kernel handle wherever it is.
 *
 *     (empty)                                    not known: the path is believed
 *     0                                          no object: this machine could not make one (device nodes)
 *     1 epoch:u32 inode:u64                      the object's inode number
 *     1 epoch:u32 inode:u64 type:u8 handle       and its kernel handle
 *
 * `epoch` counts the times that the volume was found on another file system (copied to a new disk): numbers of
 * earlier epochs mean nothing any more.
 */
import type { KernelHandle } from '#core/ports/syscalls.ts';

export type Identity = Buffer;

export const UNKNOWN: Identity = Buffer.alloc(0);
export const ABSENT: Identity = Buffer.from([0]);

const EPOCH = 1;
const INODE = 5;
const TYPE = 13;
const HANDLE = 14;

export function identityOf(
  epoch: number,
  inode: number,
  handle: KernelHandle | undefined,
): Identity {
  const identity = Buffer.allocUnsafe(handle === undefined ? TYPE : HANDLE + handle.bytes.length);
  identity[0] = 1;
  identity.writeUInt32BE(epoch, EPOCH);
  // A double holds what `stat` gave, which is all that is compared.
  identity.writeDoubleBE(inode, INODE);
  if (handle !== undefined) {
    identity[TYPE] = handle.type;
    handle.bytes.copy(identity, HANDLE);
  }
  return identity;
}

export function isAbsent(identity: Identity): boolean {
  return identity.length === 1;
}

/** `undefined` where nothing is known in this epoch. */
export function inodeOf(identity: Identity, epoch: number): number | undefined {
  if (identity.length < TYPE || identity.readUInt32BE(EPOCH) !== epoch) return undefined;
  return identity.readDoubleBE(INODE);
}

export function handleOf(identity: Identity, epoch: number): KernelHandle | undefined {
  if (identity.length <= HANDLE || identity.readUInt32BE(EPOCH) !== epoch) return undefined;
  return { type: identity[TYPE] ?? 0, bytes: identity.subarray(HANDLE) };
}
