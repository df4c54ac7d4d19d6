/**
 * Finds what a path names, without regard to case ([MS-FSA] §2.1.5.1).
 *
 * Liberty taken: symbolic links are followed here, as far as they stay within the share, so that clients which know none
 * see what NFS clients see; one that leads out or nowhere is not there.
 */

import { err, ok, type Result } from '#core/result.ts';
import { MAY_EXECUTE, mayAll } from '#core/vfs/access.ts';
import type { Caller } from '#core/vfs/caller.ts';
import { type FileId, HAS_SECURITY, type Inode } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import type { Tree } from '#core/volume/operation.ts';
import { childByShortName } from '../info/short-name.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_FILE_CLOSED,
  STATUS_OBJECT_NAME_NOT_FOUND,
  STATUS_OBJECT_PATH_NOT_FOUND,
} from '../status.ts';

/** Symbolic links in one path, as on Linux: beyond is a loop. */
const LINKS_MAX = 40;

export interface Found {
  /** The folder that has the name, or is to have it. Of the share's root the root itself. */
  readonly directory: Inode;
  /** As it is stored where it is there; empty for the share's root. */
  readonly name: Name;
  /** `undefined`: there is no such name in the folder. */
  readonly inode: Inode | undefined;
}

export interface WalkOptions {
  readonly tree: Tree;
  readonly root: FileId;
  readonly caller: Caller;
  /** A link at the end of the path is meant itself (FILE_OPEN_REPARSE_POINT). */
  readonly opensLink: boolean;
}

/** A refusal is an NTSTATUS. */
export function walk(options: WalkOptions, components: readonly Name[]): Result<Found, number> {
  const { tree, root } = options;
  const start = tree.inode(root);
  if (start === undefined) return err(STATUS_FILE_CLOSED);
  const left: Name[] = [...components].reverse();
  let found: Found = { directory: start, name: '' as Name, inode: start };
  let links = 0;
  for (;;) {
    const name = left.pop();
    if (name === undefined) return ok(found);
    const directory = found.inode;
    if (directory?.kind !== 'directory') return err(STATUS_OBJECT_PATH_NOT_FOUND);
    if (!maySearch(directory, options.caller)) return err(STATUS_ACCESS_DENIED);
    if (name === '..') {
      // Only a link says so: out of the share leads no way.
      if (directory.id === root) return err(missing(left));
      const above = tree.inode(directory.parent);
      found = { directory: above as Inode, name: '' as Name, inode: above };
      continue;
    }
    const entry =
      tree.childFolded(directory.id, name) ?? childByShortName(tree, directory.id, name);
    const inode = entry && tree.inode(entry.id);
    found = { directory, name: (entry?.name ?? name) as Name, inode };
    if (inode === undefined) {
      return left.length === 0 ? ok(found) : err(STATUS_OBJECT_PATH_NOT_FOUND);
    }
    if (inode.kind !== 'symlink' || (left.length === 0 && options.opensLink)) continue;
    links += 1;
    if (links > LINKS_MAX || inode.target.startsWith('/')) return err(missing(left));
    found = { directory, name: '' as Name, inode: directory };
    pushTarget(left, inode.target);
  }
}

function missing(left: readonly Name[]): number {
  return left.length === 0 ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_OBJECT_PATH_NOT_FOUND;
}

function pushTarget(left: Name[], target: string): void {
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  for (const part of parts.reverse()) left.push(part as Name);
}

/** A folder with a list of its own is passed by everybody, as Windows lets everybody pass (SeChangeNotifyPrivilege). */
function maySearch(directory: Inode, caller: Caller): boolean {
  return (directory.holds & HAS_SECURITY) !== 0 || mayAll(directory, caller, MAY_EXECUTE);
}
