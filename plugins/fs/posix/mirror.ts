/**
 * Keeps the visible tree as the catalog says, call by call.
 *
 * Each call does its work on the disk first and then brings the table up to date; a call that is `done` does only the
 * latter. What a `maybe` removes is kept until the replay is over (doubt.ts).
 */
import { fstatSync, linkSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import type { Log } from '#core/log-line.ts';
import type { Syscalls } from '#core/ports/syscalls.ts';
import type { FileId } from '#core/vfs/inode.ts';
import type { MirrorAttributes, MirrorNode, Replay } from '#core/volume/backend.ts';
import type { Content } from './content.ts';
import { aside, createObject, despite } from './create.ts';
import type { Descriptors } from './descriptors.ts';
import type { Doubt } from './doubt.ts';
import { type Identity, isAbsent, UNKNOWN } from './identity.ts';
import { bytesOf, textOf } from './layout.ts';
import { dressOpen, dressPath, modeOf, statAt } from './nodes.ts';
import type { Objects } from './objects.ts';
import type { Owners } from './owners.ts';
import type { Places } from './places.ts';
import type { Replaying } from './replaying.ts';
import type { Reserved } from './reserved.ts';
import { codeOf, refusal } from './status.ts';
import type { Strangers } from './strangers.ts';
import type { Unnamed } from './unnamed.ts';

export interface MirrorDependencies {
  readonly objects: Objects;
  readonly places: Places;
  readonly content: Content;
  readonly unnamed: Unnamed;
  readonly reserved: Reserved;
  readonly strangers: Strangers;
  readonly doubt: Doubt;
  readonly replaying: Replaying;
  readonly descriptors: Descriptors;
  readonly owners: Owners;
  readonly syscalls: Syscalls;
  readonly log: Log;
  readonly isRoot: boolean;
}

export interface Link {
  readonly directory: FileId;
  readonly name: string;
}

export interface Replaced {
  readonly file: FileId;
  readonly last: boolean;
}

export class Mirror {
  readonly #deps: MirrorDependencies;

  constructor(deps: MirrorDependencies) {
    this.#deps = deps;
  }

  create(directory: FileId, name: string, node: MirrorNode, replay: Replay): void {
    const { places, replaying } = this.#deps;
    replaying.note(replay);
    if (node.reserved !== '') places.putToken(node.id, node.reserved);
    let identity: Identity = UNKNOWN;
    if (replay !== 'done') {
      const path = places.path(directory, name);
      identity = attempt('create', path, () => createObject(this.#deps, path, node, replay));
    }
    this.#put(node.id, { directory, name }, identity, replay);
    replaying.told(replay);
  }

  link(file: FileId, directory: FileId, name: string, replay: Replay): void {
    const { places, replaying } = this.#deps;
    replaying.note(replay);
    const identity = places.of(file)?.identity ?? UNKNOWN;
    if (replay !== 'done' && !isAbsent(identity)) {
      const path = places.path(directory, name);
      attempt('link', path, () => this.#linkObject(file, path, identity, replay));
    }
    this.#put(file, { directory, name }, identity, replay);
    replaying.told(replay);
  }

  remove(directory: FileId, name: string, file: FileId, last: boolean, replay: Replay): void {
    const { places, replaying } = this.#deps;
    replaying.note(replay);
    const identity = places.identity(file, directory, name);
    if (replay !== 'done' && !isAbsent(identity)) {
      const path = places.path(directory, name);
      attempt('remove', path, () => this.#removeObject(path, { file, last }, identity, replay));
    }
    places.drop(file, directory, name);
    if (last) this.#forget(file);
    replaying.told(replay);
  }

  rename(
    source: Link,
    target: Link,
    file: FileId,
    replaced: Replaced | undefined,
    replay: Replay,
  ): void {
    const { places, replaying } = this.#deps;
    replaying.note(replay);
    const identity = places.identity(file, source.directory, source.name);
    if (replay !== 'done') {
      const from = places.path(source.directory, source.name);
      const to = places.path(target.directory, target.name);
      const known = replaced && places.identity(replaced.file, target.directory, target.name);
      attempt('rename', from, () => {
        // It was done when nothing is left where it began.
        if (replay === 'last' && !this.#deps.objects.isThere(identity, statAt(from))) return;
        this.#clear(to, replaced, known, replay, identity);
        if (!isAbsent(identity)) this.#move(from, to, file, identity, replay);
      });
    }
    if (replaced !== undefined) {
      places.drop(replaced.file, target.directory, target.name);
      if (replaced.last) this.#forget(replaced.file);
    }
    places.drop(file, source.directory, source.name);
    this.#put(file, target, identity, replay);
    places.moved(file);
    replaying.told(replay);
  }

  setAttributes(file: FileId, attributes: MirrorAttributes, replay: Replay): void {
    const { replaying } = this.#deps;
    replaying.note(replay);
    if (replay !== 'done') this.#dress(file, attributes, replay);
    replaying.told(replay);
  }

  #dress(file: FileId, attributes: MirrorAttributes, replay: Replay): void {
    const { objects, places, descriptors, owners, isRoot } = this.#deps;
    const fd = descriptors.get(file)?.fd;
    if (fd !== undefined) {
      const mode = modeOf('file', attributes.mode, isRoot);
      attempt('attributes', `file ${file}`, () => {
        const stat = fstatSync(fd);
        owners.dress((owners) => dressOpen(fd, stat, { attributes, mode, owners }));
      });
      return;
    }
    const identity = places.of(file)?.identity ?? UNKNOWN;
    const path = objects.pathOf(file);
    if (path === undefined || isAbsent(identity)) return;
    attempt('attributes', path, () => {
      const stat = statAt(path);
      if (!objects.isThere(identity, stat)) {
        this.#noteGone(path, replay);
        return;
      }
      const mode = modeOf(stat.isDirectory() ? 'directory' : 'file', attributes.mode, isRoot);
      owners.dress((owners) => dressPath(path, stat, { attributes, mode, owners }));
    });
  }

  #put(file: FileId, link: Link, identity: Identity, replay: Replay): void {
    const { places, replaying } = this.#deps;
    places.put(file, link.directory, link.name, identity);
    if (replay === 'done' && identity.length === 0) replaying.unseen.add(file);
  }

  #linkObject(file: FileId, path: string, identity: Identity, replay: Replay): void {
    const { objects, doubt } = this.#deps;
    const stat = replay === 'fresh' ? undefined : statAt(path);
    const known = objects.pathOf(file);
    const inode = objects.inode(identity) ?? (replay === 'last' ? inodeAt(known) : undefined);
    if (stat !== undefined && inode === stat.ino) return;
    const isHere = known !== undefined && objects.isThere(identity, statAt(known));
    const source = isHere || inode === undefined ? known : doubt.find(inode);
    if (source === undefined) {
      this.#noteGone(known ?? path, replay);
      return;
    }
    despite(this.#deps, path, () => linkSync(bytesOf(source), bytesOf(path)));
    this.#deps.unnamed.remove(file);
  }

  #removeObject(path: string, gone: Replaced, identity: Identity, replay: Replay): void {
    const { objects, strangers } = this.#deps;
    const stat = statAt(path);
    if (stat === undefined) {
      this.#noteGone(path, replay);
      return;
    }
    if (!objects.isThere(identity, stat)) {
      if (replay !== 'maybe') strangers.setAside(path);
      return;
    }
    if (stat.isDirectory()) {
      this.#removeDirectory(path, replay);
      return;
    }
    this.#takeName(path, gone, identity, replay);
  }

  /** Takes the object's name away; the object stays where the volume still knows it. */
  #takeName(path: string, gone: Replaced, identity: Identity, replay: Replay): void {
    const { objects, places, unnamed, doubt } = this.#deps;
    if (!gone.last && places.all(gone.file).length <= 1) {
      renameSync(bytesOf(path), bytesOf(unnamed.path(gone.file)));
      unnamed.add(gone.file);
      return;
    }
    const stat = replay === 'maybe' ? statAt(path) : undefined;
    if (stat === undefined) unlinkSync(bytesOf(path));
    else doubt.keep(path, stat, objects.inode(identity) !== undefined);
  }

  #removeDirectory(path: string, replay: Replay): void {
    const { strangers, doubt } = this.#deps;
    try {
      rmdirSync(bytesOf(path));
    } catch (error) {
      if (codeOf(error) !== 'ENOTEMPTY') throw error;
      const stat = statAt(path);
      if (replay === 'maybe' && stat !== undefined) {
        doubt.keep(path, stat, false);
        return;
      }
      strangers.setAsideAllIn(path);
      rmdirSync(bytesOf(path));
    }
  }

  /** Makes a rename's target free; where it is the replaced file, rename(2) itself will do that at once. */
  #clear(
    to: string,
    replaced: Replaced | undefined,
    known: Identity | undefined,
    replay: Replay,
    moving: Identity,
  ): void {
    const { objects } = this.#deps;
    const stat = statAt(to);
    if (stat === undefined) return;
    const isMoved = objects.inode(moving) === stat.ino;
    if (isMoved && replay === 'maybe') return;
    if (replaced === undefined || known === undefined || isAbsent(known)) {
      // Without knowledge of what moves, a replay takes what stands there for it.
      if (replay !== 'maybe' || objects.inode(moving) !== undefined) aside(this.#deps, to, replay);
      return;
    }
    if (!objects.isThere(known, stat)) {
      if (!isMoved) aside(this.#deps, to, replay);
      return;
    }
    if (stat.isDirectory()) this.#removeDirectory(to, replay);
    else if (!replaced.last || replay === 'maybe') this.#takeName(to, replaced, known, replay);
  }

  #move(from: string, to: string, file: FileId, identity: Identity, replay: Replay): void {
    const { objects, doubt, replaying } = this.#deps;
    const inode = objects.inode(identity);
    const stat = statAt(from);
    if (objects.isThere(identity, stat)) {
      renameSync(bytesOf(from), bytesOf(to));
      return;
    }
    const isMoved = replay === 'maybe' && objects.isThere(identity, statAt(to));
    if (isMoved) return;
    const kept = inode === undefined ? undefined : doubt.find(inode);
    if (kept !== undefined) {
      renameSync(bytesOf(kept), bytesOf(to));
      return;
    }
    if (inode !== undefined && replaying.isOn) replaying.lost.set(file, inode);
    this.#noteGone(from, replay);
  }

  /** The file's last name is gone, and with it the file. */
  #forget(file: FileId): void {
    const { content, places, unnamed } = this.#deps;
    content.forget(file);
    unnamed.remove(file);
    places.moved(file);
    if (places.token(file) !== undefined) places.dropToken(file);
  }

  /** In a replay a missing object is no news: a later call may have removed it already. */
  #noteGone(path: string, replay: Replay): void {
    if (replay !== 'fresh') return;
    this.#deps.log.warn(
      'a file is gone from the folder, though nobody removed it through Understudy',
      {
        path: textOf(path),
      },
    );
  }
}

function inodeAt(path: string | undefined): number | undefined {
  return path === undefined ? undefined : statAt(path)?.ino;
}

function attempt<T>(what: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw refusal(error, `${what} of ${textOf(path)}`);
  }
}
