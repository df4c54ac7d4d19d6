/**
 * Open files, least recently used first out. A descriptor that a pool thread is working with is closed only when that is done.
 */
import { closeSync } from 'node:fs';
import type { FileId } from '#core/vfs/inode.ts';

export interface Descriptor {
  readonly fd: number;
  users: number;
  isDropped: boolean;
}

export class Descriptors {
  readonly #max: number;
  /** In order of use. */
  readonly #open = new Map<FileId, Descriptor>();
  #latest: FileId | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  get(file: FileId): Descriptor | undefined {
    const found = this.#open.get(file);
    if (found === undefined || this.#latest === file) return found;
    this.#open.delete(file);
    this.#open.set(file, found);
    this.#latest = file;
    return found;
  }

  /** Takes over `fd`, and closes the one that was not used for longest. */
  put(file: FileId, fd: number): Descriptor {
    this.drop(file);
    const made: Descriptor = { fd, users: 0, isDropped: false };
    this.#open.set(file, made);
    this.#latest = file;
    if (this.#open.size > this.#max) this.#evict();
    return made;
  }

  /** Closes the file's descriptor, if any, as soon as nobody uses it. */
  drop(file: FileId): void {
    const found = this.#open.get(file);
    if (found === undefined) return;
    this.#open.delete(file);
    if (this.#latest === file) this.#latest = undefined;
    found.isDropped = true;
    if (found.users === 0) closeSync(found.fd);
  }

  hold(descriptor: Descriptor): void {
    descriptor.users += 1;
  }

  release(descriptor: Descriptor): void {
    descriptor.users -= 1;
    if (descriptor.users === 0 && descriptor.isDropped) closeSync(descriptor.fd);
  }

  /** Closes about half of them: for when the process has too many. */
  shrink(): void {
    const count = Math.ceil(this.#open.size / 2);
    for (let closed = 0; closed < count; closed += 1) this.#evict();
  }

  close(): void {
    for (const file of [...this.#open.keys()]) this.drop(file);
  }

  #evict(): void {
    const oldest = this.#open.keys().next();
    if (oldest.done !== true) this.drop(oldest.value);
  }
}
