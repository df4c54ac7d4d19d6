/**
 * Gives a file another place, over what was there: RENAME (RFC 1813 §3.3.14) with the rules of POSIX.1-2017 rename().
 */
import { err, ok } from '../../result.ts';
import { MAY_WRITE, mayAll, refuseNewName, refuseRemoval } from '../../vfs/access.ts';
import { type FileId, type Inode, ROOT_ID } from '../../vfs/inode.ts';
import type { FsError } from '../../vfs/status.ts';
import type { CheckContext, Operation, Stamp, Tree, TreeWriter } from '../operation.ts';
import {
  directoryOf,
  inodeToChange,
  type NamedPlace,
  nameWithin,
  putChanged,
  putDirectory,
  readFile,
  readPlace,
  readStreams,
  staysOpen,
  streamsOf,
  unchanged,
  writeFile,
  writePlace,
  writeStreams,
} from './common.ts';
import type { Changed, RenameArgs, RenameOutcome } from './types.ts';

/** What had the target name. */
interface Replaced {
  readonly file: FileId;
  readonly last: boolean;
  /** That was its last name, and it stays: somebody has it open. */
  readonly kept: boolean;
  /** Those that go with it. */
  readonly streams: readonly FileId[];
}

export interface RenameChange {
  readonly source: NamedPlace;
  readonly target: NamedPlace;
  readonly file: FileId;
  readonly replaced: Replaced | undefined;
  /** Both names mean one file: POSIX has nothing happen then. */
  readonly same: boolean;
}

export const rename: Operation<RenameArgs, RenameChange, RenameOutcome> = {
  name: 'rename',
  code: 6,

  check(tree, context, args) {
    const source = directoryOf(tree, args.source.directory);
    if (!source.ok) return source;
    const target = directoryOf(tree, args.target.directory);
    if (!target.ok) return target;
    const sourceName = nameWithin(args.source.name, context.limits);
    if (!sourceName.ok) return sourceName;
    const targetName = nameWithin(args.target.name, context.limits);
    if (!targetName.ok) return targetName;
    const entry = tree.child(source.value.id, sourceName.value);
    if (entry === undefined) return err('not-found');
    const inode = inodeToChange(tree, entry.id);
    const there = tree.child(target.value.id, targetName.value);
    const replaced = there === undefined ? undefined : inodeToChange(tree, there.id);
    const refusal =
      refusePlaces(context, source.value, target.value, inode, replaced) ??
      refuseKinds(tree, context, source.value, target.value, inode, replaced);
    if (refusal !== undefined) return err(refusal);
    return ok({
      source: { directory: source.value.id, name: sourceName.value },
      target: { directory: target.value.id, name: targetName.value },
      file: inode.id,
      replaced: replaced && decideReplaced(tree, context, replaced),
      same: replaced?.id === inode.id,
    });
  },

  encode(to, { source, target, file, replaced, same }) {
    writePlace(to, source);
    writePlace(to, target);
    writeFile(to, file);
    to.u8(same ? 1 : 0);
    to.u8(formOf(replaced));
    if (replaced === undefined) return;
    writeFile(to, replaced.file);
    writeStreams(to, replaced.streams);
  },

  decode(from) {
    const source = readPlace(from);
    const target = readPlace(from);
    const file = readFile(from);
    const same = from.u8() === 1;
    const form = from.u8();
    if (form === FORM.free) return { source, target, file, replaced: undefined, same };
    const last = form !== FORM.linked;
    const kept = form === FORM.kept;
    const replaced = { file: readFile(from), last, kept, streams: readStreams(from) };
    return { source, target, file, replaced, same };
  },

  apply(tree, change, stamp) {
    const file = inodeToChange(tree, change.file);
    if (change.same) {
      const source = unchanged(inodeToChange(tree, change.source.directory));
      const target = unchanged(inodeToChange(tree, change.target.directory));
      return { source, target, inode: file };
    }
    tree.removeName(change.source.directory, change.source.name);
    if (change.replaced !== undefined) applyReplaced(tree, change, stamp);
    const directories = applyDirectories(tree, change, file, stamp);
    const parent = file.kind === 'directory' ? change.target.directory : file.parent;
    return { ...directories, inode: putChanged(tree, file, stamp, { parent }).after };
  },

  mirror(backend, { source, target, file, replaced, same }) {
    if (same) return;
    const gone = replaced && { file: replaced.file, last: replaced.last && !replaced.kept };
    backend.rename(source, target, file, gone);
    for (const stream of replaced?.streams ?? []) backend.drop(stream);
  },

  touches({ source, target, file, replaced, same }) {
    if (same) return undefined;
    const names = [source, target];
    if (replaced === undefined) return { files: [file], names };
    const ends = replaced.last && !replaced.kept ? replaced.file : undefined;
    return { files: [file, replaced.file, ...replaced.streams], names, ends };
  },
};

/** How what had the target name is written down. */
const FORM = { free: 0, linked: 1, last: 2, kept: 3 } as const;

function formOf(replaced: Replaced | undefined): number {
  if (replaced === undefined) return FORM.free;
  if (replaced.kept) return FORM.kept;
  return replaced.last ? FORM.last : FORM.linked;
}

function decideReplaced(tree: Tree, context: CheckContext, inode: Inode): Replaced {
  const last = goesWithName(inode);
  const held = last ? streamsOf(tree, inode) : [];
  const kept = last && staysOpen(context, inode, held);
  return { file: inode.id, last, kept, streams: kept ? [] : held };
}

/** A directory has one name; other files may have more. */
function goesWithName(inode: Inode): boolean {
  return inode.kind === 'directory' || inode.nlink === 1;
}

function refusePlaces(
  { caller }: CheckContext,
  source: Inode,
  target: Inode,
  inode: Inode,
  replaced: Inode | undefined,
): FsError | undefined {
  const refusal = refuseRemoval(source, inode, caller);
  if (refusal !== undefined) return refusal;
  if (replaced !== undefined) return refuseRemoval(target, replaced, caller);
  return refuseNewName(target, caller);
}

function refuseKinds(
  tree: Tree,
  context: CheckContext,
  source: Inode,
  target: Inode,
  inode: Inode,
  replaced: Inode | undefined,
): FsError | undefined {
  const moves = source.id !== target.id;
  if (replaced?.id === inode.id) return undefined;
  if (inode.kind !== 'directory') {
    if (replaced?.kind === 'directory') return 'is-directory';
    return replaced !== undefined || context.hasRoom(0) ? undefined : 'no-space';
  }
  if (isWithin(tree, target, inode.id)) return 'invalid';
  // Its entry `..` changes with its parent, which is a write to it.
  if (moves && !mayAll(inode, context.caller, MAY_WRITE)) return 'access';
  if (replaced === undefined) {
    if (moves && target.nlink >= context.limits.linksMax) return 'too-many-links';
    return context.hasRoom(0) ? undefined : 'no-space';
  }
  if (replaced.kind !== 'directory') return 'not-directory';
  return tree.entriesAfter(replaced.id, 0, 1).length === 0 ? undefined : 'not-empty';
}

/** Whether `directory` is `ancestor` or below it. */
function isWithin(tree: Tree, directory: Inode, ancestor: FileId): boolean {
  let at = directory;
  while (at.id !== ancestor) {
    if (at.id === ROOT_ID) return false;
    at = inodeToChange(tree, at.parent);
  }
  return true;
}

function applyReplaced(tree: TreeWriter, change: RenameChange, stamp: Stamp): void {
  const { replaced, target } = change;
  if (replaced === undefined) return;
  const inode = inodeToChange(tree, replaced.file);
  tree.removeName(target.directory, target.name);
  if (replaced.last && !replaced.kept) tree.removeInode(replaced.file);
  else putChanged(tree, inode, stamp, { nlink: inode.nlink - 1 });
  if (replaced.kept) tree.putOrphan(replaced.file);
}

function applyDirectories(
  tree: TreeWriter,
  change: RenameChange,
  file: Inode,
  stamp: Stamp,
): { readonly source: Changed; readonly target: Changed } {
  const source = inodeToChange(tree, change.source.directory);
  const target = inodeToChange(tree, change.target.directory);
  const { name } = change.target;
  tree.putName(target.id, { cookie: target.nextCookie, name, id: file.id });
  // What replaces a directory is one.
  const gone = file.kind === 'directory' && change.replaced !== undefined ? 1 : 0;
  if (source.id === target.id) {
    const both = putDirectory(tree, source, stamp, { names: 1, subdirectories: -gone });
    return { source: both, target: both };
  }
  const moved = file.kind === 'directory' ? 1 : 0;
  return {
    source: putDirectory(tree, source, stamp, { subdirectories: -moved }),
    target: putDirectory(tree, target, stamp, { names: 1, subdirectories: moved - gone }),
  };
}
