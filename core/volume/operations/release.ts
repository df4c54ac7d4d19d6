/** A file that was kept without a name, for those who had it open, goes with its streams. */
import { err, ok } from '../../result.ts';
import type { FileId } from '../../vfs/inode.ts';
import type { Operation } from '../operation.ts';
import {
  inodeToChange,
  readFile,
  readStreams,
  streamsOf,
  writeFile,
  writeStreams,
} from './common.ts';
import type { ReleaseArgs, ReleaseOutcome } from './types.ts';

export interface ReleaseChange {
  readonly file: FileId;
  readonly streams: readonly FileId[];
}

export const release: Operation<ReleaseArgs, ReleaseChange, ReleaseOutcome> = {
  name: 'release',
  code: 12,

  check(tree, _context, { file }) {
    const inode = tree.inode(file);
    if (inode === undefined) return err('stale');
    // It has a name: whoever asks has not seen it kept.
    if (inode.nlink !== 0) return err('invalid');
    return ok({ file, streams: streamsOf(tree, inode) });
  },

  encode(to, { file, streams }) {
    writeFile(to, file);
    writeStreams(to, streams);
  },

  decode(from) {
    return { file: readFile(from), streams: readStreams(from) };
  },

  apply(tree, { file }) {
    const before = inodeToChange(tree, file);
    tree.removeInode(file);
    return { file: before };
  },

  mirror(backend, { file, streams }) {
    backend.drop(file);
    for (const stream of streams) backend.drop(stream);
  },

  touches({ file, streams }) {
    return { files: [file, ...streams], names: [], ends: file };
  },
};
