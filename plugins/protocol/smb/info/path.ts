/** Where a place is, as clients of a share see it. */
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import type { Tree } from '#core/volume/operation.ts';
import { smbText } from '../names.ts';

/** Folders above one another: a path of 64 KiB has no more. */
const DEPTH_MAX = 32_768;

export interface NamedPlace {
  readonly directory: FileId;
  /** Byte string. */
  readonly name: string;
}

/**
 * From `root` on, with backslashes between and none before; `undefined` where the place is not below it. The name of each
 * folder between is looked for in the one above.
 */
export function pathBelow(tree: Tree, root: FileId, place: NamedPlace): string | undefined {
  const parts = [smbText(place.name as Name)];
  let at = place.directory;
  for (let depth = 0; depth < DEPTH_MAX && at !== root; depth++) {
    const inode = tree.inode(at);
    if (inode === undefined || at === ROOT_ID) return undefined;
    const name = tree.entries(inode.parent).find(({ id }) => id === at)?.name;
    if (name === undefined) return undefined;
    parts.unshift(smbText(name as Name));
    at = inode.parent;
  }
  return at === root ? parts.join('\\') : undefined;
}
