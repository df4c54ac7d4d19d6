/**
 * One file's bytes: chunks by index, none where nothing was written. Only chunk 0 may be shorter than
 * `CHUNK_SIZE`; it grows by doubling, so that a small file costs little. That growth is the one case in which a byte
 * is copied twice.
 */
import { CHUNK_SIZE, type Chunks, chunkSizeFor } from './chunks.ts';

export class Content {
  readonly #from: Chunks;
  readonly #chunks = new Map<number, Buffer>();
  #size = 0;

  constructor(from: Chunks) {
    this.#from = from;
  }

  /** Bytes up to the end of the file, holes included. */
  get size(): number {
    return this.#size;
  }

  read(offset: number, target: Buffer): number {
    const end = Math.min(this.#size, offset + target.length);
    let at = offset;
    while (at < end) {
      const index = Math.floor(at / CHUNK_SIZE);
      const start = at - index * CHUNK_SIZE;
      const count = Math.min(CHUNK_SIZE - start, end - at);
      readChunk(this.#chunks.get(index), start, target, at - offset, count);
      at += count;
    }
    return Math.max(0, end - offset);
  }

  /** Takes all of `data` or, throwing `BackendError`, nothing. */
  write(offset: number, data: Buffer): void {
    if (data.length === 0) return;
    const end = offset + data.length;
    this.#from.demand(this.#lacking(offset, end));
    let at = offset;
    while (at < end) {
      const index = Math.floor(at / CHUNK_SIZE);
      const start = at - index * CHUNK_SIZE;
      const count = Math.min(CHUNK_SIZE - start, end - at);
      data.copy(this.#room(index, start, count), start, at - offset, at - offset + count);
      at += count;
    }
    this.#size = Math.max(this.#size, end);
  }

  truncate(size: number): void {
    if (size < this.#size) this.#cut(size);
    this.#size = size;
  }

  /** Gives all chunks back. */
  free(): void {
    for (const chunk of this.#chunks.values()) this.#from.give(chunk);
    this.#chunks.clear();
    this.#size = 0;
  }

  #cut(size: number): void {
    const index = Math.floor(size / CHUNK_SIZE);
    const start = size - index * CHUNK_SIZE;
    for (const [other, chunk] of this.#chunks) {
      if (other < index || (other === index && start > 0)) continue;
      this.#from.give(chunk);
      this.#chunks.delete(other);
    }
    // What lies behind the new end must read as zeros if the file grows again.
    const chunk = this.#chunks.get(index);
    if (chunk !== undefined && start < chunk.length) chunk.fill(0, start);
  }

  /** Bytes that a write from `offset` to `end` will allocate. */
  #lacking(offset: number, end: number): number {
    let size = 0;
    const last = Math.floor((end - 1) / CHUNK_SIZE);
    for (let index = Math.floor(offset / CHUNK_SIZE); index <= last; index += 1) {
      const have = this.#chunks.get(index)?.length ?? 0;
      size += Math.max(
        0,
        sizeOfChunk(index, Math.min(CHUNK_SIZE, end - index * CHUNK_SIZE)) - have,
      );
    }
    return size;
  }

  /** The chunk, with room for `count` bytes at `start`. */
  #room(index: number, start: number, count: number): Buffer {
    const chunk = this.#chunks.get(index);
    const size = sizeOfChunk(index, start + count);
    if (chunk !== undefined && chunk.length >= size) return chunk;
    const isCovered = start === 0 && count === size;
    const larger = this.#from.take(size, !isCovered);
    if (chunk !== undefined) {
      chunk.copy(larger);
      this.#from.give(chunk);
    }
    this.#chunks.set(index, larger);
    return larger;
  }
}

function sizeOfChunk(index: number, end: number): number {
  return index === 0 ? chunkSizeFor(end) : CHUNK_SIZE;
}

function readChunk(
  chunk: Buffer | undefined,
  start: number,
  target: Buffer,
  at: number,
  count: number,
): void {
  // Of a file that grew by truncation, chunk 0 may end before `start`; `copy` would throw then.
  const has = chunk !== undefined && start < chunk.length;
  const copied = has ? chunk.copy(target, at, start, start + count) : 0;
  if (copied < count) target.fill(0, at + copied, at + count);
}
