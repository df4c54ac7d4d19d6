/** What several operations do alike. */

import { assert } from '../../assert.ts';
import type { Time } from '../../ports/clock.ts';
import { err, ok, type Result } from '../../result.ts';
import { type FileId, HAS_STREAMS, type Inode } from '../../vfs/inode.ts';
import { NAME_SIZE_MAX, type Name, newName } from '../../vfs/name.ts';
import { type StampedTime, timeOf } from '../../vfs/set-attributes.ts';
import type { FsError } from '../../vfs/status.ts';
import { STREAMS_MAX } from '../../vfs/stream.ts';
import { DecodeError, type Reader } from '../../wire/reader.ts';
import type { Writer } from '../../wire/writer.ts';
import type { MirrorAttributes, VolumeLimits } from '../backend.ts';
import type { CheckContext, MirrorContext, Stamp, Tree, TreeWriter } from '../operation.ts';
import type { Changed, Place } from './types.ts';

/** Bytes of a directory as clients are told: the same on every box whatever its backend says. */
export const DIRECTORY_SIZE = 4096;

export const NOBODY = 0 as FileId;

/** A place with a name that may exist. */
export interface NamedPlace {
  readonly directory: FileId;
  readonly name: Name;
}

/** The directory of a place: there, and a directory. */
export function directoryOf(tree: Tree, file: FileId): Result<Inode, FsError> {
  const directory = tree.inode(file);
  if (directory === undefined) return err('stale');
  return directory.kind === 'directory' ? ok(directory) : err('not-directory');
}

export function nameWithin(name: string, limits: VolumeLimits): Result<Name, FsError> {
  return name.length > limits.nameSizeMax ? err('name-too-long') : newName(name);
}

/** What a committed entry relies on; that it is missing means that this box's tree is not the group's. */
export function inodeToChange(tree: Tree, file: FileId): Inode {
  const inode = tree.inode(file);
  assert(inode !== undefined, `file ${file}: changed by an entry and not there`);
  return inode;
}

/** Puts the inode as it is after the entry: with the entry's ctime, unless the change has one, and change. */
export function putChanged(
  tree: TreeWriter,
  before: Inode,
  stamp: Stamp,
  change: Partial<Inode>,
): Changed {
  const ctime = change.ctime ?? stamp.time;
  const after = { ...before, ...change, ctime, change: stamp.position };
  tree.putInode(after);
  return { before, after };
}

/** A directory after names in it came or went. */
export function putDirectory(
  tree: TreeWriter,
  before: Inode,
  stamp: Stamp,
  change: { readonly names?: number; readonly subdirectories?: number },
): Changed {
  return putChanged(tree, before, stamp, {
    mtime: stamp.time,
    nextCookie: before.nextCookie + (change.names ?? 0),
    nlink: before.nlink + (change.subdirectories ?? 0),
  });
}

/** Whose owner and mode say who may touch its content: of a stream its base file. */
export function guardOf(tree: Tree, inode: Inode): Inode {
  return inode.kind === 'stream' ? inodeToChange(tree, inode.parent) : inode;
}

/** The streams that go with a file. */
export function streamsOf(tree: Tree, inode: Inode): readonly FileId[] {
  if ((inode.holds & HAS_STREAMS) === 0) return NO_FILES;
  return tree.streams(inode.id).map(({ id }) => id);
}

/** Whether a file stays without its last name, because somebody has it or a stream of it open. */
export function staysOpen(
  context: CheckContext,
  inode: Inode,
  streams: readonly FileId[],
): boolean {
  if (inode.kind === 'directory') return false;
  return context.isOpen(inode.id) || streams.some((stream) => context.isOpen(stream));
}

const NO_FILES: readonly FileId[] = [];

/** At the end of a change: nothing where there are none, as in logs of before there were streams. */
export function writeStreams(to: Writer, streams: readonly FileId[]): void {
  if (streams.length === 0) return;
  to.u16(streams.length);
  for (const stream of streams) writeFile(to, stream);
}

export function readStreams(from: Reader): readonly FileId[] {
  if (from.left === 0) return NO_FILES;
  const count = from.u16();
  if (count > STREAMS_MAX) throw new DecodeError(`streams: ${count}, at most ${STREAMS_MAX}`);
  return Array.from({ length: count }, () => readFile(from));
}

/** The file whose stream was changed: for its clients it was written to. */
export function putBase(
  tree: TreeWriter,
  stream: Inode,
  stamp: Stamp,
  keepsMtime: boolean,
): Changed {
  const base = inodeToChange(tree, stream.parent);
  return putChanged(tree, base, stamp, { mtime: keepsMtime ? base.mtime : stamp.time });
}

export function unchanged(inode: Inode): Changed {
  return { before: inode, after: inode };
}

/** What a backend is to mirror of a file, decided but for times that are the stamp's. */
export interface DecidedAttributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly atime: StampedTime;
  readonly mtime: StampedTime;
}

export function mirrorAttributes(
  attributes: DecidedAttributes,
  context: MirrorContext,
): MirrorAttributes {
  return stampedAttributes(attributes, context.stamp.time);
}

export function stampedAttributes(attributes: DecidedAttributes, now: Time): MirrorAttributes {
  const { mode, uid, gid, size } = attributes;
  const atime = timeOf(attributes.atime, now);
  return { mode, uid, gid, size, atime, mtime: timeOf(attributes.mtime, now) };
}

export function writeFile(to: Writer, file: FileId): void {
  to.u64(file);
}

export function readFile(from: Reader): FileId {
  return from.u64() as FileId;
}

export function writePlace(to: Writer, place: Place): void {
  to.u64(place.directory);
  to.byteString(place.name);
}

/** Throws `DecodeError` also for a name that nobody may give: a backend makes a path of it. */
export function readPlace(from: Reader): NamedPlace {
  const directory = from.u64() as FileId;
  const name = newName(from.byteString(NAME_SIZE_MAX, 'name'));
  if (!name.ok) throw new DecodeError(`name: ${name.error}`);
  return { directory, name: name.value };
}
