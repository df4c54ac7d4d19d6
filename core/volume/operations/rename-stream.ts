/** Gives a stream another name in the same file ([MS-FSCC] §2.4.42 with a stream's name), over what had that. */
import { err, ok } from '../../result.ts';
import { mayWriteContent } from '../../vfs/access.ts';
import type { FileId } from '../../vfs/inode.ts';
import type { Name } from '../../vfs/name.ts';
import type { StreamEntry } from '../../vfs/stream.ts';
import type { Operation } from '../operation.ts';
import { inodeToChange, putChanged, readFile, writeFile } from './common.ts';
import { readStreamPlace, type StreamPlace, streamName, writeStreamPlace } from './stream-place.ts';
import type { RenameStreamArgs, RenameStreamOutcome } from './types.ts';

export interface RenameStreamChange {
  readonly source: StreamPlace;
  readonly stream: FileId;
  readonly target: Name;
  /** What had the target name, and goes. */
  readonly replaced: StreamEntry | undefined;
}

export const renameStream: Operation<RenameStreamArgs, RenameStreamChange, RenameStreamOutcome> = {
  name: 'rename-stream',
  code: 11,

  check(tree, context, args) {
    const inode = tree.inode(args.file);
    if (inode === undefined) return err('stale');
    const name = streamName(args.name);
    if (!name.ok) return name;
    const target = streamName(args.target);
    if (!target.ok) return target;
    const entry = tree.stream(inode.id, name.value);
    if (entry === undefined) return err('not-found');
    if (!mayWriteContent(inode, context.caller)) return err('access');
    const there = tree.stream(inode.id, target.value);
    const replaced = there?.id === entry.id ? undefined : there;
    if (replaced !== undefined && !args.replaces) return err('exists');
    const source = { file: inode.id, name: entry.name };
    return ok({ source, stream: entry.id, target: target.value, replaced });
  },

  encode(to, { source, stream, target, replaced }) {
    writeStreamPlace(to, source);
    writeFile(to, stream);
    writeStreamPlace(to, { file: stream, name: target });
    to.u8(replaced === undefined ? 0 : 1);
    if (replaced !== undefined) writeStreamPlace(to, { file: replaced.id, name: replaced.name });
  },

  decode(from) {
    const source = readStreamPlace(from);
    const stream = readFile(from);
    const target = readStreamPlace(from).name;
    if (from.u8() === 0) return { source, stream, target, replaced: undefined };
    const { file: id, name } = readStreamPlace(from);
    return { source, stream, target, replaced: { id, name } };
  },

  apply(tree, { source, stream, target, replaced }, stamp) {
    const before = inodeToChange(tree, source.file);
    const inode = inodeToChange(tree, stream);
    if (replaced !== undefined) {
      tree.removeStream(source.file, replaced.name);
      tree.removeInode(replaced.id);
    }
    tree.removeStream(source.file, source.name);
    tree.putStream(source.file, { name: target, id: stream });
    const renamed = putChanged(tree, inode, stamp, {}).after;
    return { inode: renamed, file: putChanged(tree, before, stamp, {}) };
  },

  mirror(backend, { replaced }) {
    if (replaced !== undefined) backend.drop(replaced.id);
  },

  touches({ replaced }) {
    return replaced && { files: [replaced.id], names: [], ends: replaced.id };
  },
};
