/**
 * Takes a name away from anything but a directory: REMOVE (RFC 1813 §3.3.12). With the last name the file goes, with its
 * streams; one that somebody has open stays without a name until it is released.
 */
import { err, ok } from '../../result.ts';
import { refuseRemoval } from '../../vfs/access.ts';
import type { FileId } from '../../vfs/inode.ts';
import type { Operation } from '../operation.ts';
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
  writeFile,
  writePlace,
  writeStreams,
} from './common.ts';
import type { RemoveArgs, RemoveOutcome } from './types.ts';

export interface RemoveChange extends NamedPlace {
  readonly file: FileId;
  readonly last: boolean;
  /** Its last name goes, and it stays. */
  readonly kept: boolean;
  /** Those that go with it. */
  readonly streams: readonly FileId[];
}

export const remove: Operation<RemoveArgs, RemoveChange, RemoveOutcome> = {
  name: 'remove',
  code: 4,

  check(tree, context, args) {
    const directory = directoryOf(tree, args.directory);
    if (!directory.ok) return directory;
    const name = nameWithin(args.name, context.limits);
    if (!name.ok) return name;
    const entry = tree.child(args.directory, name.value);
    if (entry === undefined) return err('not-found');
    const inode = inodeToChange(tree, entry.id);
    const refusal = refuseRemoval(directory.value, inode, context.caller);
    if (refusal !== undefined) return err(refusal);
    if (inode.kind === 'directory') return err('is-directory');
    const last = inode.nlink === 1;
    const held = last ? streamsOf(tree, inode) : [];
    const kept = last && staysOpen(context, inode, held);
    const streams = kept ? [] : held;
    return ok({ directory: args.directory, name: name.value, file: inode.id, last, kept, streams });
  },

  encode(to, change) {
    writePlace(to, change);
    writeFile(to, change.file);
    to.u8(change.kept ? 2 : change.last ? 1 : 0);
    writeStreams(to, change.streams);
  },

  decode(from) {
    const place = readPlace(from);
    const file = readFile(from);
    const form = from.u8();
    return { ...place, file, last: form !== 0, kept: form === 2, streams: readStreams(from) };
  },

  apply(tree, change, stamp) {
    const directory = inodeToChange(tree, change.directory);
    const file = inodeToChange(tree, change.file);
    tree.removeName(change.directory, change.name);
    const { last, kept } = change;
    if (last && !kept) tree.removeInode(change.file);
    else putChanged(tree, file, stamp, { nlink: file.nlink - 1 });
    if (kept) tree.putOrphan(change.file);
    return { directory: putDirectory(tree, directory, stamp, {}), file, last, kept };
  },

  mirror(backend, { directory, name, file, last, kept, streams }) {
    backend.remove(directory, name, file, last && !kept);
    for (const stream of streams) backend.drop(stream);
  },

  touches({ directory, name, file, last, kept, streams }) {
    const ends = last && !kept ? file : undefined;
    return { files: [file, ...streams], names: [{ directory, name }], ends };
  },
};
