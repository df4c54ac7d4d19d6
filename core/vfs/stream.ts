/** Streams: contents beside a file's own, by name, that SMB clients keep notes in ([MS-FSCC] §2.1.5). */
import type { FileId } from './inode.ts';
import type { Name } from './name.ts';

/** Streams of one file: more than any program makes; a listing of all fits one answer of 64 KiB with common names. */
export const STREAMS_MAX = 256;

export interface StreamEntry {
  /** Without colons and type: `Zone.Identifier`, as it was made; found in whatever case. */
  readonly name: Name;
  /** The stream's own inode, whose kind is `stream` and whose parent is the file. */
  readonly id: FileId;
}
