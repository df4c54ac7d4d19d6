/** Takes an empty directory away: RMDIR (RFC 1813 §3.3.13). */
import { err, ok } from '../../result.ts';
import { refuseRemoval } from '../../vfs/access.ts';
import type { FileId } from '../../vfs/inode.ts';
import { PARENT, SELF } from '../../vfs/name.ts';
import type { Operation } from '../operation.ts';
import {
  directoryOf,
  inodeToChange,
  type NamedPlace,
  nameWithin,
  putDirectory,
  readFile,
  readPlace,
  readStreams,
  streamsOf,
  writeFile,
  writePlace,
  writeStreams,
} from './common.ts';
import type { RemoveDirectoryArgs, RemoveDirectoryOutcome } from './types.ts';

export interface RemoveDirectoryChange extends NamedPlace {
  readonly file: FileId;
  /** Those that go with it. */
  readonly streams: readonly FileId[];
}

export const removeDirectory: Operation<
  RemoveDirectoryArgs,
  RemoveDirectoryChange,
  RemoveDirectoryOutcome
> = {
  name: 'remove-directory',
  code: 5,

  check(tree, context, args) {
    const directory = directoryOf(tree, args.directory);
    if (!directory.ok) return directory;
    if (args.name === SELF) return err('invalid');
    // Its parent has at least this name in it (RFC 1813 §3.3.13).
    if (args.name === PARENT) return err('exists');
    const name = nameWithin(args.name, context.limits);
    if (!name.ok) return name;
    const entry = tree.child(args.directory, name.value);
    if (entry === undefined) return err('not-found');
    const inode = inodeToChange(tree, entry.id);
    const refusal = refuseRemoval(directory.value, inode, context.caller);
    if (refusal !== undefined) return err(refusal);
    if (inode.kind !== 'directory') return err('not-directory');
    if (tree.entriesAfter(inode.id, 0, 1).length > 0) return err('not-empty');
    const streams = streamsOf(tree, inode);
    return ok({ directory: args.directory, name: name.value, file: inode.id, streams });
  },

  encode(to, change) {
    writePlace(to, change);
    writeFile(to, change.file);
    writeStreams(to, change.streams);
  },

  decode(from) {
    return { ...readPlace(from), file: readFile(from), streams: readStreams(from) };
  },

  apply(tree, change, stamp) {
    const directory = inodeToChange(tree, change.directory);
    const file = inodeToChange(tree, change.file);
    tree.removeName(change.directory, change.name);
    tree.removeInode(change.file);
    return { directory: putDirectory(tree, directory, stamp, { subdirectories: -1 }), file };
  },

  mirror(backend, { directory, name, file, streams }) {
    backend.remove(directory, name, file, true);
    for (const stream of streams) backend.drop(stream);
  },

  touches({ directory, name, file, streams }) {
    return { files: [file, ...streams], names: [{ directory, name }], ends: file };
  },
};
