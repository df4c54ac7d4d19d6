/** Where a rename or a link leads: the place, and whether what has the name may go ([MS-FSA] §2.1.5.15.11, .6). */
import { err, ok, type Result } from '#core/result.ts';
import { DOS_READONLY, type FileId, type Inode } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import { DELETE } from '../access.ts';
import type { SmbCall } from '../command.ts';
import { maximalAccess, mayAdd } from '../create/rights.ts';
import { walk } from '../create/walk.ts';
import type { NewName } from '../info/set.ts';
import { parsePath } from '../names.ts';
import type { FileOpen } from '../open.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_DELETE_PENDING,
  STATUS_INVALID_PARAMETER,
  STATUS_NOT_SUPPORTED,
  STATUS_OBJECT_NAME_COLLISION,
  STATUS_OBJECT_NAME_INVALID,
} from '../status.ts';

export interface Target {
  readonly directory: Inode;
  /** As the client spells it: the new name, whatever the case of what it replaces. */
  readonly name: Name;
  /** What has the name now, as it is spelled there, and is to go. */
  readonly replaced: { readonly name: Name; readonly inode: Inode } | undefined;
  /** The name is the file's own already, perhaps in another case. */
  readonly isOwn: boolean;
}

/** A refusal is an NTSTATUS. */
export function targetOf(call: SmbCall, open: FileOpen, asked: NewName): Result<Target, number> {
  if (asked.rootDirectory !== 0n) return err(STATUS_INVALID_PARAMETER);
  const path = parsePath(asked.name);
  if (!path.ok) return path;
  const { components, stream } = path.value;
  if (stream !== undefined) return err(STATUS_NOT_SUPPORTED);
  const name = components[components.length - 1];
  if (name === undefined) return err(STATUS_OBJECT_NAME_INVALID);
  const { tree } = open.volume;
  const found = walk(
    { tree, root: open.share.root, caller: call.caller, opensLink: true },
    components,
  );
  if (!found.ok) return found;
  const { directory, inode } = found.value;
  const volume = open.volume.record.id;
  if (call.scene.opens.isDeletePending({ volume, file: directory.id })) {
    return err(STATUS_DELETE_PENDING);
  }
  if (!mayAdd(call, open.share, directory, open.isDirectory)) return err(STATUS_ACCESS_DENIED);
  if (inode === undefined) return ok({ directory, name, replaced: undefined, isOwn: false });
  if (inode.id === open.file) {
    const isOwn = isSamePlace(open, directory.id, found.value.name);
    if (isOwn || asked.replaces) return ok({ directory, name, replaced: undefined, isOwn });
    return err(STATUS_OBJECT_NAME_COLLISION);
  }
  if (!asked.replaces) return err(STATUS_OBJECT_NAME_COLLISION);
  const refusal = refuseReplacing(call, open, directory, inode);
  if (refusal !== undefined) return err(refusal);
  return ok({ directory, name, replaced: { name: found.value.name, inode }, isOwn: false });
}

function isSamePlace({ place }: FileOpen, directory: FileId, name: Name): boolean {
  return place.directory === directory && place.name === name;
}

/** Neither a folder nor what somebody has open may go by being replaced. */
function refuseReplacing(
  call: SmbCall,
  open: FileOpen,
  directory: Inode,
  inode: Inode,
): number | undefined {
  if (inode.kind === 'directory') return STATUS_ACCESS_DENIED;
  if ((inode.dos & DOS_READONLY) !== 0) return STATUS_ACCESS_DENIED;
  const ref = { volume: open.volume.record.id, file: inode.id };
  if (call.scene.opens.hasOpens(ref)) return STATUS_ACCESS_DENIED;
  const rights = maximalAccess(call, open.share, directory, inode);
  return (rights & DELETE) === 0 ? STATUS_ACCESS_DENIED : undefined;
}
