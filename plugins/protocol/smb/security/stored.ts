/**
 * The descriptor that a file has: the one that was set, kept as a row beside its inode, or one made of its mode.
 *
 * Owner and group are always those of the inode, so that a change of owner over NFS shows; of the row only the lists
 * count. What is stored has a mode that says about the same, for NFS (from-mode.ts).
 */
import type { Caller } from '#core/vfs/caller.ts';
import type { Extra } from '#core/vfs/extra.ts';
import { HAS_SECURITY, type Inode } from '#core/vfs/inode.ts';
import type { Tree } from '#core/volume/operation.ts';
import { accessByMode } from '../access.ts';
import { grantedBy, tokenOf } from './check.ts';
import { decodeDescriptor, type SecurityDescriptor } from './descriptor.ts';
import { descriptorOfMode } from './from-mode.ts';
import { groupSid, type Sid, userSid } from './sid.ts';

/** Decoded rows: a row's bytes are never written to, so that the same buffer has the same meaning. */
const decoded = new WeakMap<Buffer, SecurityDescriptor>();

/** `undefined` where none was set. */
export function storedDescriptor(tree: Tree, inode: Inode): SecurityDescriptor | undefined {
  if ((inode.holds & HAS_SECURITY) === 0) return undefined;
  const row: Extra | undefined = tree.extra(inode.id, 'security', '');
  if (row === undefined) return undefined;
  const known = decoded.get(row.value);
  if (known !== undefined) return known;
  const descriptor = decodeDescriptor(row.value);
  decoded.set(row.value, descriptor);
  return descriptor;
}

/** @param domain See `userSid`. */
export function descriptorOf(domain: Sid, tree: Tree, inode: Inode): SecurityDescriptor {
  const stored = storedDescriptor(tree, inode);
  if (stored === undefined) return descriptorOfMode(domain, inode);
  return { ...stored, owner: userSid(domain, inode.uid), group: groupSid(domain, inode.gid) };
}

/** All rights that the caller has on a file, without what the folder above gives. */
export function accessOf(domain: Sid, tree: Tree, inode: Inode, caller: Caller): number {
  const stored = storedDescriptor(tree, inode);
  if (stored === undefined) return accessByMode(inode, caller);
  const owner = userSid(domain, inode.uid);
  return grantedBy({ owner, dacl: stored.dacl }, tokenOf(domain, caller));
}
