/** Makes what is not there yet: a file, a folder, a stream ([MS-FSA] §2.1.5.1.1). */
import type { Transaction } from '#core/group/group.ts';
import { ok, type Result } from '#core/result.ts';
import { SETGID } from '#core/vfs/access.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import type { ExtraChange } from '#core/vfs/extra.ts';
import { DOS_MASK, DOS_SPARSE, type FileId, type Inode } from '#core/vfs/inode.ts';
import type { FsError } from '#core/vfs/status.ts';
import { create } from '#core/volume/operations/create.ts';
import { createStream } from '#core/volume/operations/create-stream.ts';
import { setExtra } from '#core/volume/operations/set-extra.ts';
import { NO_DEVICE } from '#core/volume/operations/types.ts';
import {
  ACCESS_SYSTEM_SECURITY,
  DELETE,
  FILE_ALL_ACCESS,
  FILE_WRITE_DATA,
  MAXIMUM_ALLOWED,
  specificAccess,
} from '../access.ts';
import { FILE_ATTRIBUTE_ARCHIVE, FILE_ATTRIBUTE_READONLY } from '../info/attributes.ts';
import { isEaName, readEas } from '../info/full-ea.ts';
import { decodeDescriptor } from '../security/descriptor.ts';
import { type NewSecurity, securityOfNew } from '../security/new-file.ts';
import {
  ntStatus,
  STATUS_ACCESS_DENIED,
  STATUS_CANNOT_DELETE,
  STATUS_DELETE_PENDING,
  STATUS_INVALID_EA_NAME,
  STATUS_INVALID_PARAMETER,
  STATUS_OBJECT_NAME_NOT_FOUND,
  STATUS_PRIVILEGE_NOT_HELD,
} from '../status.ts';
import { admit } from './admit.ts';
import { grantRequest, leaseOf } from './grant-request.ts';
import { holderOf } from './holder.ts';
import { FILE_CREATED, FILE_DELETE_ON_CLOSE, FILE_OPEN, FILE_OVERWRITE } from './options.ts';
import { maximalAccess, mayAdd } from './rights.ts';
import { type Attempt, heldOr, refused, type Step } from './step.ts';
import type { Target } from './target.ts';

const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;

interface Made {
  readonly file: FileId;
  readonly content: FileId;
}

export function make(trial: Attempt, target: Target): Step {
  const { call, share, request } = trial;
  const refusal = refuseNew(trial, target);
  if (refusal !== undefined) return refused(refusal);
  const granted = grantedOfNew(request.desiredAccess);
  const deletes = (request.options & FILE_DELETE_ON_CLOSE) !== 0;
  if (deletes && (granted & DELETE) === 0) return refused(STATUS_ACCESS_DENIED);
  // Before anything is changed: malformed ones throw.
  const extras = target.inode === undefined ? extrasOf(trial) : [];
  if (extras === undefined) return refused(STATUS_INVALID_EA_NAME);
  const made = call.transact((transaction) => makeAll(trial, target, extras, transaction));
  if (!made.ok) return refused(ntStatus[made.error]);
  const { file, content } = made.value;
  const ref = { volume: share.volume.record.id, file: content };
  const answer = heldOr(
    call.scene.opens.open({
      ...ref,
      holder: holderOf(call, trial.id),
      clientGuid: call.connection.clientGuid,
      access: granted,
      share: request.shareAccess,
      overwrites: false,
      deleteOnClose: deletes,
      isDirectory: target.isDirectory,
      created: true,
      grant: grantRequest(call, request, target.isDirectory),
    }),
  );
  if ('step' in answer) return answer.step;
  const maximal = target.inode === undefined ? FILE_ALL_ACCESS : granted;
  return admit(trial, target, {
    held: answer.held,
    file,
    content,
    granted,
    maximal,
    action: FILE_CREATED,
  });
}

/** Whoever makes a file gets what he asks for, whatever its descriptor will say. */
function grantedOfNew(desired: number): number {
  const asked = specificAccess(desired);
  const all = (asked & MAXIMUM_ALLOWED) === 0 ? asked : asked | FILE_ALL_ACCESS;
  return (all & ~MAXIMUM_ALLOWED) >>> 0;
}

function refuseNew(trial: Attempt, target: Target): number | undefined {
  const { call, share, request } = trial;
  const { disposition, options, attributes, desiredAccess } = request;
  if (disposition === FILE_OPEN || disposition === FILE_OVERWRITE) {
    return STATUS_OBJECT_NAME_NOT_FOUND;
  }
  const volume = share.volume.record.id;
  const { directory, inode } = target;
  if (inode === undefined) {
    if (!mayAdd(call, share, directory, target.isDirectory)) return STATUS_ACCESS_DENIED;
    if (call.scene.opens.isDeletePending({ volume, file: directory.id })) {
      return STATUS_DELETE_PENDING;
    }
  } else {
    const maximal = maximalAccess(call, share, directory, inode);
    if ((maximal & FILE_WRITE_DATA) === 0) return STATUS_ACCESS_DENIED;
    const { opens, table } = call.scene;
    if (opens.isDeletePending({ volume, file: inode.id }) || table.isDoomed(volume, inode.id)) {
      return STATUS_DELETE_PENDING;
    }
  }
  if ((desiredAccess & ACCESS_SYSTEM_SECURITY) !== 0 && call.caller.uid !== 0) {
    return STATUS_PRIVILEGE_NOT_HELD;
  }
  const deletes = (options & FILE_DELETE_ON_CLOSE) !== 0;
  if (deletes && (attributes & FILE_ATTRIBUTE_READONLY) !== 0) return STATUS_CANNOT_DELETE;
  // Asked of the manager afterwards, it would be too late to make nothing.
  const lease = leaseOf(call, request);
  const isElsewhere =
    lease !== undefined && call.scene.opens.lease(call.connection.clientGuid, lease.key);
  return isElsewhere ? STATUS_INVALID_PARAMETER : undefined;
}

function makeAll(
  trial: Attempt,
  target: Target,
  extras: readonly ExtraChange[],
  transaction: Transaction,
): Result<Made, FsError> {
  const { volume } = trial.share;
  let { inode } = target;
  if (inode === undefined) {
    const made = makeFile(trial, target, extras, transaction);
    if (!made.ok) return made;
    inode = made.value;
  }
  if (target.stream === '') return ok({ file: inode.id, content: inode.id });
  const args = { file: inode.id, name: target.stream };
  const stream = transaction.change(createStream, volume, ROOT_CALLER, args);
  return stream.ok ? ok({ file: inode.id, content: stream.value.inode.id }) : stream;
}

function makeFile(
  trial: Attempt,
  { directory, name, isDirectory }: Target,
  extras: readonly ExtraChange[],
  transaction: Transaction,
): Result<Inode, FsError> {
  const { call, share, request } = trial;
  const { caller } = call;
  const security = newSecurity(trial, directory, isDirectory);
  const dos = request.attributes & DOS_MASK & ~DOS_SPARSE;
  // That the caller may has been looked at; the catalog's own rules know modes and no descriptors.
  const made = transaction.change(create, share.volume, ROOT_CALLER, {
    directory: directory.id,
    name,
    kind: isDirectory ? 'directory' : 'file',
    how: 'guarded',
    verifier: '',
    target: '',
    device: NO_DEVICE,
    strategy: 'generic',
    set: {
      mode: security?.mode ?? (isDirectory ? DIRECTORY_MODE : FILE_MODE),
      uid: caller.uid,
      gid: (directory.mode & SETGID) === 0 ? caller.gid : directory.gid,
      dos: isDirectory ? dos & ~FILE_ATTRIBUTE_ARCHIVE : dos | FILE_ATTRIBUTE_ARCHIVE,
      atime: 'now',
      mtime: 'now',
    },
  });
  if (!made.ok) return made;
  const own: readonly ExtraChange[] =
    security === undefined ? [] : [{ kind: 'security', name: '', value: security.value }];
  const changes = [...own, ...extras];
  if (changes.length > 0) {
    const args = { file: made.value.inode.id, changes };
    const done = transaction.change(setExtra, share.volume, ROOT_CALLER, args);
    if (!done.ok) return done;
  }
  return ok(made.value.inode);
}

function newSecurity(
  { call, share, request }: Attempt,
  directory: Inode,
  isDirectory: boolean,
): NewSecurity | undefined {
  const { securityDescriptor } = request.contexts;
  const given = securityDescriptor && decodeDescriptor(securityDescriptor);
  const { tree } = share.volume;
  return securityOfNew(call.scene.domain, tree, directory, isDirectory, call.caller, given);
}

/** The extended attributes that the new file is to have; `undefined` where one has no name that it may have. */
function extrasOf({ request }: Attempt): ExtraChange[] | undefined {
  const { extendedAttributes } = request.contexts;
  if (extendedAttributes === undefined) return [];
  const eas = readEas(extendedAttributes);
  if (eas.some(({ name }) => !isEaName(name))) return undefined;
  return eas.map(({ name, value }) => ({
    kind: 'attribute',
    name,
    value: value.length === 0 ? undefined : value,
  }));
}
