/**
 * Which file an object is, written on the object itself: an extended attribute, where the file system has those. It says
 * so when the box's table does not: after the end of the process, a power cut, or a copy that keeps attributes.
 */
import type { Log } from '#core/log-line.ts';
import type { Syscalls } from '#core/ports/syscalls.ts';
import type { FileId } from '#core/vfs/inode.ts';
import { bytesWithNul } from './layout.ts';

const NAME = bytesWithNul('user.understudy.file');
const FORMAT = 1;
/** Format u8, volume u32, file id u64. */
const SIZE = 13;
const NO_FILE = 0 as FileId;

export class Labels {
  readonly #syscalls: Syscalls;
  readonly #log: Log;
  readonly #label = Buffer.alloc(SIZE);
  readonly #found = Buffer.alloc(SIZE);
  #isOff = false;

  constructor(volume: number, syscalls: Syscalls, log: Log) {
    this.#syscalls = syscalls;
    this.#log = log;
    this.#label.writeUInt8(FORMAT, 0);
    this.#label.writeUInt32BE(volume, 1);
  }

  /** @param object A regular file's descriptor, or a directory's path with its closing NUL. */
  put(object: number | Buffer, file: FileId): void {
    if (this.#isOff) return;
    this.#label.writeBigUInt64BE(BigInt(file), 5);
    if (this.#syscalls.setAttribute(object, NAME, this.#label)) return;
    this.#isOff = true;
    this.#log.warn(
      'this file system has no extended attributes; after a power cut, files whose names had just changed may be taken for one another',
    );
  }

  /** Whether objects can say which file they are: tried on our corner, which is no file. */
  areKept(corner: string): boolean {
    this.put(bytesWithNul(corner), NO_FILE);
    return !this.#isOff;
  }

  /** The file of this volume that the regular file or directory at the path is; `undefined` where it does not say. */
  of(path: string): FileId | undefined {
    const found = this.#found;
    if (this.#syscalls.getAttribute(bytesWithNul(path), NAME, found) !== SIZE) return undefined;
    if (found.compare(this.#label, 0, 5, 0, 5) !== 0) return undefined;
    return Number(found.readBigUInt64BE(5)) as FileId;
  }
}
