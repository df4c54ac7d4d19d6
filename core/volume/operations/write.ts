/**
 * Puts bytes into a file: WRITE (RFC 1813 §3.3.7). The bytes travel beside the change; this is the extent they fill.
 *
 * Liberty taken: the backend's own mtime is left as its write made it, milliseconds from the catalog's: setting it at
 * every write would cost a system call for what only a person with the disk in hand could see.
 */

import type { Time } from '../../ports/clock.ts';
import { err, ok } from '../../result.ts';
import { mayWriteContent, modeAfterWrite } from '../../vfs/access.ts';
import { type FileId, hasContent } from '../../vfs/inode.ts';
import { readTime, writeTime } from '../../vfs/set-attributes.ts';
import type { Operation } from '../operation.ts';
import {
  guardOf,
  inodeToChange,
  mirrorAttributes,
  putBase,
  putChanged,
  readFile,
  unchanged,
  writeFile,
} from './common.ts';
import type { WriteArgs, WriteOutcome } from './types.ts';

/** What the visible tree must be told when a write takes setuid or setgid away. */
interface Cleared {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly atime: Time;
  /** Of the file after the write. */
  readonly fileSize: number;
}

const CLEARED = 1;
const KEEPS_MTIME = 2;

export interface WriteChange {
  readonly file: FileId;
  readonly offset: number;
  /** 0 changes nothing, not even times (RFC 1813 §3.3.7). */
  readonly size: number;
  readonly cleared: Cleared | undefined;
  readonly keepsMtime: boolean;
}

export const write: Operation<WriteArgs, WriteChange, WriteOutcome> = {
  name: 'write',
  code: 3,

  check(tree, context, { file, offset, size, keepsMtime = false, granted = false }) {
    const inode = tree.inode(file);
    if (inode === undefined) return err('stale');
    if (inode.kind === 'directory') return err('is-directory');
    if (!hasContent(inode.kind)) return err('invalid');
    if (!granted && !mayWriteContent(guardOf(tree, inode), context.caller)) return err('access');
    const end = offset + size;
    if (end > context.limits.fileSizeMax) return err('file-too-big');
    if (!context.hasRoom(size)) return err('no-space');
    const mode = modeAfterWrite(inode, context.caller);
    const extent = { file, offset, size, keepsMtime };
    if (mode === inode.mode || size === 0) return ok({ ...extent, cleared: undefined });
    const { uid, gid, atime } = inode;
    const cleared = { mode, uid, gid, atime, fileSize: Math.max(inode.size, end) };
    return ok({ ...extent, cleared });
  },

  encode(to, change) {
    writeFile(to, change.file);
    to.u64(change.offset);
    to.u32(change.size);
    to.u8((change.cleared === undefined ? 0 : CLEARED) | (change.keepsMtime ? KEEPS_MTIME : 0));
    if (change.cleared === undefined) return;
    to.u16(change.cleared.mode);
    to.u32(change.cleared.uid);
    to.u32(change.cleared.gid);
    writeTime(to, change.cleared.atime);
    to.u64(change.cleared.fileSize);
  },

  decode(from) {
    const file = readFile(from);
    const offset = from.u64();
    const size = from.u32();
    const forms = from.u8();
    const extent = { file, offset, size, keepsMtime: (forms & KEEPS_MTIME) !== 0 };
    if ((forms & CLEARED) === 0) return { ...extent, cleared: undefined };
    const cleared = {
      mode: from.u16(),
      uid: from.u32(),
      gid: from.u32(),
      atime: readTime(from),
      fileSize: from.u64(),
    };
    return { ...extent, cleared };
  },

  apply(tree, change, stamp) {
    const before = inodeToChange(tree, change.file);
    if (change.size === 0) return { file: unchanged(before), size: 0 };
    const mtime = change.keepsMtime ? before.mtime : stamp.time;
    const file = putChanged(tree, before, stamp, {
      mode: change.cleared?.mode ?? before.mode,
      size: Math.max(before.size, change.offset + change.size),
      mtime,
    });
    if (before.kind === 'stream') putBase(tree, before, stamp, change.keepsMtime);
    return { file, size: change.size };
  },

  content(backend, change, data) {
    if (change.size > 0 && data !== undefined) backend.write(change.file, change.offset, data);
  },

  shortened(tree, change, size) {
    const { file, offset, cleared } = change;
    if (cleared === undefined) return { ...change, size };
    const fileSize = Math.max(inodeToChange(tree, file).size, offset + size);
    return { ...change, size, cleared: { ...cleared, fileSize } };
  },

  mirror(backend, { file, cleared }, context) {
    if (cleared === undefined) return;
    // With a kept time the tree's own is off by as much as after any other write.
    const attributes = { ...cleared, size: cleared.fileSize, mtime: 'now' } as const;
    backend.setAttributes(file, mirrorAttributes(attributes, context));
  },

  touches({ file, cleared }) {
    return cleared && { files: [file], names: [] };
  },

  edit({ file, offset, size }) {
    return size === 0 ? undefined : { kind: 'put', file, offset, size };
  },

  extent({ file, offset, size }) {
    return size === 0 ? undefined : { file, offset, size };
  },
};
