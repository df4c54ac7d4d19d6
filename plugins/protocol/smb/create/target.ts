/** What a CREATE is about: the place that its path names and the stream there, and whether the kind is as asked for. */
import { err, ok, type Result } from '#core/result.ts';
import type { FileId, Inode } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import { nameOfText } from '#core/vfs/name.ts';
import type { SmbCall } from '../command.ts';
import { parsePath } from '../names.ts';
import {
  STATUS_FILE_IS_A_DIRECTORY,
  STATUS_NOT_A_DIRECTORY,
  STATUS_OBJECT_NAME_COLLISION,
  STATUS_OBJECT_NAME_INVALID,
  STATUS_OBJECT_NAME_NOT_FOUND,
} from '../status.ts';
import type { DiskShare } from '../tree-connect.ts';
import {
  FILE_CREATE,
  FILE_DIRECTORY_FILE,
  FILE_NON_DIRECTORY_FILE,
  FILE_OPEN_REPARSE_POINT,
} from './options.ts';
import type { CreateRequest } from './request.ts';
import { walk } from './walk.ts';

export interface Target {
  readonly directory: Inode;
  /** As it is stored where it is there. */
  readonly name: Name;
  /** The file or folder of that name. */
  readonly inode: Inode | undefined;
  /** The named stream, as it is stored where it is there; empty for the unnamed one. */
  readonly stream: Name;
  /** What has the bytes: the stream's own inode, or `inode` again. */
  readonly content: Inode | undefined;
  /** A folder itself, no stream of it: what is there, or what is to be made. */
  readonly isDirectory: boolean;
}

/** A refusal is an NTSTATUS. */
export function targetOf(
  call: SmbCall,
  share: DiskShare,
  request: CreateRequest,
): Result<Target, number> {
  const path = parsePath(request.name);
  if (!path.ok) return path;
  // There are no snapshots that a time could name.
  if (request.contexts.snapshot !== undefined) return err(STATUS_OBJECT_NAME_NOT_FOUND);
  const { components, stream, endsWithBackslash } = path.value;
  const { options } = request;
  const wantsFile = (options & FILE_NON_DIRECTORY_FILE) !== 0;
  if (endsWithBackslash && wantsFile) return err(STATUS_OBJECT_NAME_INVALID);
  const found = walk(
    {
      tree: share.volume.tree,
      root: share.root,
      caller: call.caller,
      opensLink: (options & FILE_OPEN_REPARSE_POINT) !== 0,
    },
    components,
  );
  if (!found.ok) return found;
  const name = nameOfText(stream?.name ?? '');
  const wantsDirectory = (options & FILE_DIRECTORY_FILE) !== 0;
  const saysData = stream !== undefined && !stream.isIndex;
  if (saysData && wantsDirectory) return err(STATUS_NOT_A_DIRECTORY);
  const target = withStream(share, found.value, name, wantsDirectory || (stream?.isIndex ?? false));
  if (target.inode === undefined) return ok(target);
  // That the name is taken is said before of what.
  if (target.content !== undefined && request.disposition === FILE_CREATE) {
    return err(STATUS_OBJECT_NAME_COLLISION);
  }
  if (target.isDirectory && (wantsFile || saysData)) return err(STATUS_FILE_IS_A_DIRECTORY);
  const needsDirectory = wantsDirectory || endsWithBackslash || (stream?.isIndex ?? false);
  if (!target.isDirectory && needsDirectory) return err(STATUS_NOT_A_DIRECTORY);
  return ok(target);
}

function withStream(
  share: DiskShare,
  found: Pick<Target, 'directory' | 'name' | 'inode'>,
  stream: Name,
  makesDirectory: boolean,
): Target {
  const { inode } = found;
  if (stream === '') {
    const isDirectory = inode === undefined ? makesDirectory : inode.kind === 'directory';
    return { ...found, stream, content: inode, isDirectory };
  }
  const { tree } = share.volume;
  const entry = inode && tree.stream(inode.id, stream);
  const content = entry && tree.inode(entry.id as FileId);
  return { ...found, stream: entry?.name ?? stream, content, isDirectory: false };
}
