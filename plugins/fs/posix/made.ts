/**
 * The inode numbers of what was made last, in memory that outlives the process: the table's rows of it may not be in the
 * store yet when that ends. It is all that is known of objects that cannot say which file they are.
 *
 *     made so far u32, and four bytes of nothing | for each of the last ones: file f64, inode f64
 */
import type { FileId } from '#core/vfs/inode.ts';

/** More than the store lacks when a process ends: some hundred entries wait to be folded (core/group/state.ts). */
const NOTED_MAX = 2048;
const HEAD_SIZE = 8;
const NOTE_SIZE = 16;
export const MADE_SIZE = HEAD_SIZE + NOTED_MAX * NOTE_SIZE;

export class Made {
  readonly #bytes: Buffer;

  /** @param bytes MADE_SIZE of them. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  note(file: FileId, inode: number): void {
    const count = this.#bytes.readUInt32LE(0);
    const at = HEAD_SIZE + (count % NOTED_MAX) * NOTE_SIZE;
    this.#bytes.writeDoubleLE(file, at);
    this.#bytes.writeDoubleLE(inode, at + 8);
    this.#bytes.writeUInt32LE((count + 1) >>> 0, 0);
  }

  /** File by inode number; of a number given out twice, the later one. */
  files(): ReadonlyMap<number, FileId> {
    const count = this.#bytes.readUInt32LE(0);
    const files = new Map<number, FileId>();
    for (let index = Math.max(0, count - NOTED_MAX); index < count; index += 1) {
      const at = HEAD_SIZE + (index % NOTED_MAX) * NOTE_SIZE;
      files.set(this.#bytes.readDoubleLE(at + 8), this.#bytes.readDoubleLE(at) as FileId);
    }
    return files;
  }
}
