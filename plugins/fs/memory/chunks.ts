/**
 * The RAM that content may take on this box: counted when given out, given back when freed, never above the bound.
 */
import { BackendError } from '#core/volume/backend.ts';

/** Bytes of a full chunk: large enough that a megabyte costs 16 copies, small enough for sparse files. */
export const CHUNK_SIZE = 64 * 1024;
/** Bytes of the smallest chunk: a small file must not cost 64 KiB. */
const CHUNK_SIZE_MIN = 512;
/** Full chunks kept for reuse (16 MiB): allocating outside the heap is dear, and so is collecting it. */
const SPARE_MAX = 256;

export class Chunks {
  readonly sizeMax: number;
  #sizeUsed = 0;
  readonly #spare: Buffer[] = [];

  constructor(sizeMax: number) {
    this.sizeMax = sizeMax;
  }

  get sizeFree(): number {
    return this.sizeMax - this.#sizeUsed;
  }

  /** Throws `BackendError` when `size` more bytes would not fit; takes nothing. */
  demand(size: number): void {
    if (size <= this.sizeFree) return;
    const mebibytes = Math.floor(this.sizeMax / (1024 * 1024));
    throw new BackendError(
      `fs/memory: ${size} more bytes do not fit into its ${mebibytes} MiB; remove files or raise its option sizeMax`,
      'no-space',
    );
  }

  /** A chunk of exactly `size` bytes; with `zeroed` false its bytes are whatever was there. */
  take(size: number, zeroed: boolean): Buffer {
    this.#sizeUsed += size;
    const spare = size === CHUNK_SIZE ? this.#spare.pop() : undefined;
    if (spare === undefined) return zeroed ? Buffer.alloc(size) : Buffer.allocUnsafeSlow(size);
    return zeroed ? spare.fill(0) : spare;
  }

  give(chunk: Buffer): void {
    this.#sizeUsed -= chunk.length;
    if (chunk.length === CHUNK_SIZE && this.#spare.length < SPARE_MAX) this.#spare.push(chunk);
  }
}

/** Bytes to allocate for a chunk that is used up to `end`: the next power of two. */
export function chunkSizeFor(end: number): number {
  let size = CHUNK_SIZE_MIN;
  while (size < end) size *= 2;
  return size;
}
