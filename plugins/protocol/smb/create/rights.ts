/** What rights an open gets ([MS-SMB2] §3.3.5.9, [MS-FSA] §2.1.5.1.2.1). */
import { STICKY } from '#core/vfs/access.ts';
import { HAS_SECURITY, type Inode, ROOT_ID } from '#core/vfs/inode.ts';
import {
  DELETE,
  FILE_ADD_FILE,
  FILE_ADD_SUBDIRECTORY,
  FILE_APPEND_DATA,
  FILE_DELETE_CHILD,
  FILE_LIST_DIRECTORY,
  FILE_READ_ATTRIBUTES,
  FILE_WRITE_DATA,
  MAXIMUM_ALLOWED,
  READ_ONLY_ACCESS,
  specificAccess,
} from '../access.ts';
import type { SmbCall } from '../command.ts';
import { FILE_ATTRIBUTE_READONLY } from '../info/attributes.ts';
import { accessOf } from '../security/stored.ts';
import type { DiskShare } from '../tree-connect.ts';

/** All that the caller may do to a file under this share. `directory` has its name; of a share's root it is itself. */
export function maximalAccess(
  call: SmbCall,
  share: DiskShare,
  directory: Inode,
  inode: Inode,
): number {
  const { tree } = share.volume;
  let mask = accessOf(call.scene.domain, tree, inode, call.caller);
  const isRoot = inode.id === share.root || inode.id === ROOT_ID;
  if (!isRoot) {
    // By the mode alone it is the folder that says who may take a name away.
    if ((inode.holds & HAS_SECURITY) === 0) mask &= ~DELETE;
    const above = accessOf(call.scene.domain, tree, directory, call.caller);
    if ((above & FILE_DELETE_CHILD) !== 0 && mayTake(call, directory, inode)) mask |= DELETE;
    if ((above & FILE_LIST_DIRECTORY) !== 0) mask |= FILE_READ_ATTRIBUTES;
  }
  return (share.readOnly ? mask & READ_ONLY_ACCESS : mask) >>> 0;
}

/** The sticky rule. */
function mayTake(call: SmbCall, directory: Inode, inode: Inode): boolean {
  if ((directory.mode & STICKY) === 0) return true;
  const { uid } = call.caller;
  return uid === 0 || uid === inode.uid || uid === directory.uid;
}

/** `undefined`: more is asked for than there is. */
export function grantedAccess(
  desired: number,
  maximal: number,
  attributes: number,
): number | undefined {
  const asked = specificAccess(desired);
  const wanted = asked & ~MAXIMUM_ALLOWED;
  const isReadOnly = (attributes & FILE_ATTRIBUTE_READONLY) !== 0;
  const most = isReadOnly ? maximal & ~(FILE_WRITE_DATA | FILE_APPEND_DATA) : maximal;
  if ((wanted & ~most) !== 0) return undefined;
  return ((asked & MAXIMUM_ALLOWED) === 0 ? wanted : wanted | most) >>> 0;
}

export function mayAdd(
  call: SmbCall,
  share: DiskShare,
  directory: Inode,
  isDirectory: boolean,
): boolean {
  if (share.readOnly) return false;
  const right = isDirectory ? FILE_ADD_SUBDIRECTORY : FILE_ADD_FILE;
  return (accessOf(call.scene.domain, share.volume.tree, directory, call.caller) & right) !== 0;
}
