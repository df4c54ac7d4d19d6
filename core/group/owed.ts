/**
 * Mirror calls that entries still owe to backends, in the order of the log.
 *
 * They wait a moment, so that a file which comes and goes meanwhile (a lock, what an editor keeps beside a document)
 * never reaches the tree: what makes it and what takes it away cancel each other.
 */
import type { FileId } from '../vfs/inode.ts';
import type { Stamp, Touched } from '../volume/operation.ts';
import type { AnyOperation } from '../volume/operations.ts';
import type { Volume } from '../volume/volume.ts';
import type { Position } from './entry.ts';

export interface Owed {
  readonly stamp: Stamp;
  readonly volume: Volume;
  readonly operation: AnyOperation;
  readonly change: unknown;
  readonly touched: Touched;
}

export class OwedCalls {
  #calls: Owed[] = [];
  /** How many of them are about a file. */
  readonly #files = new Map<Volume, Map<FileId, number>>();
  /** Those that will not be made: what makes a file may be behind when what takes it away comes. */
  readonly #cancelled = new Set<Owed>();

  get count(): number {
    return this.#calls.length;
  }

  add(call: Owed): void {
    this.#calls.push(call);
    const files = this.#filesOf(call.volume);
    for (const file of call.touched.files) files.set(file, (files.get(file) ?? 0) + 1);
  }

  /** Whether a call about this file is owed. */
  concerns(volume: Volume, file: FileId): boolean {
    return this.#calls.length > 0 && (this.#files.get(volume)?.has(file) ?? false);
  }

  /**
   * Makes those of entries up to `position`, at most `countMax` of them, and says whether that were all. When `make`
   * throws, its call and those behind it are still owed.
   */
  settle(position: Position, countMax: number, make: (call: Owed) => void): boolean {
    const due = this.#due(position);
    if (due > 1) cancel(this.#calls, due, this.#cancelled);
    let done = 0;
    let made = 0;
    try {
      while (done < due && made < countMax) {
        const call = this.#calls[done] as Owed;
        if (this.#cancelled.has(call)) {
          // Content may have come for the file before its name.
          if (call.touched.makes !== undefined) call.volume.backend.clear(call.touched.makes);
        } else {
          make(call);
          made += 1;
        }
        done += 1;
      }
    } finally {
      for (let index = 0; index < done; index += 1) this.#forget(this.#calls[index] as Owed);
      this.#calls = done === this.#calls.length ? [] : this.#calls.slice(done);
    }
    return done === due;
  }

  clear(): void {
    this.#calls = [];
    this.#files.clear();
    this.#cancelled.clear();
  }

  #due(position: Position): number {
    let due = this.#calls.length;
    while (due > 0 && (this.#calls[due - 1] as Owed).stamp.position > position) due -= 1;
    return due;
  }

  #filesOf(volume: Volume): Map<FileId, number> {
    const known = this.#files.get(volume);
    if (known !== undefined) return known;
    const files = new Map<FileId, number>();
    this.#files.set(volume, files);
    return files;
  }

  #forget(call: Owed): void {
    const { volume, touched } = call;
    this.#cancelled.delete(call);
    const files = this.#filesOf(volume);
    for (const file of touched.files) {
      const count = files.get(file) ?? 0;
      if (count > 1) files.set(file, count - 1);
      else files.delete(file);
    }
  }
}

/** Adds of the first `count` calls all about files that are made and removed among them and had no other name meanwhile. */
function cancel(calls: readonly Owed[], count: number, cancelled: Set<Owed>): void {
  /** Made among them, with the calls so far. */
  const young = new Map<Volume, Map<FileId, Owed[]>>();
  for (let index = 0; index < count; index += 1) {
    const call = calls[index] as Owed;
    const { makes, ends, files, names } = call.touched;
    const ofVolume = young.get(call.volume) ?? new Map<FileId, Owed[]>();
    young.set(call.volume, ofVolume);
    if (makes !== undefined) {
      if (call.operation.isBrief?.(call.change) === true) ofVolume.set(makes, [call]);
      continue;
    }
    const file = files.length === 1 ? (files[0] as FileId) : undefined;
    const about = file === undefined ? undefined : ofVolume.get(file);
    if (about !== undefined && file === ends) {
      for (const one of [...about, call]) cancelled.add(one);
      ofVolume.delete(file as FileId);
    } else if (about !== undefined && names.length === 0) about.push(call);
    else for (const one of files) ofVolume.delete(one);
  }
}
