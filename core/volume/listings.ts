/**
 * Names of directories in memory, for LOOKUP and READDIR: of each directory those that were asked for, or all of them.
 *
 * Bounded by names, not directories, because names are what takes memory. Over the bound the directory that was
 * not used for longest goes (second chance: a mark at each use, no reordering).
 */
import type { DirectoryEntry, FileId } from '../vfs/inode.ts';

interface Listing {
  readonly names: Map<string, DirectoryEntry>;
  /** All names in the order of their cookies; `undefined` while only some are known. */
  sorted: DirectoryEntry[] | undefined;
  used: boolean;
}

const NO_ENTRIES: readonly DirectoryEntry[] = [];

export class Listings {
  readonly #max: number;
  readonly #sortedMax: number;
  readonly #listings = new Map<FileId, Listing>();
  #count = 0;

  /** @param max Names in memory; @param sortedMax Names of one directory that may be held as a whole. */
  constructor(max: number, sortedMax: number) {
    this.#max = max;
    this.#sortedMax = sortedMax;
  }

  /** The entry, `null` where there is surely none, `undefined` where it is not known here. */
  child(directory: FileId, name: string): DirectoryEntry | null | undefined {
    const listing = this.#listings.get(directory);
    if (listing === undefined) return undefined;
    listing.used = true;
    const entry = listing.names.get(name);
    if (entry !== undefined) return entry;
    return listing.sorted === undefined ? undefined : null;
  }

  /** All entries in order; `undefined` where not all are known. */
  sorted(directory: FileId): readonly DirectoryEntry[] | undefined {
    const listing = this.#listings.get(directory);
    if (listing === undefined) return undefined;
    listing.used = true;
    return listing.sorted;
  }

  /** All entries of a directory, in order. The array is taken over. */
  setAll(directory: FileId, entries: DirectoryEntry[]): void {
    this.drop(directory);
    const names = new Map<string, DirectoryEntry>();
    for (const entry of entries) names.set(entry.name, entry);
    this.#listings.set(directory, { names, sorted: entries, used: true });
    this.#count += entries.length;
    this.#shrink(directory);
  }

  /** A name that was found in the store. */
  learn(directory: FileId, entry: DirectoryEntry): void {
    const listing = this.#open(directory);
    if (!listing.names.has(entry.name)) this.#count += 1;
    listing.names.set(entry.name, entry);
    this.#shrink(directory);
  }

  /** A new name: its cookie is greater than those of all before. */
  add(directory: FileId, entry: DirectoryEntry): void {
    this.learn(directory, entry);
    const listing = this.#listings.get(directory);
    if (listing?.sorted === undefined) return;
    listing.sorted.push(entry);
    if (listing.sorted.length > this.#sortedMax) listing.sorted = undefined;
  }

  remove(directory: FileId, entry: DirectoryEntry): void {
    const listing = this.#listings.get(directory);
    if (listing === undefined) return;
    if (listing.names.delete(entry.name)) this.#count -= 1;
    listing.sorted?.splice(indexAfter(listing.sorted, entry.cookie) - 1, 1);
  }

  drop(directory: FileId): void {
    const listing = this.#listings.get(directory);
    if (listing === undefined) return;
    this.#count -= listing.names.size;
    this.#listings.delete(directory);
  }

  clear(): void {
    this.#listings.clear();
    this.#count = 0;
  }

  #open(directory: FileId): Listing {
    const known = this.#listings.get(directory);
    if (known !== undefined) {
      known.used = true;
      return known;
    }
    const listing: Listing = { names: new Map(), sorted: undefined, used: true };
    this.#listings.set(directory, listing);
    return listing;
  }

  #shrink(spared: FileId): void {
    while (this.#count > this.#max && this.#listings.size > 1) {
      const [directory, listing] = this.#listings.entries().next().value as [FileId, Listing];
      if (directory === spared || listing.used) {
        listing.used = false;
        this.#listings.delete(directory);
        this.#listings.set(directory, listing);
      } else {
        this.drop(directory);
      }
    }
    // One directory alone may be over the bound when names are learnt one by one.
    if (this.#count > this.#max) this.drop(spared);
  }
}

/** Index of the first entry whose cookie is greater than `cookie`. */
export function indexAfter(entries: readonly DirectoryEntry[], cookie: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle] as DirectoryEntry).cookie <= cookie) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A page of a sorted listing. */
export function pageAfter(
  entries: readonly DirectoryEntry[],
  cookie: number,
  limit: number,
): readonly DirectoryEntry[] {
  const first = cookie === 0 ? 0 : indexAfter(entries, cookie);
  if (first >= entries.length) return NO_ENTRIES;
  if (first === 0 && entries.length <= limit) return entries;
  return entries.slice(first, first + limit);
}
