/** Mapped files (core/ports/scratch.ts). */
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import koffi from 'koffi';
import type { Scratch } from '#core/ports/scratch.ts';
import { lastError, libc } from './libc.ts';

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const mmap = libc('intptr_t mmap(void *, size_t, int, int, int, int64_t)');

/** @param place The absolute path of one below the state directory. */
export function createScratch(place: (path: string) => string): Scratch {
  return {
    open(path, size) {
      // 0o102: read and write, create.
      const fd = openSync(place(path), 0o102, 0o600);
      try {
        ftruncateSync(fd, size);
        const address = mmap(null, size, PROT_READ_WRITE, MAP_SHARED, fd, 0);
        if (address === -1) throw lastError('mmap');
        // It stays mapped until the process ends, as does what uses it.
        return Buffer.from(koffi.view(BigInt(address), size));
      } finally {
        closeSync(fd);
      }
    },
  };
}
