/** Takes a stream away with its content; the file stays. */
import { err, ok } from '../../result.ts';
import { mayWriteContent } from '../../vfs/access.ts';
import { type FileId, HAS_STREAMS, type Inode } from '../../vfs/inode.ts';
import type { Operation, Stamp, TreeWriter } from '../operation.ts';
import { inodeToChange, putChanged, readFile, writeFile } from './common.ts';
import { readStreamPlace, type StreamPlace, streamName, writeStreamPlace } from './stream-place.ts';
import type { Changed, RemoveStreamArgs, RemoveStreamOutcome } from './types.ts';

export interface RemoveStreamChange extends StreamPlace {
  readonly stream: FileId;
}

export const removeStream: Operation<RemoveStreamArgs, RemoveStreamChange, RemoveStreamOutcome> = {
  name: 'remove-stream',
  code: 10,

  check(tree, context, args) {
    const inode = tree.inode(args.file);
    if (inode === undefined) return err('stale');
    const name = streamName(args.name);
    if (!name.ok) return name;
    const entry = tree.stream(inode.id, name.value);
    if (entry === undefined) return err('not-found');
    if (!mayWriteContent(inode, context.caller)) return err('access');
    return ok({ file: inode.id, name: entry.name, stream: entry.id });
  },

  encode(to, change) {
    writeStreamPlace(to, change);
    writeFile(to, change.stream);
  },

  decode(from) {
    return { ...readStreamPlace(from), stream: readFile(from) };
  },

  apply(tree, { file, name, stream: id }, stamp) {
    const before = inodeToChange(tree, file);
    const stream = inodeToChange(tree, id);
    tree.removeStream(file, name);
    tree.removeInode(id);
    return { stream, file: putWithout(tree, before, stamp) };
  },

  mirror(backend, { stream }) {
    backend.drop(stream);
  },

  touches({ stream }) {
    return { files: [stream], names: [], ends: stream };
  },
};

/** The file after one of its streams went. */
function putWithout(tree: TreeWriter, before: Inode, stamp: Stamp): Changed {
  const isLast = tree.streams(before.id).length === 0;
  return putChanged(tree, before, stamp, {
    holds: isLast ? before.holds & ~HAS_STREAMS : before.holds,
  });
}
