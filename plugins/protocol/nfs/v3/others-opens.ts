/**
 * What calls of NFSv3, which open nothing, owe to those who have the file open (ARCHITECTURE.md, "NFSv3 beside SMB").
 *
 * Each `await...` asks others to give up caching and says what to wait for; the call is held meanwhile, not refused. What
 * is still in the way then is a lock or a share mode, and the call is answered NFS3ERR_ACCES.
 *
 *     call                         others give up            refused by
 *     READ                         dirty data                an exclusive lock, an open that does not share reading
 *     WRITE, SETATTR with a size   dirty data, cached reads  a lock, an open that does not share writing
 *     CREATE of a file that is     the same                  the same
 *       there, with a size
 *     REMOVE, RMDIR, RENAME over   cached handles            an open that does not share deleting
 *     RENAME of                    cached handles            the same
 */
import type { FileRef, Wait } from '#core/opens/types.ts';
import type { FileId, Inode } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import type { Scene } from '../call.ts';
import type { DirOpArgs } from './types.ts';

/** Bytes as they change when a file gets another size. */
export interface Extent {
  readonly offset: number;
  readonly size: number;
}

export function extentOfSize(before: number, after: number): Extent {
  return { offset: Math.min(before, after), size: Math.abs(before - after) };
}

/** Whether a handle leads to a file that may be used so is asked when the call runs. */
export function refOf({ handles }: Scene, handle: Buffer): FileRef | undefined {
  const subject = handles.decode(handle);
  return subject.ok ? subject.value : undefined;
}

/** The file that a name means. */
export function childRef(scene: Scene, { dir, name }: DirOpArgs): FileRef | undefined {
  const directory = refOf(scene, dir);
  if (directory === undefined) return undefined;
  const tree = scene.group.volume(directory.volume)?.tree;
  const child = tree?.child(directory.file, name as Name);
  return child === undefined ? undefined : { volume: directory.volume, file: child.id };
}

export function awaitRead(scene: Scene, ref: FileRef | undefined): Wait | undefined {
  return ref && scene.opens.breakFor(ref, 'read', undefined);
}

export function awaitWrite(
  { opens }: Scene,
  ref: FileRef | undefined,
  { offset, size }: Extent,
): Wait | undefined {
  if (ref === undefined) return undefined;
  const wait = opens.breakFor(ref, 'write', undefined);
  if (wait !== undefined || opens.mayWrite(ref, undefined, offset, size)) return wait;
  // Who keeps the file open only in case of need may close it now.
  return opens.breakFor(ref, 'unlink', undefined);
}

export function awaitSize(
  scene: Scene,
  ref: FileRef | undefined,
  after: number | undefined,
): Wait | undefined {
  const inode = ref && inodeOf(scene, ref);
  if (inode === undefined || after === undefined) return undefined;
  return awaitWrite(scene, ref, extentOfSize(inode.size, after));
}

export function awaitUnlink(scene: Scene, ref: FileRef | undefined): Wait | undefined {
  return ref && scene.opens.breakFor(ref, 'unlink', undefined);
}

export function awaitRename(scene: Scene, ref: FileRef | undefined): Wait | undefined {
  return ref && scene.opens.breakFor(ref, 'rename', undefined);
}

export function mayRead({ opens }: Scene, ref: FileRef, { offset, size }: Extent): boolean {
  return opens.isIdle || opens.mayRead(ref, undefined, offset, size);
}

export function mayWrite({ opens }: Scene, ref: FileRef, { offset, size }: Extent): boolean {
  return opens.isIdle || opens.mayWrite(ref, undefined, offset, size);
}

export function mayResize(scene: Scene, ref: FileRef, after: number | undefined): boolean {
  if (scene.opens.isIdle || after === undefined) return true;
  const inode = inodeOf(scene, ref);
  return inode === undefined || mayWrite(scene, ref, extentOfSize(inode.size, after));
}

export function mayUnlink(scene: Scene, args: DirOpArgs): boolean {
  if (scene.opens.isIdle) return true;
  const ref = childRef(scene, args);
  return ref === undefined || scene.opens.mayUnlink(ref);
}

function inodeOf({ group }: Scene, { volume, file }: FileRef): Inode | undefined {
  return group.volume(volume)?.tree.inode(file as FileId);
}
