/** Gives a file one more name: LINK (RFC 1813 §3.3.15). */
import { err, ok } from '../../result.ts';
import { MAY_EXECUTE, mayAll, refuseNewName } from '../../vfs/access.ts';
import type { FileId } from '../../vfs/inode.ts';
import { PARENT, SELF } from '../../vfs/name.ts';
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
import type { LinkArgs, LinkOutcome } from './types.ts';

export interface LinkChange extends NamedPlace {
  readonly file: FileId;
}

export const link: Operation<LinkArgs, LinkChange, LinkOutcome> = {
  name: 'link',
  code: 7,

  check(tree, context, args) {
    const inode = tree.inode(args.file);
    // Without a name it is gone for everybody but those who have it open.
    if (inode === undefined || inode.nlink === 0) return err('stale');
    if (inode.kind === 'stream') return err('invalid');
    const directory = directoryOf(tree, args.directory);
    if (!directory.ok) return directory;
    if (args.name === SELF || args.name === PARENT) return err('exists');
    const name = nameWithin(args.name, context.limits);
    if (!name.ok) return name;
    if (!mayAll(directory.value, context.caller, MAY_EXECUTE)) return err('access');
    if (tree.child(args.directory, name.value) !== undefined) return err('exists');
    const refusal = refuseNewName(directory.value, context.caller);
    if (refusal !== undefined) return err(refusal);
    if (inode.kind === 'directory') return err('not-permitted');
    if (inode.nlink >= context.limits.linksMax) return err('too-many-links');
    if (!context.hasRoom(0)) return err('no-space');
    return ok({ directory: args.directory, name: name.value, file: args.file });
  },

  encode(to, change) {
    writePlace(to, change);
    writeFile(to, change.file);
  },

  decode(from) {
    return { ...readPlace(from), file: readFile(from) };
  },

  apply(tree, { directory, name, file }, stamp) {
    const parent = inodeToChange(tree, directory);
    const inode = inodeToChange(tree, file);
    tree.putName(directory, { cookie: parent.nextCookie, name, id: file });
    return {
      file: putChanged(tree, inode, stamp, { nlink: inode.nlink + 1 }),
      directory: putDirectory(tree, parent, stamp, { names: 1 }),
    };
  },

  mirror(backend, { directory, name, file }) {
    backend.link(file, directory, name);
  },

  touches({ directory, name, file }) {
    return { files: [file], names: [{ directory, name }] };
  },
};
