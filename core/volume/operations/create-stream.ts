/** Makes a stream of a file or directory: content of its own that stands in no directory (core/vfs/stream.ts). */
import { err, ok } from '../../result.ts';
import { mayWriteContent } from '../../vfs/access.ts';
import { type FileId, HAS_STREAMS, type Inode } from '../../vfs/inode.ts';
import { STREAMS_MAX } from '../../vfs/stream.ts';
import type { Operation } from '../operation.ts';
import { inodeToChange, putChanged, readFile, writeFile } from './common.ts';
import { readStreamPlace, type StreamPlace, streamName, writeStreamPlace } from './stream-place.ts';
import { type CreateStreamArgs, type CreateStreamOutcome, NO_DEVICE } from './types.ts';

export interface CreateStreamChange extends StreamPlace {
  readonly stream: FileId;
  readonly generation: number;
}

export const createStream: Operation<CreateStreamArgs, CreateStreamChange, CreateStreamOutcome> = {
  name: 'create-stream',
  code: 9,

  check(tree, context, args) {
    const inode = tree.inode(args.file);
    if (inode === undefined) return err('stale');
    if (inode.kind !== 'file' && inode.kind !== 'directory') return err('invalid');
    const name = streamName(args.name);
    if (!name.ok) return name;
    if (!mayWriteContent(inode, context.caller)) return err('access');
    if (tree.stream(inode.id, name.value) !== undefined) return err('exists');
    if (tree.streams(inode.id).length >= STREAMS_MAX || !context.hasRoom(0)) return err('no-space');
    const stream = context.mintFile();
    return ok({
      file: inode.id,
      name: name.value,
      stream,
      generation: context.mintGeneration(),
    });
  },

  encode(to, change) {
    writeStreamPlace(to, change);
    writeFile(to, change.stream);
    to.u32(change.generation);
  },

  decode(from) {
    return { ...readStreamPlace(from), stream: readFile(from), generation: from.u32() };
  },

  apply(tree, change, stamp) {
    const before = inodeToChange(tree, change.file);
    const inode: Inode = {
      ...before,
      id: change.stream,
      generation: change.generation,
      kind: 'stream',
      nlink: 1,
      size: 0,
      atime: stamp.time,
      mtime: stamp.time,
      ctime: stamp.time,
      btime: stamp.time,
      change: stamp.position,
      parent: before.id,
      nextCookie: 0,
      device: NO_DEVICE,
      target: '',
      verifier: '',
      issuer: '',
      issuerHandle: '',
      dos: 0,
      holds: 0,
    };
    tree.putInode(inode);
    tree.putStream(before.id, { name: change.name, id: change.stream });
    const holds = before.holds | HAS_STREAMS;
    return { inode, file: putChanged(tree, before, stamp, { holds }) };
  },

  /** Its object is made by the first byte. */
  content(backend, { stream }) {
    backend.clear(stream);
  },

  touches({ stream }) {
    return { files: [stream], names: [], makes: stream };
  },

  /** Whatever stands under its id is somebody else's. */
  edit({ stream }) {
    return { kind: 'cut', file: stream, size: 0 };
  },
};
