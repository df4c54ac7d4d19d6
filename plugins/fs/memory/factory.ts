/** Makes memory backends; all volumes of the box share one bound, since they share one RAM. */
import type { Random } from '#core/ports/random.ts';
import type { BackendFactory } from '#core/volume/backend.ts';
import { MEMORY_LIMITS, MemoryBackend } from './backend.ts';
import { Chunks } from './chunks.ts';
import { ObjectNumbers } from './object-numbers.ts';

export interface MemoryOptions {
  /** Bytes of content, over all volumes. */
  readonly sizeMax: number;
}

export function memoryFactory(options: MemoryOptions, random: Random): BackendFactory {
  const chunks = new Chunks(options.sizeMax);
  return {
    name: 'memory',
    check: () => undefined,
    limits: () => MEMORY_LIMITS,
    open: () => new MemoryBackend(chunks, new ObjectNumbers(random)),
  };
}
