/**
 * Makes a file, directory, symlink or special node: CREATE, MKDIR, SYMLINK, MKNOD (RFC 1813 §3.3.8 to §3.3.11).
 *
 * Liberty taken: callers other than root do not choose the owner of what they make, and are not refused for naming one
 * (clients of a squashed root do): the owner is the caller, the group one of the caller's or the directory's.
 */
import { SYMLINK_SIZE_MAX } from '../../limits.ts';
import { err, ok, type Result } from '../../result.ts';
import {
  grantedMode,
  isInGroup,
  MAY_EXECUTE,
  mayAll,
  mayWriteContent,
  refuseNewName,
  SETGID,
} from '../../vfs/access.ts';
import { LOCAL_HANDLE_SIZE_MAX } from '../../vfs/handle.ts';
import { type Device, DOS_MASK, type FileId, type FileKind, type Inode } from '../../vfs/inode.ts';
import { type Name, PARENT, SELF } from '../../vfs/name.ts';
import {
  readStampedTime,
  type StampedTime,
  timeOf,
  writeStampedTime,
} from '../../vfs/set-attributes.ts';
import type { FsError } from '../../vfs/status.ts';
import type { Reader } from '../../wire/reader.ts';
import { DecodeError } from '../../wire/reader.ts';
import type { Writer } from '../../wire/writer.ts';
import type { Backend } from '../backend.ts';
import type {
  CheckContext,
  MirrorContext,
  Operation,
  Stamp,
  Tree,
  TreeWriter,
} from '../operation.ts';
import { FIRST_COOKIE, kindCode, kindOfCode } from '../rows.ts';
import {
  DIRECTORY_SIZE,
  directoryOf,
  inodeToChange,
  mirrorAttributes,
  NOBODY,
  nameWithin,
  putDirectory,
  readFile,
  readPlace,
  stampedAttributes,
  unchanged,
  writeFile,
  writePlace,
} from './common.ts';
import { type SetAttributesChange, setAttributes } from './set-attributes.ts';
import type { CreateArgs, CreateOutcome } from './types.ts';

/** Bytes of a box's name (core/group/entry.ts). */
const BOX_SIZE_MAX = 32;
const VERIFIER_SIZE = 8;
const DEFAULT_FILE_MODE = 0o644;
const DEFAULT_DIRECTORY_MODE = 0o755;

/** A new node. */
interface NewChange {
  readonly form: 'new';
  readonly directory: FileId;
  readonly name: Name;
  readonly file: FileId;
  readonly generation: number;
  readonly kind: FileKind;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly atime: StampedTime;
  readonly mtime: StampedTime;
  readonly target: string;
  readonly device: Device;
  readonly verifier: string;
  readonly issuer: string;
  readonly issuerHandle: string;
  readonly dos: number;
  readonly btime: StampedTime;
}

/** A file that was there answers: truncated, or as it is. */
interface ExistingChange {
  readonly form: 'existing';
  readonly directory: FileId;
  readonly file: FileId;
  readonly set: SetAttributesChange | undefined;
}

export type CreateChange = NewChange | ExistingChange;

const FORM = { new: 1, existing: 2, truncated: 3 } as const;

export const create: Operation<CreateArgs, CreateChange, CreateOutcome> = {
  name: 'create',
  code: 1,

  check(tree, context, args) {
    const directory = directoryOf(tree, args.directory);
    if (!directory.ok) return directory;
    if (args.name === SELF || args.name === PARENT) return err('exists');
    const name = nameWithin(args.name, context.limits);
    if (!name.ok) return name;
    if (!mayAll(directory.value, context.caller, MAY_EXECUTE)) return err('access');
    const entry = tree.child(args.directory, name.value);
    if (entry !== undefined) return checkExisting(tree, context, args, entry.id);
    return checkNew(context, args, directory.value, name.value);
  },

  encode(to, change) {
    if (change.form === 'new') {
      to.u8(FORM.new);
      encodeNew(to, change);
      return;
    }
    to.u8(change.set === undefined ? FORM.existing : FORM.truncated);
    writeFile(to, change.directory);
    writeFile(to, change.file);
    if (change.set !== undefined) setAttributes.encode(to, change.set);
  },

  decode(from) {
    const form = from.u8();
    if (form === FORM.new) return decodeNew(from);
    if (form !== FORM.existing && form !== FORM.truncated) {
      throw new DecodeError(`create: form ${form}`);
    }
    const directory = readFile(from);
    const file = readFile(from);
    const set = form === FORM.truncated ? setAttributes.decode(from) : undefined;
    return { form: 'existing', directory, file, set };
  },

  apply(tree, change, stamp) {
    const directory = inodeToChange(tree, change.directory);
    if (change.form === 'existing') {
      if (change.set !== undefined) setAttributes.apply(tree, change.set, stamp);
      const inode = inodeToChange(tree, change.file);
      return { inode, created: false, directory: unchanged(directory) };
    }
    return applyNew(tree, change, directory, stamp);
  },

  content(backend, change, data) {
    if (change.form === 'existing') {
      if (change.set !== undefined) setAttributes.content?.(backend, change.set, data);
      return;
    }
    backend.clear(change.file);
    if (change.kind === 'file' && change.size > 0) backend.truncate(change.file, change.size);
  },

  mirror(backend, change, context) {
    if (change.form === 'new') mirrorNew(backend, change, context);
    else if (change.set !== undefined) setAttributes.mirror?.(backend, change.set, context);
  },

  touches(change) {
    if (change.form === 'existing') return change.set && setAttributes.touches?.(change.set);
    const { directory, name, file, kind, target } = change;
    const link = kind === 'symlink' ? { target } : {};
    return { files: [file], names: [{ directory, name }], makes: file, ...link };
  },

  /** Not a directory, whose names others may have had; not what was reserved, which is there already. */
  isBrief(change) {
    return change.form === 'new' && change.kind !== 'directory' && change.issuerHandle === '';
  },

  edit(change) {
    if (change.form === 'existing') return change.set && setAttributes.edit?.(change.set);
    // Whatever stands under its id is somebody else's.
    return change.kind === 'file' ? { kind: 'cut', file: change.file, size: 0 } : undefined;
  },

  extent(change) {
    if (change.form === 'existing') {
      return change.set === undefined ? undefined : setAttributes.extent?.(change.set);
    }
    if (change.kind !== 'file' || change.size === 0) return undefined;
    return { file: change.file, offset: 0, size: change.size };
  },
};

function checkExisting(
  tree: Tree,
  context: CheckContext,
  args: CreateArgs,
  file: FileId,
): Result<CreateChange, FsError> {
  const inode = inodeToChange(tree, file);
  if (args.kind !== 'file' || inode.kind !== 'file' || args.how === 'guarded') return err('exists');
  const change: ExistingChange = {
    form: 'existing',
    directory: args.directory,
    file,
    set: undefined,
  };
  if (args.how === 'exclusive') {
    return args.verifier !== '' && inode.verifier === args.verifier ? ok(change) : err('exists');
  }
  const size = args.set.size;
  if (size === undefined) return ok(change);
  if (!mayWriteContent(inode, context.caller)) return err('access');
  // Of an existing file only the size is set (RFC 1813 §3.3.8): what open with O_TRUNC asks for.
  const set = { size, atime: 'keep', mtime: 'keep' } as const;
  const truncation = setAttributes.check(tree, context, { file, set, guard: undefined });
  return truncation.ok ? ok({ ...change, set: truncation.value }) : truncation;
}

function checkNew(
  context: CheckContext,
  args: CreateArgs,
  directory: Inode,
  name: Name,
): Result<CreateChange, FsError> {
  const { caller, limits } = context;
  const refusal = refuseNewName(directory, caller) ?? refuseSizes(args, directory, context);
  if (refusal !== undefined) return err(refusal);
  if (args.how === 'exclusive' && args.verifier.length !== VERIFIER_SIZE) return err('invalid');
  const isDevice = args.kind === 'block' || args.kind === 'character';
  // Opening a device node reaches the machine behind it: making one is for root.
  if (isDevice && caller.uid !== 0) return err('not-permitted');
  if (
    args.kind === 'symlink' &&
    args.target.length > Math.min(limits.symlinkSizeMax, SYMLINK_SIZE_MAX)
  ) {
    return err('name-too-long');
  }
  const reserved =
    args.strategy === 'issuer' ? context.reserve(args.kind) : { issuer: '', handle: '' };
  const gid = groupOfNew(args, directory, context);
  return ok({
    form: 'new',
    directory: args.directory,
    name,
    file: context.mintFile(),
    generation: context.mintGeneration(),
    kind: args.kind,
    mode: modeOfNew(args, directory, gid, context),
    uid: caller.uid === 0 ? (args.set.uid ?? 0) : caller.uid,
    gid,
    size: sizeOfNew(args),
    atime: args.set.atime === 'keep' ? 'now' : args.set.atime,
    mtime: args.set.mtime === 'keep' ? 'now' : args.set.mtime,
    target: args.kind === 'symlink' ? args.target : '',
    device: args.device,
    verifier: args.kind === 'file' && args.how === 'exclusive' ? args.verifier : '',
    issuer: reserved.issuer,
    issuerHandle: reserved.handle,
    dos: (args.set.dos ?? 0) & DOS_MASK,
    btime: args.set.btime === undefined || args.set.btime === 'keep' ? 'now' : args.set.btime,
  });
}

function refuseSizes(
  args: CreateArgs,
  directory: Inode,
  context: CheckContext,
): FsError | undefined {
  if (args.kind === 'symlink' && (args.target === '' || args.target.includes('\0')))
    return 'invalid';
  if (args.kind === 'directory' && directory.nlink >= context.limits.linksMax) {
    return 'too-many-links';
  }
  if ((args.set.size ?? 0) > context.limits.fileSizeMax) return 'file-too-big';
  return context.hasRoom(args.target.length) ? undefined : 'no-space';
}

function sizeOfNew(args: CreateArgs): number {
  if (args.kind === 'directory') return DIRECTORY_SIZE;
  if (args.kind === 'symlink') return args.target.length;
  return args.kind === 'file' ? (args.set.size ?? 0) : 0;
}

/** A directory with setgid hands its group down. */
function groupOfNew(args: CreateArgs, directory: Inode, { caller }: CheckContext): number {
  const asked = args.set.gid;
  if (asked !== undefined && (caller.uid === 0 || isInGroup(caller, asked))) return asked;
  return (directory.mode & SETGID) === 0 ? caller.gid : directory.gid;
}

function modeOfNew(
  args: CreateArgs,
  directory: Inode,
  gid: number,
  { caller }: CheckContext,
): number {
  const isDirectory = args.kind === 'directory';
  if (args.kind === 'symlink') return 0o777;
  const ordinary = isDirectory ? DEFAULT_DIRECTORY_MODE : DEFAULT_FILE_MODE;
  // An EXCLUSIVE create says no mode: nobody but the owner reaches the file before the SETATTR that follows.
  const asked = args.set.mode ?? (args.how === 'exclusive' ? 0 : ordinary);
  const mode = grantedMode(asked, gid, isDirectory, caller);
  return isDirectory ? mode | (directory.mode & SETGID) : mode;
}

function applyNew(
  tree: TreeWriter,
  change: NewChange,
  directory: Inode,
  stamp: Stamp,
): CreateOutcome {
  const isDirectory = change.kind === 'directory';
  const { atime, mtime } = stampedAttributes(change, stamp.time);
  const inode: Inode = {
    id: change.file,
    generation: change.generation,
    kind: change.kind,
    mode: change.mode,
    uid: change.uid,
    gid: change.gid,
    nlink: isDirectory ? 2 : 1,
    size: change.size,
    atime,
    mtime,
    ctime: stamp.time,
    btime: timeOf(change.btime, stamp.time),
    change: stamp.position,
    parent: isDirectory ? directory.id : NOBODY,
    nextCookie: isDirectory ? FIRST_COOKIE : 0,
    device: change.device,
    target: change.target,
    verifier: change.verifier,
    issuer: change.issuer,
    issuerHandle: change.issuerHandle,
    dos: change.dos,
    holds: 0,
  };
  tree.putInode(inode);
  tree.putName(directory.id, {
    cookie: directory.nextCookie,
    name: change.name,
    id: change.file,
  });
  if (change.issuer !== '') tree.putIssuerHandle(change.issuer, change.issuerHandle, change.file);
  const names = { names: 1, subdirectories: isDirectory ? 1 : 0 };
  return { inode, created: true, directory: putDirectory(tree, directory, stamp, names) };
}

function mirrorNew(backend: Backend, change: NewChange, context: MirrorContext): void {
  const node = {
    ...mirrorAttributes(change, context),
    id: change.file,
    kind: change.kind,
    target: change.target,
    device: change.device,
    reserved: change.issuer === context.box ? change.issuerHandle : '',
  };
  backend.create(change.directory, change.name, node);
}

function encodeNew(to: Writer, change: NewChange): void {
  writePlace(to, change);
  writeFile(to, change.file);
  to.u32(change.generation);
  to.u8(kindCode(change.kind));
  to.u16(change.mode);
  to.u32(change.uid);
  to.u32(change.gid);
  to.u64(change.size);
  writeStampedTime(to, change.atime);
  writeStampedTime(to, change.mtime);
  to.byteString(change.target);
  to.u32(change.device.major);
  to.u32(change.device.minor);
  to.byteString(change.verifier);
  to.byteString(change.issuer);
  to.byteString(change.issuerHandle);
  if (change.dos === 0 && change.btime === 'now') return;
  to.u32(change.dos);
  writeStampedTime(to, change.btime);
}

function decodeNew(from: Reader): NewChange {
  const change = {
    form: 'new',
    ...readPlace(from),
    file: readFile(from),
    generation: from.u32(),
    kind: kindOfCode(from.u8()),
    mode: from.u16(),
    uid: from.u32(),
    gid: from.u32(),
    size: from.u64(),
    atime: readStampedTime(from),
    mtime: readStampedTime(from),
    target: from.byteString(SYMLINK_SIZE_MAX, 'target'),
    device: { major: from.u32(), minor: from.u32() },
    verifier: from.byteString(VERIFIER_SIZE, 'verifier'),
    issuer: from.byteString(BOX_SIZE_MAX, 'issuer'),
    issuerHandle: from.byteString(LOCAL_HANDLE_SIZE_MAX, 'local handle'),
  } as const;
  // There were none in logs of before, and most files have none.
  if (from.left === 0) return { ...change, dos: 0, btime: 'now' };
  return { ...change, dos: from.u32(), btime: readStampedTime(from) };
}
