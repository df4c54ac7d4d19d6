/** Keeps the visible tree as the catalog says, call by call: the disk first, then the table. */
import { fstatSync, linkSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import type { FileId } from '#core/vfs/inode.ts';
import type { MirrorAttributes, MirrorNode, Place } from '#core/volume/backend.ts';
import { createObject, despite } from './create.ts';
import { type Identity, isAbsent, UNKNOWN } from './identity.ts';
import { bytesOf, textOf } from './layout.ts';
import { dressOpen, dressPath, modeOf, statAt } from './nodes.ts';
import type { Parts } from './parts.ts';
import { codeOf, refusal } from './status.ts';

export interface Replaced {
  readonly file: FileId;
  readonly last: boolean;
}

export class Mirror {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  create(directory: FileId, name: string, node: MirrorNode): void {
    const { made, objects, places } = this.#parts;
    if (node.reserved !== '') places.putToken(node.id, node.reserved);
    const path = places.path(directory, name);
    const identity = attempt('create', path, () => createObject(this.#parts, path, node));
    places.put(node.id, directory, name, identity);
    const inode = objects.inode(identity);
    if (inode !== undefined) made.note(node.id, inode);
  }

  link(file: FileId, directory: FileId, name: string): void {
    const { places } = this.#parts;
    const identity = places.of(file)?.identity ?? UNKNOWN;
    if (!isAbsent(identity)) {
      const path = places.path(directory, name);
      attempt('link', path, () => this.#linkObject(file, path));
    }
    places.put(file, directory, name, identity);
  }

  remove(directory: FileId, name: string, file: FileId, last: boolean): void {
    const { places } = this.#parts;
    const identity = places.identity(file, directory, name);
    if (!isAbsent(identity)) {
      const path = places.path(directory, name);
      attempt('remove', path, () => this.#removeObject(path, { file, last }, identity));
    }
    places.drop(file, directory, name);
    if (last) this.#forget(file);
  }

  rename(source: Place, target: Place, file: FileId, replaced: Replaced | undefined): void {
    const { places } = this.#parts;
    const identity = places.identity(file, source.directory, source.name);
    const from = places.path(source.directory, source.name);
    const to = places.path(target.directory, target.name);
    const known = replaced && places.identity(replaced.file, target.directory, target.name);
    attempt('rename', from, () => {
      this.#clear(to, replaced, known);
      if (!isAbsent(identity)) this.#move(from, to, identity);
    });
    if (replaced !== undefined) {
      places.drop(replaced.file, target.directory, target.name);
      if (replaced.last) this.#forget(replaced.file);
    }
    places.drop(file, source.directory, source.name);
    places.put(file, target.directory, target.name, identity);
    places.moved(file);
  }

  setAttributes(file: FileId, attributes: MirrorAttributes): void {
    const { objects, places, descriptors, owners, isRoot } = this.#parts;
    const fd = descriptors.get(file)?.fd;
    if (fd !== undefined) {
      const mode = modeOf('file', attributes.mode, isRoot);
      attempt('attributes', `file ${file}`, () => {
        const stat = fstatSync(fd);
        owners.dress((owned) => dressOpen(fd, stat, { attributes, mode, owners: owned }));
      });
      return;
    }
    const identity = places.of(file)?.identity ?? UNKNOWN;
    const path = objects.pathOf(file);
    if (path === undefined || isAbsent(identity)) return;
    attempt('attributes', path, () => {
      const stat = statAt(path);
      if (!objects.isThere(identity, stat)) {
        this.#noteGone(path);
        return;
      }
      const mode = modeOf(stat.isDirectory() ? 'directory' : 'file', attributes.mode, isRoot);
      owners.dress((owned) => dressPath(path, stat, { attributes, mode, owners: owned }));
    });
  }

  drop(file: FileId): void {
    attempt('removal', `file ${file}`, () => this.#forget(file));
  }

  #linkObject(file: FileId, path: string): void {
    const { objects, unnamed } = this.#parts;
    const known = objects.pathOf(file);
    if (known === undefined || statAt(known) === undefined) {
      this.#noteGone(known ?? path);
      return;
    }
    despite(this.#parts, path, () => linkSync(bytesOf(known), bytesOf(path)));
    unnamed.remove(file);
  }

  #removeObject(path: string, gone: Replaced, identity: Identity): void {
    const { objects, strangers } = this.#parts;
    const stat = statAt(path);
    if (stat === undefined) this.#noteGone(path);
    else if (!objects.isThere(identity, stat)) strangers.setAside(path);
    else if (stat.isDirectory()) this.#removeDirectory(path);
    else this.#takeName(path, gone);
  }

  /** Takes the object's name away; the object stays where the volume still knows it. */
  #takeName(path: string, gone: Replaced): void {
    const { places, unnamed } = this.#parts;
    if (gone.last || places.all(gone.file).length > 1) {
      unlinkSync(bytesOf(path));
      return;
    }
    renameSync(bytesOf(path), bytesOf(unnamed.path(gone.file)));
    unnamed.add(gone.file);
  }

  #removeDirectory(path: string): void {
    try {
      rmdirSync(bytesOf(path));
    } catch (error) {
      if (codeOf(error) !== 'ENOTEMPTY') throw error;
      this.#parts.strangers.setAsideAllIn(path);
      rmdirSync(bytesOf(path));
    }
  }

  /** Makes a rename's target free; where it is the replaced file, rename(2) itself will do that at once. */
  #clear(to: string, replaced: Replaced | undefined, known: Identity | undefined): void {
    const { objects, strangers } = this.#parts;
    const stat = statAt(to);
    if (stat === undefined) return;
    if (replaced === undefined || known === undefined || !objects.isThere(known, stat)) {
      strangers.setAside(to);
      return;
    }
    if (stat.isDirectory()) this.#removeDirectory(to);
    else if (!replaced.last) this.#takeName(to, replaced);
  }

  #move(from: string, to: string, identity: Identity): void {
    if (this.#parts.objects.isThere(identity, statAt(from))) renameSync(bytesOf(from), bytesOf(to));
    else this.#noteGone(from);
  }

  /** The file's last name is gone, and with it the file. */
  #forget(file: FileId): void {
    const { content, places, unnamed } = this.#parts;
    content.forget(file);
    unnamed.remove(file);
    places.moved(file);
    if (places.token(file) !== undefined) places.dropToken(file);
  }

  #noteGone(path: string): void {
    this.#parts.log.warn(
      'a file is gone from the folder, though nobody removed it through Understudy',
      {
        path: textOf(path),
      },
    );
  }
}

export function attempt<T>(what: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw refusal(error, `${what} of ${textOf(path)}`);
  }
}
