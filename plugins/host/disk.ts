/** Files below one root folder: appended with one system call, synced in the thread pool, replaced atomically. */
import {
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writevSync,
} from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import { crc32 } from 'node:zlib';
import { type AppendFile, type Disk, DiskError } from '#core/ports/disk.ts';
import { Coalesced } from './coalesced.ts';
import { codeOf, messageOf } from './errors.ts';
import { linger } from './linger.ts';

/** Buffers of one `writev`: IOV_MAX of Linux. */
const CHUNKS_MAX = 1024;
/** What room is taken with: one piece, written as often as it takes. */
const ZEROS = Buffer.alloc(64 * 1024);
/** Milliseconds of a disk that is waited for awake: a slower one is not made faster by it. */
const AWAKE_SYNC_MS_MAX = 0.5;
/** Of so many of the last syncs it is known how long they take. */
const SYNCS_AVERAGED = 8;

export function createDisk(root: string): Disk {
  const base = resolve(root);
  const locate = (path: string): string => below(base, path);
  return {
    open: (path) => openAppend(locate(path)),
    list: (path) => absentAs([], () => readdirSync(locate(path)).sort()),
    remove: (path) => guarded(path, () => rmSync(locate(path), { force: true })),
    read: (path) => absentAs(undefined, () => readFileSync(locate(path))),
    replace: (path, bytes) => guarded(path, () => replaceFile(locate(path), bytes)),
    checksum: (bytes) => crc32(bytes),
    free: () => {
      const { bavail, bsize } = statfsSync(base);
      return bavail * bsize;
    },
  };
}

/** The absolute path of `path` below `root`; throws when it would lead out of there. */
export function below(root: string, path: string): string {
  const full = resolve(root, path);
  if (!full.startsWith(root + sep)) throw new DiskError(`${path}: outside of ${root}`, false);
  return full;
}

/** Writes beside the file, syncs, renames over it and syncs the folder: a crash leaves the old or the new bytes. */
export function replaceFile(path: string, bytes: Uint8Array, mode = 0o600): void {
  makeFolder(dirname(path));
  const temporary = `${path}.new`;
  writeFileSync(temporary, bytes, { mode, flush: true });
  renameSync(temporary, path);
  syncFolder(dirname(path));
}

/** Makes the folder and those above it, each of them durable in its parent. */
export function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) {
    syncFolder(dirname(made));
  }
}

function syncFolder(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function openAppend(path: string): AppendFile {
  return guarded(path, () => {
    makeFolder(dirname(path));
    const isNew = !existsSync(path);
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    if (isNew) syncFolder(dirname(path));
    return new File(path, fd);
  });
}

class File implements AppendFile {
  readonly #path: string;
  readonly #fd: number;
  readonly #syncs: Coalesced;
  #size: number;
  #reserved = 0;
  /** Why the file must not be used any more: after a failed sync nobody knows which bytes the disk has. */
  #broken: DiskError | undefined;
  /** Milliseconds. */
  #usualSyncMs = 0;
  #closed = false;

  constructor(path: string, fd: number) {
    this.#path = path;
    this.#fd = fd;
    this.#size = fstatSync(fd).size;
    this.#syncs = new Coalesced(() => this.#syncNow());
  }

  get size(): number {
    return this.#size;
  }

  get reserved(): number {
    return this.#reserved;
  }

  append(chunks: readonly Uint8Array[]): void {
    this.#check();
    const before = this.#size;
    try {
      for (let start = 0; start < chunks.length; start += CHUNKS_MAX) {
        this.#size += writeAll(this.#fd, chunks.slice(start, start + CHUNKS_MAX), this.#size);
      }
    } catch (error) {
      throw this.#takenBack(before, diskError(this.#path, error));
    }
    this.#reserved = Math.max(0, this.#reserved - (this.#size - before));
  }

  reserve(size: number): void {
    this.#check();
    try {
      // Written and not only allocated: what a file system has allocated and never written grows like a new end.
      const pieces = Array.from({ length: Math.ceil(size / ZEROS.length) }, (_, at) =>
        ZEROS.subarray(0, size - at * ZEROS.length),
      );
      this.#reserved = writeAll(this.#fd, pieces, this.#size);
    } catch (error) {
      const cause = this.#takenBack(this.#size, diskError(this.#path, error));
      if (!cause.full) throw cause;
    }
  }

  seal(): void {
    this.#check();
    this.truncate(this.#size);
    try {
      fdatasyncSync(this.#fd);
    } catch (error) {
      this.#broken = diskError(this.#path, error);
      throw this.#broken;
    }
  }

  sync(): Promise<void> {
    if (this.#broken) return Promise.reject(this.#broken);
    return this.#syncs.run();
  }

  read(offset: number, target: Buffer): number {
    const size = Math.max(0, Math.min(target.length, this.#size - offset));
    return guarded(this.#path, () => readAll(this.#fd, target.subarray(0, size), offset));
  }

  truncate(size: number): void {
    guarded(this.#path, () => ftruncateSync(this.#fd, size));
    this.#size = size;
    this.#reserved = 0;
  }

  /** A sync under way still uses the descriptor, so that is closed after it. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const closed = new DiskError(`${this.#path}: closed`, false);
    if (this.#reserved > 0) this.#takenBack(this.#size, closed);
    this.#broken ??= closed;
    void this.#syncs.settled().then(() => closeSync(this.#fd));
  }

  /** A half-written record must not stand before the next one; where it cannot be cut off, there is no next one. */
  #takenBack(size: number, cause: DiskError): DiskError {
    try {
      ftruncateSync(this.#fd, size);
      this.#size = size;
      this.#reserved = 0;
    } catch {
      this.#broken = cause;
    }
    return cause;
  }

  #check(): void {
    if (this.#broken) throw this.#broken;
  }

  #syncNow(): Promise<void> {
    return new Promise((done, fail) => {
      const began = performance.now();
      if (this.#usualSyncMs < AWAKE_SYNC_MS_MAX) linger(AWAKE_SYNC_MS_MAX);
      fdatasync(this.#fd, (error) => {
        this.#usualSyncMs += (performance.now() - began - this.#usualSyncMs) / SYNCS_AVERAGED;
        if (!error) return done();
        this.#broken = diskError(this.#path, error);
        fail(this.#broken);
      });
    });
  }
}

/** Returns the bytes written, always all of them: a short write is followed by another. */
function writeAll(fd: number, chunks: readonly Uint8Array[], offset: number): number {
  let total = 0;
  let left = chunks;
  for (;;) {
    const size = left.reduce((sum, chunk) => sum + chunk.length, 0);
    if (size === 0) return total;
    const written = writevSync(fd, left, offset + total);
    total += written;
    if (written === size) return total;
    left = skip(left, written);
  }
}

function skip(chunks: readonly Uint8Array[], size: number): readonly Uint8Array[] {
  let left = size;
  const rest: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (left < chunk.length) rest.push(chunk.subarray(left));
    left = Math.max(0, left - chunk.length);
  }
  return rest;
}

function readAll(fd: number, target: Buffer, offset: number): number {
  let done = 0;
  while (done < target.length) {
    const size = readSync(fd, target, done, target.length - done, offset + done);
    if (size === 0) break;
    done += size;
  }
  return done;
}

function absentAs<T>(value: T, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return value;
    throw diskError('', error);
  }
}

function guarded<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw diskError(path, error);
  }
}

export function diskError(path: string, error: unknown): DiskError {
  if (error instanceof DiskError) return error;
  const code = codeOf(error);
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  const what = full ? 'the disk is full; free some space or give it more' : messageOf(error);
  return new DiskError(path === '' ? what : `${path}: ${what}`, full);
}
