/**
 * Mapped files (core/ports/scratch.ts). Before the bytes that are asked for stands the name of the boot in which they were
 * written: of another one they are worth nothing.
 */
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import koffi from 'koffi';
import type { Scratch } from '#core/ports/scratch.ts';
import { lastError, libc } from './libc.ts';

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
/** Bytes for the name of a boot, filled up with zeros. */
const HEAD_SIZE = 64;
const mmap = libc('intptr_t mmap(void *, size_t, int, int, int, int64_t)');

/**
 * @param place The absolute path of one below the state directory.
 * @param boot Names this boot of the machine; less than 64 bytes.
 */
export function createScratch(place: (path: string) => string, boot: string): Scratch {
  const head = Buffer.alloc(HEAD_SIZE);
  head.write(boot, 'latin1');
  return {
    open(path, size) {
      const bytes = map(place(path), HEAD_SIZE + size);
      if (!bytes.subarray(0, HEAD_SIZE).equals(head)) {
        bytes.fill(0);
        head.copy(bytes);
      }
      return bytes.subarray(HEAD_SIZE);
    },
  };
}

/** It stays mapped until the process ends, as does what uses it. */
function map(path: string, size: number): Buffer {
  // 0o102: read and write, create.
  const fd = openSync(path, 0o102, 0o600);
  try {
    ftruncateSync(fd, size);
    const address = mmap(null, size, PROT_READ_WRITE, MAP_SHARED, fd, 0);
    if (address === -1) throw lastError('mmap');
    return Buffer.from(koffi.view(BigInt(address), size));
  } finally {
    closeSync(fd);
  }
}
