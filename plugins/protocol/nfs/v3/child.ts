/** A name in a directory, as LOOKUP and MNT see it. */
import { err, ok, type Result } from '#core/result.ts';
import { MAY_EXECUTE, mayAll } from '#core/vfs/access.ts';
import type { Caller } from '#core/vfs/caller.ts';
import type { Inode } from '#core/vfs/inode.ts';
import { type Name, PARENT, SELF } from '#core/vfs/name.ts';
import type { FsError } from '#core/vfs/status.ts';
import type { Located } from '../call.ts';

/** Follows no symbolic link; `..` of an export's root is the root itself. */
export function childOf(
  { volume, export: entry }: Located,
  directory: Inode,
  name: string,
  caller: Caller,
): Result<Inode, FsError> {
  if (directory.kind !== 'directory') return err('not-directory');
  if (!mayAll(directory, caller, MAY_EXECUTE)) return err('access');
  if (name.length > volume.limits.nameSizeMax) return err('name-too-long');
  if (name === SELF) return ok(directory);
  if (name === PARENT) {
    const parent = parentOf(directory, entry.record.root);
    return found(parent === directory.id ? directory : volume.tree.inode(parent));
  }
  const child = volume.tree.child(directory.id, name as Name);
  return found(child === undefined ? undefined : volume.tree.inode(child.id));
}

/** What `..` means in a directory of an export with this root. */
export function parentOf(directory: Inode, root: number): Inode['id'] {
  return directory.id === root ? directory.id : directory.parent;
}

function found(inode: Inode | undefined): Result<Inode, FsError> {
  return inode === undefined ? err('not-found') : ok(inode);
}
