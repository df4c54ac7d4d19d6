/**
 * All folders that clients of this server watch. Fed with every change of the group (`Group.onChange`), whatever
 * protocol made it. Pure: it answers requests by calling those who wait.
 *
 * A file that is changed by its id has its name looked for: among the opens first, then in the watched folders.
 */
import type { MadeChange } from '#core/group/group.ts';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import type { Tree } from '#core/volume/operation.ts';
import { smbText } from '../names.ts';
import { type ChangedPlace, type ChangeEvent, eventsOf } from './changes.ts';
import { Watch, type WatchOptions } from './watch.ts';

/** Names of a folder that are looked through for that of a changed file; in a larger one such changes are not told. */
const SEARCHED_MAX = 4096;
/** Folders above one another: a path of 64 KiB has no more. */
const DEPTH_MAX = 32_768;

/** Watches at once: each change of a volume is held against all of its. */
export const WATCHES_MAX = 512;
/** Bytes kept for one: what goes over a network in one answer ([MS-SMB2] §3.3.5.19 leaves it open; Windows has 64 KiB). */
const KEPT_SIZE_MAX = 64 * 1024;

export interface WatchesDependencies {
  /** Names by which clients have a file open. */
  placesOf(volume: number, file: FileId): Iterable<ChangedPlace>;
}

export class Watches {
  readonly #deps: WatchesDependencies;
  readonly #byVolume = new Map<number, Set<Watch>>();

  constructor(deps: WatchesDependencies) {
    this.#deps = deps;
  }

  get size(): number {
    let count = 0;
    for (const watches of this.#byVolume.values()) count += watches.size;
    return count;
  }

  /** `undefined`: there are as many as there may be. */
  add(options: WatchOptions): Watch | undefined {
    if (this.size >= WATCHES_MAX) return undefined;
    const watch = new Watch({ ...options, sizeMax: Math.min(options.sizeMax, KEPT_SIZE_MAX) });
    const watches = this.#byVolume.get(options.volume) ?? new Set();
    this.#byVolume.set(options.volume, watches);
    watches.add(watch);
    return watch;
  }

  /** Its requests are answered with `status`. */
  remove(watch: Watch, status: number): void {
    const watches = this.#byVolume.get(watch.options.volume);
    watches?.delete(watch);
    if (watches?.size === 0) this.#byVolume.delete(watch.options.volume);
    watch.end(status);
  }

  /** Ends the watches of a folder that is going. */
  endOf(volume: number, directory: FileId, status: number): void {
    for (const watch of this.#byVolume.get(volume) ?? []) {
      if (watch.options.directory === directory) watch.end(status);
    }
  }

  take(change: MadeChange): void {
    const watches = this.#byVolume.get(change.volume.record.id);
    if (watches === undefined) return;
    const { position } = change.stamp;
    const { tree } = change.volume;
    for (const event of eventsOf(change)) {
      for (const watch of watches) {
        if ((event.filter & watch.options.filter) === 0) continue;
        const path = this.#pathOf(tree, watch, event);
        if (path !== undefined) watch.add({ action: event.action, path }, position);
      }
    }
    for (const watch of watches) watch.deliver();
  }

  #pathOf(tree: Tree, watch: Watch, event: ChangeEvent): string | undefined {
    if (event.place !== undefined) return pathWithin(tree, watch.options, event.place);
    for (const place of this.#placesOf(tree, watch, event.file)) {
      const path = pathWithin(tree, watch.options, place);
      if (path !== undefined) return path;
    }
    return undefined;
  }

  *#placesOf(tree: Tree, watch: Watch, file: FileId): Iterable<ChangedPlace> {
    for (const place of this.#deps.placesOf(watch.options.volume, file)) {
      if (tree.child(place.directory, place.name as Name)?.id === file) yield place;
    }
    const inode = tree.inode(file);
    if (inode?.kind === 'directory') {
      const name = nameIn(tree, inode.parent, file);
      if (name !== undefined) yield { directory: inode.parent, name };
      return;
    }
    const { directory } = watch.options;
    const name = nameIn(tree, directory, file);
    if (name !== undefined) yield { directory, name };
  }
}

function nameIn(tree: Tree, directory: FileId, file: FileId): string | undefined {
  return tree.entriesAfter(directory, 0, SEARCHED_MAX).find(({ id }) => id === file)?.name;
}

/** The path from the watched folder on; `undefined` where the place is not in it. */
function pathWithin(
  tree: Tree,
  { directory: watched, isTree }: WatchOptions,
  { directory, name }: ChangedPlace,
): string | undefined {
  if (directory === watched) return smbText(name as Name);
  if (!isTree) return undefined;
  const parts = [smbText(name as Name)];
  let at = directory;
  for (let depth = 0; depth < DEPTH_MAX && at !== watched; depth++) {
    const inode = tree.inode(at);
    if (inode === undefined || at === ROOT_ID) return undefined;
    const own = nameIn(tree, inode.parent, at);
    if (own === undefined) return undefined;
    parts.unshift(smbText(own as Name));
    at = inode.parent;
  }
  return at === watched ? parts.join('\\') : undefined;
}
