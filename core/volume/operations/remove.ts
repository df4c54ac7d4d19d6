/** Takes a name away from anything but a directory: REMOVE (RFC 1813 §3.3.12). With the last name the file goes. */
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
  writeFile,
  writePlace,
} from './common.ts';
import type { RemoveArgs, RemoveOutcome } from './types.ts';

export interface RemoveChange extends NamedPlace {
  readonly file: FileId;
  readonly last: boolean;
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
    return ok({ directory: args.directory, name: name.value, file: inode.id, last });
  },

  encode(to, change) {
    writePlace(to, change);
    writeFile(to, change.file);
    to.u8(change.last ? 1 : 0);
  },

  decode(from) {
    return { ...readPlace(from), file: readFile(from), last: from.u8() === 1 };
  },

  apply(tree, change, stamp) {
    const directory = inodeToChange(tree, change.directory);
    const file = inodeToChange(tree, change.file);
    tree.removeName(change.directory, change.name);
    if (change.last) tree.removeInode(change.file);
    else putChanged(tree, file, stamp, { nlink: file.nlink - 1 });
    return { directory: putDirectory(tree, directory, stamp, {}), file, last: change.last };
  },

  mirror(backend, { directory, name, file, last }) {
    backend.remove(directory, name, file, last);
  },

  touches({ directory, name, file, last }) {
    return { files: [file], names: [{ directory, name }], ends: last ? file : undefined };
  },
};
