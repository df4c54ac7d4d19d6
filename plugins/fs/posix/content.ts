/** A volume's bytes: read from the page cache where they are there, from a pool thread otherwise; written at once. */
import { constants, fdatasync, ftruncateSync, read, readSync, writeSync } from 'node:fs';
import type { Log } from '#core/log-line.ts';
import type { Syscalls } from '#core/ports/syscalls.ts';
import type { FileId } from '#core/vfs/inode.ts';
import { BackendError } from '#core/volume/backend.ts';
import type { Descriptor, Descriptors } from './descriptors.ts';
import type { Objects } from './objects.ts';
import type { Places } from './places.ts';
import { refusal } from './status.ts';
import type { Unnamed } from './unnamed.ts';

const MAKE = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
/** Missing files that are remembered, so that each is logged once. */
const MISSING_MAX = 1024;
/** Files that a checkpoint flushes at once: half of the pool, so that reads go on. */
const FLUSHES_MAX = 2;

export interface ContentDependencies {
  readonly objects: Objects;
  readonly places: Places;
  readonly unnamed: Unnamed;
  readonly descriptors: Descriptors;
  readonly syscalls: Syscalls;
  /** Whether the file system is memory itself: no read has to wait there, and none can be told not to. */
  readonly isMemory: boolean;
  readonly log: Log;
}

interface Flush {
  readonly done: Promise<void>;
  /** Begins when `done` is over, for what was written since that began. */
  next: Promise<void> | undefined;
}

export class Content {
  readonly #deps: ContentDependencies;
  readonly #flushes = new Map<FileId, Flush>();
  readonly #missing = new Set<FileId>();
  /** Written to since the last checkpoint. */
  #changed = new Set<FileId>();

  constructor(deps: ContentDependencies) {
    this.#deps = deps;
  }

  read(file: FileId, offset: number, target: Buffer): number | Promise<number> {
    const { syscalls, isMemory } = this.#deps;
    if (isMemory) return this.readNow(file, offset, target);
    const found = this.#existing(file, 'read');
    if (found === undefined) return 0;
    try {
      let at = 0;
      while (at < target.length) {
        const room = at === 0 ? target : target.subarray(at);
        const count = syscalls.readNow(found.fd, room, offset + at);
        if (count === 'would-block') return this.#readLater(file, found, offset, target, at);
        if (count === 0) break;
        at += count;
      }
      return at;
    } catch (error) {
      throw refusal(error, `read of file ${file}`);
    }
  }

  /** As `read`, but waits for the disk where it must. */
  readNow(file: FileId, offset: number, target: Buffer): number {
    const found = this.#existing(file, 'read');
    if (found === undefined) return 0;
    try {
      let at = 0;
      while (at < target.length) {
        const count = readSync(found.fd, target, at, target.length - at, offset + at);
        if (count === 0) break;
        at += count;
      }
      return at;
    } catch (error) {
      throw refusal(error, `read of file ${file}`);
    }
  }

  write(file: FileId, offset: number, data: Buffer): void {
    if (data.length === 0) return;
    let at = 0;
    try {
      const { fd } = this.#existing(file, 'write') ?? this.#makeUnnamed(file);
      while (at < data.length) at += writeSync(fd, data, at, data.length - at, offset + at);
    } catch (error) {
      throw refusal(error, `write to file ${file}`, at);
    } finally {
      if (at > 0) this.#changed.add(file);
    }
  }

  truncate(file: FileId, size: number): void {
    try {
      ftruncateSync((this.#existing(file, 'truncate') ?? this.#makeUnnamed(file)).fd, size);
    } catch (error) {
      throw refusal(error, `truncate of file ${file}`);
    }
    this.#changed.add(file);
  }

  clear(file: FileId): void {
    const { unnamed } = this.#deps;
    if (!unnamed.has(file)) return;
    try {
      this.forget(file);
      unnamed.remove(file);
    } catch (error) {
      throw refusal(error, `clear of file ${file}`);
    }
  }

  /** One flush of a file at a time; everybody who asks during one shares the next. */
  sync(file: FileId): Promise<void> {
    const under = this.#flushes.get(file);
    if (under === undefined) return this.#flush(file);
    under.next ??= under.done.then(
      () => this.#flush(file),
      () => this.#flush(file),
    );
    return under.next;
  }

  /** Flushes every file that was written to since the last time. */
  async syncAll(): Promise<void> {
    const left = this.#changed;
    this.#changed = new Set();
    const iterator = left.values();
    const work = async (): Promise<void> => {
      for (const file of iterator) {
        await this.sync(file);
        left.delete(file);
      }
    };
    try {
      await Promise.all(Array.from({ length: FLUSHES_MAX }, work));
    } catch (error) {
      for (const file of left) this.#changed.add(file);
      throw error;
    }
  }

  forget(file: FileId): void {
    this.#changed.delete(file);
    this.#deps.descriptors.drop(file);
  }

  /** `undefined` where nothing was ever stored. */
  #existing(file: FileId, what: string): Descriptor | undefined {
    const { objects, places, log } = this.#deps;
    const found = objects.open(file);
    if (found !== undefined) return found;
    const place = places.of(file);
    if (place === undefined) return undefined;
    const name = Buffer.from(place.name, 'latin1').toString('utf8');
    if (!this.#missing.has(file) && this.#missing.size < MISSING_MAX) {
      this.#missing.add(file);
      log.error('a file is gone from the folder, though nobody removed it through Understudy', {
        file,
        name,
      });
    }
    throw new BackendError(
      `fs/posix: ${what} of "${name}" (file ${file}): it is gone from the folder`,
      'io',
    );
  }

  #makeUnnamed(file: FileId): Descriptor {
    const { objects, unnamed, descriptors } = this.#deps;
    const fd = objects.openAt(unnamed.path(file), MAKE, 0o600);
    unnamed.add(file);
    return descriptors.put(file, fd);
  }

  /** From a pool thread, because it has to wait for the disk. */
  #readLater(
    file: FileId,
    from: Descriptor,
    offset: number,
    target: Buffer,
    done: number,
  ): Promise<number> {
    const { descriptors } = this.#deps;
    descriptors.hold(from);
    return new Promise((resolve, reject) => {
      const finish = (error: Error | null, count: number): void => {
        descriptors.release(from);
        if (error === null) resolve(done + count);
        else reject(refusal(error, `read of file ${file}`));
      };
      read(from.fd, target, done, target.length - done, offset + done, finish);
    });
  }

  #flush(file: FileId): Promise<void> {
    const flush: Flush = { done: this.#flushNow(file), next: undefined };
    this.#flushes.set(file, flush);
    const clear = (): void => {
      if (this.#flushes.get(file) === flush) this.#flushes.delete(file);
    };
    flush.done.then(clear, clear);
    return flush.done;
  }

  #flushNow(file: FileId): Promise<void> {
    return new Promise((resolve, reject) => {
      const { descriptors } = this.#deps;
      const found = this.#existing(file, 'sync');
      if (found === undefined) {
        resolve();
        return;
      }
      descriptors.hold(found);
      fdatasync(found.fd, (error) => {
        descriptors.release(found);
        if (error === null) resolve();
        else reject(refusal(error, `sync of file ${file}`));
      });
    });
  }
}
