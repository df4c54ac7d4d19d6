/**
 * What stands on the disk at the names that a restart has to settle, and where directories are now: a name is looked for
 * in its directory wherever that was moved to.
 */
import type { Stats } from 'node:fs';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import type { Place, Unsettled } from '#core/volume/backend.ts';
import type { Labels } from './labels.ts';
import type { Layout } from './layout.ts';
import type { Made } from './made.ts';
import { isBare, isNode, statAt } from './nodes.ts';
import type { Objects } from './objects.ts';
import type { Places } from './places.ts';
import type { Unnamed } from './unnamed.ts';

export interface Found {
  readonly place: Place;
  readonly stat: Stats;
  /** `undefined`: nothing of ours, as far as can be told. */
  readonly file: FileId | undefined;
  /** What it says it is, where the table knows another object of that file: a copy, if that is there. */
  readonly claim?: FileId;
}

const NOTHING = { file: undefined };

export interface SurveyDependencies {
  readonly layout: Layout;
  readonly labels: Labels;
  readonly made: Made;
  readonly objects: Objects;
  readonly places: Places;
  readonly unnamed: Unnamed;
}

export function keyOf({ directory, name }: Place): string {
  return `${directory}/${name}`;
}

export class Survey {
  readonly #deps: SurveyDependencies;
  readonly #unsettled: Unsettled;
  readonly found: Found[] = [];
  /** Names to look at, by directory. */
  readonly #names = new Map<FileId, Set<string>>();
  /** Where each directory is now; `unnamed` in our corner. */
  readonly #homes = new Map<FileId, Place | 'unnamed'>();
  /** Of directories, as long as none moves. */
  readonly #paths = new Map<FileId, string>();
  /** Files that were touched, and directories above them: no other can stand at a name that was touched. */
  readonly #considered = new Set<FileId>();
  /** Files by the inode numbers that the table has of them. */
  readonly #known = new Map<number, FileId>();
  /** Files of which the table has one. */
  readonly #numbered = new Set<FileId>();
  /** Inode numbers of the files that were found. */
  readonly #inodes = new Map<FileId, number>();
  readonly #areLabelled: boolean;

  constructor(deps: SurveyDependencies, unsettled: Unsettled) {
    this.#deps = deps;
    this.#unsettled = unsettled;
    this.#areLabelled = deps.labels.areKept(deps.layout.corner);
    for (const place of unsettled.names) this.#consider(place);
    for (const file of unsettled.files) this.#considerFile(file);
    for (const [inode, file] of deps.made.files())
      if (this.#considered.has(file)) this.#know(file, inode);
    this.#look();
  }

  /** Of a name in a directory that was found; otherwise `undefined`. */
  path({ directory, name }: Place): string | undefined {
    const { layout, unnamed } = this.#deps;
    if (directory === ROOT_ID) return layout.inRoot(name);
    const home = this.#homes.get(directory);
    if (home === undefined) return undefined;
    const known = this.#paths.get(directory);
    if (known !== undefined) return `${known}/${name}`;
    const parent = home === 'unnamed' ? unnamed.path(directory) : this.path(home);
    if (parent === undefined) return undefined;
    const path = layout.shorten(parent);
    this.#paths.set(directory, path);
    return `${path}/${name}`;
  }

  /** Whether the directory stands somewhere in the tree. */
  isHome(directory: FileId): boolean {
    if (directory === ROOT_ID) return true;
    const home = this.#homes.get(directory);
    return home !== undefined && home !== 'unnamed';
  }

  moved(directory: FileId, home: Place | 'unnamed'): void {
    this.#homes.set(directory, home);
    this.#paths.clear();
  }

  #consider(place: Place): void {
    const names = this.#names.get(place.directory) ?? new Set();
    if (names.size === 0) {
      this.#names.set(place.directory, names);
      this.#considerFile(place.directory);
    }
    names.add(place.name);
  }

  /** Every place that the table has of the file. */
  #considerFile(file: FileId): void {
    const { objects, places } = this.#deps;
    this.#considered.add(file);
    for (const place of places.all(file)) {
      const inode = objects.inode(place.identity);
      if (inode !== undefined) this.#know(file, inode);
      this.#consider(place);
    }
  }

  #know(file: FileId, inode: number): void {
    this.#known.set(inode, file);
    this.#numbered.add(file);
  }

  #look(): void {
    const { unnamed } = this.#deps;
    const directories = [ROOT_ID];
    for (const file of unnamed.files()) {
      const stat = statAt(unnamed.path(file));
      if (stat === undefined) continue;
      this.#inodes.set(file, stat.ino);
      if (!stat.isDirectory()) continue;
      this.#homes.set(file, 'unnamed');
      directories.push(file);
    }
    const unsure: Found[] = [];
    for (;;) {
      const directory = directories.pop() ?? this.#believed(unsure);
      if (directory === undefined) break;
      for (const name of this.#names.get(directory) ?? []) {
        const found = this.#find({ directory, name });
        if (found === undefined) continue;
        if (found.file === undefined) unsure.push(found);
        else if (this.#add(found)) directories.push(found.file);
      }
    }
    this.found.push(...unsure);
  }

  /** True for a directory that was found for the first time. */
  #add(found: Found): boolean {
    const { file, stat, place } = found;
    this.found.push(found);
    if (file === undefined) return false;
    const isNew = !this.#inodes.has(file);
    this.#inodes.set(file, stat.ino);
    if (!isNew || !stat.isDirectory() || this.#homes.has(file)) return false;
    this.#homes.set(file, place);
    return true;
  }

  #find(place: Place): Found | undefined {
    const path = this.path(place);
    const stat = path === undefined ? undefined : statAt(path);
    if (path === undefined || stat === undefined) return undefined;
    const said = this.#identify(path, stat);
    const inode = said.file === undefined ? undefined : this.#inodes.get(said.file);
    // Somebody's copy says what its original says.
    const isCopy = inode !== undefined && inode !== stat.ino;
    return { place, stat, ...(isCopy ? NOTHING : said) };
  }

  #identify(path: string, stat: Stats): Pick<Found, 'file' | 'claim'> {
    const known = this.#known.get(stat.ino);
    if (this.#areLabelled && isLabelled(stat)) {
      const label = this.#deps.labels.of(path);
      if (label === undefined || !this.#considered.has(label)) return NOTHING;
      const isSure = known === label || !this.#numbered.has(label);
      return isSure ? { file: label } : { file: undefined, claim: label };
    }
    const node = known === undefined ? undefined : this.#unsettled.node(known);
    // The number may have been given to something else since.
    return { file: node === undefined || isNode(path, stat, node) ? known : undefined };
  }

  /**
   * Takes what is not sure for what it says, or for what the catalog has at its name, where that was found nowhere else;
   * at the first directory among them it stops, and returns it.
   */
  #believed(unsure: Found[]): FileId | undefined {
    for (let index = 0; index < unsure.length; index += 1) {
      const found = unsure[index] as Found;
      const { directory, name } = found.place;
      const file = found.claim ?? this.#unsettled.child(directory, name);
      if (file === undefined || this.#inodes.has(file) || !this.#isCredible(found, file)) continue;
      unsure.splice(index, 1);
      index -= 1;
      if (this.#add({ ...found, file })) return file;
    }
    return undefined;
  }

  /** What has no label where objects have them is somebody's, unless we had only begun to make it or the disk is another. */
  #isCredible({ place, stat, claim }: Found, file: FileId): boolean {
    const { made, coming, node } = this.#unsettled;
    const wanted = node(file);
    const path = this.path(place);
    if (wanted === undefined || path === undefined || !isNode(path, stat, wanted)) return false;
    if (claim !== undefined || !this.#areLabelled || !isLabelled(stat)) return true;
    if (isBare(path, stat)) return true;
    return !made.has(file) && !coming.has(file) && !this.#numbered.has(file);
  }
}

function isLabelled(stat: Stats): boolean {
  return stat.isFile() || stat.isDirectory();
}
