/** The descriptor that a new file gets: given with CREATE (SecD), handed down by its folder, or none of its own. Pure. */
import type { Caller } from '#core/vfs/caller.ts';
import type { Inode } from '#core/vfs/inode.ts';
import type { Tree } from '#core/volume/operation.ts';
import { encodeDescriptor, type SecurityDescriptor } from './descriptor.ts';
import { modeOfDescriptor } from './from-mode.ts';
import { inheritedDescriptor } from './inherit.ts';
import { canonical } from './set.ts';
import { groupSid, type Sid, userSid } from './sid.ts';
import { storedDescriptor } from './stored.ts';

export interface NewSecurity {
  /** The row to keep; see core/vfs/extra.ts. */
  readonly value: Buffer;
  /** The nine bits that say about the same. */
  readonly mode: number;
}

/**
 * @param domain See `userSid`.
 * @param given What CREATE brought; its owner and group count for nothing: the caller owns what he makes.
 */
export function securityOfNew(
  domain: Sid,
  tree: Tree,
  parent: Inode,
  isDirectory: boolean,
  caller: Caller,
  given: SecurityDescriptor | undefined,
): NewSecurity | undefined {
  const creator = { owner: userSid(domain, caller.uid), group: groupSid(domain, caller.gid) };
  const descriptor =
    given?.dacl === undefined
      ? handedDown(tree, parent, isDirectory, creator)
      : { ...canonical(given), ...creator };
  if (descriptor === undefined) return undefined;
  return { value: encodeDescriptor(descriptor), mode: modeOfDescriptor(descriptor) };
}

function handedDown(
  tree: Tree,
  parent: Inode,
  isDirectory: boolean,
  creator: { readonly owner: Sid; readonly group: Sid },
): SecurityDescriptor | undefined {
  const stored = storedDescriptor(tree, parent);
  return stored && inheritedDescriptor(stored, isDirectory, creator);
}
