/**
 * Makes the tree of a restarted box what the catalog says, of all names that its log touched behind its store. How far
 * the tree had come is not asked:
 *
 *     vacate   whatever stands where the catalog has something else goes out of the way, into our corner
 *     fill     what the catalog has is put in its place: from our corner, as another link, or made anew
 *     clean    what is left in our corner is gone from the volume, or waits for an entry that brings it
 *     dress    owners, modes and times;    record   the box's table
 */
import { linkSync, readlinkSync, renameSync, rmdirSync, type Stats, unlinkSync } from 'node:fs';
import type { FileId } from '#core/vfs/inode.ts';
import type { MirrorNode, Place, Unsettled } from '#core/volume/backend.ts';
import { createObject } from './create.ts';
import { type Identity, isAbsent } from './identity.ts';
import { bytesOf, textOf } from './layout.ts';
import { dressPath, isBare, modeOf, statAt } from './nodes.ts';
import type { Parts } from './parts.ts';
import { type Found, keyOf, Survey } from './survey.ts';

export class Mend {
  readonly #parts: Parts;
  readonly #unsettled: Unsettled;
  readonly #survey: Survey;
  /** What is right where it stands, by name. */
  readonly #standing = new Map<string, FileId>();
  /** Some right place of each file. */
  readonly #places = new Map<FileId, Place>();
  /** Names that the catalog has of what was touched, by the file that belongs there. */
  readonly #wanted = new Map<FileId, Place[]>();
  /** Of what was made anew. */
  readonly #made = new Map<FileId, Identity>();

  constructor(parts: Parts, unsettled: Unsettled) {
    this.#parts = parts;
    this.#unsettled = unsettled;
    this.#survey = new Survey(parts, unsettled);
    for (const place of unsettled.names) {
      const file = unsettled.child(place.directory, place.name);
      if (file !== undefined) this.#wanted.set(file, [...(this.#wanted.get(file) ?? []), place]);
    }
  }

  run(): void {
    const { places, descriptors } = this.#parts;
    descriptors.close();
    for (const found of this.#survey.found) this.#vacate(found);
    for (const file of this.#wanted.keys()) this.#fill(file);
    for (const file of this.#parts.unnamed.files()) this.#clean(file);
    this.#record();
    places.movedAll();
    for (const file of this.#unsettled.files) this.#dress(file);
  }

  #vacate(found: Found): void {
    const { place, stat, file } = found;
    const wanted = this.#unsettled.child(place.directory, place.name);
    if (file !== undefined && file === wanted) {
      this.#stands(file, place);
      return;
    }
    const path = this.#survey.path(place);
    if (path === undefined) return;
    if (file === undefined) this.#removeUnknown(path, stat);
    else this.#park(path, stat, file);
  }

  /** Of ours, and not finished, when it has nothing in it; otherwise somebody's. */
  #removeUnknown(path: string, stat: Stats): void {
    const { strangers } = this.#parts;
    const isOurs = isBare(path, stat) && !this.#isOthersLink(path, stat);
    if (!isOurs) strangers.setAside(path);
    else if (stat.isDirectory()) rmdirSync(bytesOf(path));
    else unlinkSync(bytesOf(path));
  }

  #isOthersLink(path: string, stat: Stats): boolean {
    if (!stat.isSymbolicLink()) return false;
    return !this.#unsettled.targets.has(readlinkSync(bytesOf(path), 'latin1'));
  }

  #park(path: string, stat: Stats, file: FileId): void {
    const { unnamed, strangers } = this.#parts;
    const corner = unnamed.path(file);
    const there = statAt(corner);
    if (there === undefined) {
      renameSync(bytesOf(path), bytesOf(corner));
      unnamed.add(file);
      if (stat.isDirectory()) this.#survey.moved(file, 'unnamed');
    } else if (there.ino === stat.ino) unlinkSync(bytesOf(path));
    else strangers.setAside(path);
  }

  #stands(file: FileId, place: Place): void {
    this.#standing.set(keyOf(place), file);
    this.#places.set(file, place);
  }

  /** Puts the file under each of its names; a directory's own names come before those in it. */
  #fill(file: FileId): void {
    const node = this.#unsettled.node(file);
    if (node === undefined) return;
    for (const place of this.#wanted.get(file) ?? []) {
      if (this.#standing.has(keyOf(place))) continue;
      if (!this.#survey.isHome(place.directory)) this.#fill(place.directory);
      const path = this.#survey.path(place);
      if (path === undefined) {
        throw new Error(`directory ${place.directory} is gone from the folder`);
      }
      if (!this.#put(path, file, node)) continue;
      this.#stands(file, place);
      if (node.kind === 'directory') this.#survey.moved(file, place);
    }
  }

  /** False where the file cannot be had. */
  #put(path: string, file: FileId, node: MirrorNode): boolean {
    const { unnamed, log } = this.#parts;
    const { made, going } = this.#unsettled;
    const other = this.#places.get(file);
    const source = other && this.#survey.path(other);
    if (source !== undefined) {
      linkSync(bytesOf(source), bytesOf(path));
      return true;
    }
    const isMadeAnew = node.kind !== 'file' || made.has(file) || going.has(file);
    if (!unnamed.has(file) && !isMadeAnew) {
      log.error('a file is gone from the folder, though nobody removed it through Understudy', {
        path: textOf(path),
      });
      return false;
    }
    this.#made.set(file, createObject(this.#parts, path, node));
    return true;
  }

  #clean(file: FileId): void {
    const { unnamed, strangers } = this.#parts;
    const { files, coming, node } = this.#unsettled;
    if (coming.has(file) || !files.has(file)) return;
    const path = unnamed.path(file);
    const stat = statAt(path);
    const place = this.#places.get(file);
    const standing = place && this.#survey.path(place);
    // A file that the catalog has, and no name of which was touched, would have been left where it was.
    if (node(file) !== undefined && standing === undefined) return;
    if (stat === undefined || standing === undefined || statAt(standing)?.ino === stat.ino) {
      unnamed.remove(file);
      return;
    }
    strangers.setAside(path);
    unnamed.forget(file);
  }

  #record(): void {
    const { objects, places } = this.#parts;
    const { files, names, child, node } = this.#unsettled;
    for (const place of names) {
      const file = this.#standing.get(keyOf(place));
      const path = this.#survey.path(place);
      const stat = path === undefined ? undefined : statAt(path);
      if (file === undefined) continue;
      const made = this.#made.get(file);
      const identity = stat === undefined ? made : objects.identify(stat);
      if (identity !== undefined) places.put(file, place.directory, place.name, identity);
    }
    const touched = new Set(names.map(keyOf));
    for (const file of files) {
      for (const { directory, name } of places.all(file)) {
        const isTouched = touched.has(keyOf({ directory, name }));
        if (isTouched && child(directory, name) !== file) places.drop(file, directory, name);
      }
      const { reserved } = node(file) ?? { reserved: '' };
      if (reserved !== '') places.putToken(file, reserved);
      else if (node(file) === undefined && places.token(file) !== undefined) places.dropToken(file);
    }
  }

  #dress(file: FileId): void {
    const { objects, owners, isRoot, places } = this.#parts;
    const node = this.#unsettled.node(file);
    const path = objects.pathOf(file);
    if (node === undefined || path === undefined) return;
    const identity = places.of(file)?.identity;
    if (identity !== undefined && isAbsent(identity)) return;
    const stat = statAt(path);
    if (stat === undefined) return;
    const mode = modeOf(node.kind, node.mode, isRoot);
    owners.dress((owned) => dressPath(path, stat, { attributes: node, mode, owners: owned }));
  }
}
