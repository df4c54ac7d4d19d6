/** A disk that a power cut takes back to what was synced; the end of a process leaves all that was appended. */
import { crc32 } from 'node:zlib';
import type { AppendFile, Disk } from '#core/ports/disk.ts';

interface Stored {
  bytes: Buffer;
  size: number;
  /** Zeros behind `size`. */
  reserved: number;
  durable: Buffer;
  durableReserved: number;
  /** Syncs begun, and the last of those that are done: a slow one takes nothing back. */
  begun: number;
  done: number;
}

export class SimDisk implements Disk {
  readonly #files = new Map<string, Stored>();
  /** Calls `done` after the time that a sync takes. */
  readonly #syncs: (done: () => void) => void;
  /** The process has ended: what it does while its calls unwind reaches nothing. */
  isDeaf = false;

  constructor(syncs: (done: () => void) => void) {
    this.#syncs = syncs;
  }

  /** @param kept How many of the bytes that were not synced survive, from 0 to 1. */
  powerCut(kept: () => number): void {
    for (const file of this.#files.values()) {
      const tail = file.size - file.durable.length;
      const extends_ = tail > 0 && file.bytes.subarray(0, file.durable.length).equals(file.durable);
      const more = extends_ ? Math.floor(tail * kept()) : 0;
      const bytes = Buffer.concat([
        file.durable,
        file.bytes.subarray(file.durable.length, file.durable.length + more),
      ]);
      file.bytes = withZeros(bytes, Math.max(0, file.durableReserved - more));
      file.size = file.bytes.length;
      file.reserved = 0;
      file.durable = Buffer.from(file.bytes);
      file.durableReserved = 0;
    }
  }

  open(path: string): AppendFile {
    const file = this.#files.get(path) ?? {
      bytes: Buffer.alloc(64),
      size: 0,
      reserved: 0,
      durable: Buffer.alloc(0),
      durableReserved: 0,
      begun: 0,
      done: 0,
    };
    if (file.reserved > 0) {
      // Whoever had it open is gone and did not close it.
      file.bytes = withZeros(file.bytes.subarray(0, file.size), file.reserved);
      file.size = file.bytes.length;
      file.reserved = 0;
    }
    this.#files.set(path, file);
    return new SimFile(file, this);
  }

  list(path: string): readonly string[] {
    const prefix = `${path}/`;
    return [...this.#files.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length))
      .sort();
  }

  remove(path: string): void {
    if (!this.isDeaf) this.#files.delete(path);
  }

  read(path: string): Buffer | undefined {
    const file = this.#files.get(path);
    return file && Buffer.from(file.bytes.subarray(0, file.size));
  }

  replace(path: string, bytes: Uint8Array): void {
    if (this.isDeaf) return;
    const copy = Buffer.from(bytes);
    this.#files.set(path, {
      bytes: copy,
      size: copy.length,
      reserved: 0,
      durable: Buffer.from(copy),
      durableReserved: 0,
      begun: 0,
      done: 0,
    });
  }

  /** Calls `done` after the time that a sync takes. */
  synced(done: () => void): void {
    this.#syncs(done);
  }

  checksum(bytes: Uint8Array): number {
    return crc32(bytes);
  }

  free(): number {
    return Number.MAX_SAFE_INTEGER;
  }
}

class SimFile implements AppendFile {
  readonly #file: Stored;
  readonly #disk: SimDisk;

  constructor(file: Stored, disk: SimDisk) {
    this.#file = file;
    this.#disk = disk;
  }

  get size(): number {
    return this.#file.size;
  }

  append(chunks: readonly Uint8Array[]): void {
    const file = this.#file;
    if (this.#disk.isDeaf) return;
    for (const chunk of chunks) {
      if (file.size + chunk.length > file.bytes.length) {
        const grown = Buffer.alloc((file.size + chunk.length) * 2);
        file.bytes.copy(grown, 0, 0, file.size);
        file.bytes = grown;
      }
      file.bytes.set(chunk, file.size);
      file.size += chunk.length;
      file.reserved = Math.max(0, file.reserved - chunk.length);
    }
  }

  sync(): Promise<void> {
    const file = this.#file;
    const durable = Buffer.from(file.bytes.subarray(0, file.size));
    const { reserved } = file;
    file.begun += 1;
    const turn = file.begun;
    return new Promise((resolve) => {
      this.#disk.synced(() => {
        if (turn > file.done) {
          file.durable = durable;
          file.durableReserved = reserved;
          file.done = turn;
        }
        resolve();
      });
    });
  }

  read(offset: number, target: Buffer): number {
    return this.#file.bytes.copy(
      target,
      0,
      offset,
      Math.min(this.#file.size, offset + target.length),
    );
  }

  truncate(size: number): void {
    if (this.#disk.isDeaf) return;
    this.#file.size = size;
    this.#file.reserved = 0;
  }

  get reserved(): number {
    return this.#file.reserved;
  }

  reserve(size: number): void {
    if (this.#disk.isDeaf) return;
    this.#file.reserved = size;
  }

  seal(): void {
    if (this.#disk.isDeaf) return;
    const file = this.#file;
    file.reserved = 0;
    file.durable = Buffer.from(file.bytes.subarray(0, file.size));
    file.durableReserved = 0;
    file.begun += 1;
    file.done = file.begun;
  }

  close(): void {
    if (!this.#disk.isDeaf) this.#file.reserved = 0;
  }
}

function withZeros(bytes: Buffer, size: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(size)]);
}
