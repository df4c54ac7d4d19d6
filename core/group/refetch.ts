/**
 * Content that this box may have otherwise than the group: what entries wrote that were discarded, or that never came to
 * be in the log. Where this box joins it fetches that again; where it serves it makes entries of it (half-written.ts).
 * Known until the right bytes are safe: the process may end, and the power may be cut, before that.
 */
import type { Disk } from '../ports/disk.ts';
import type { Extent } from './state-machine.ts';

const PATH = 'refetch.json';

export class Refetch {
  readonly #disk: Disk;
  #extents: readonly Extent[] = [];
  #isFetched = false;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  get extents(): readonly Extent[] {
    return this.#extents;
  }

  /** At the start. @param unlogged What may have been written for entries that are not in the log. */
  load(unlogged: readonly Extent[]): void {
    const bytes = this.#disk.read(PATH);
    const known = bytes === undefined ? [] : (JSON.parse(bytes.toString('utf8')) as Extent[]);
    this.put([...known, ...unlogged]);
  }

  put(extents: readonly Extent[]): void {
    this.#extents = unique(extents);
    this.#isFetched = false;
    if (extents.length > 0) this.#disk.replace(PATH, Buffer.from(JSON.stringify(this.#extents)));
    else if (this.#disk.read(PATH) !== undefined) this.#disk.remove(PATH);
  }

  /** The right bytes are there. */
  fetched(): void {
    this.#isFetched = true;
  }

  /** A sync that began after that has ended. */
  synced(): void {
    if (this.#isFetched) this.put([]);
  }
}

/** Each extent once, in the order of their first appearance. */
function unique(extents: readonly Extent[]): Extent[] {
  const key = (extent: Extent) => `${extent.volume} ${extent.file} ${extent.offset} ${extent.size}`;
  return [...new Map(extents.map((extent) => [key(extent), extent])).values()];
}
