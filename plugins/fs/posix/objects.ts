/** Finds the volume's objects on the disk and opens them: by kernel handle where that is allowed, by path otherwise. */
import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';
import type { Log } from '#core/log-line.ts';
import type { KernelHandle, Syscalls } from '#core/ports/syscalls.ts';
import { LOCAL_HANDLE_SIZE_MAX } from '#core/vfs/handle.ts';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import type { Descriptor, Descriptors } from './descriptors.ts';
import { handleOf, type Identity, identityOf, inodeOf, UNKNOWN } from './identity.ts';
import { bytesOf, bytesWithNul, type Layout } from './layout.ts';
import { statAt } from './nodes.ts';
import type { KnownPlace, Places } from './places.ts';
import { codeOf } from './status.ts';
import type { Unnamed } from './unnamed.ts';

/** Never follows a link that somebody put in a file's place, never waits for a FIFO's other end. */
const OPEN = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const GONE: ReadonlySet<string> = new Set([
  'ENOENT',
  'ESTALE',
  'ELOOP',
  'ENOTDIR',
  'EISDIR',
  'ENXIO',
]);

export interface ObjectsDependencies {
  readonly layout: Layout;
  readonly places: Places;
  readonly unnamed: Unnamed;
  readonly descriptors: Descriptors;
  readonly syscalls: Syscalls;
  readonly log: Log;
}

export class Objects {
  readonly #deps: ObjectsDependencies;
  readonly #epoch: number;
  /** Open while the volume is: names its mount to the kernel. */
  readonly rootFd: number;
  /** Whether files can be opened by kernel handle: found out once. */
  readonly hasHandles: boolean;
  #isClosed = false;

  constructor(epoch: number, deps: ObjectsDependencies) {
    this.#deps = deps;
    this.#epoch = epoch;
    this.rootFd = openSync(bytesOf(deps.layout.root), constants.O_RDONLY | constants.O_DIRECTORY);
    this.hasHandles = this.#tryHandles();
  }

  /** A regular file's descriptor; `undefined` where the object is not on the disk (any more). */
  open(file: FileId): Descriptor | undefined {
    const { descriptors, places, unnamed } = this.#deps;
    const open = descriptors.get(file);
    if (open !== undefined) return open;
    let fd: number | undefined;
    if (unnamed.has(file)) {
      fd = this.#openPath(unnamed.path(file), UNKNOWN);
    } else {
      const place = places.of(file);
      if (place !== undefined) fd = this.#openPlace(file, place);
    }
    return fd === undefined ? undefined : descriptors.put(file, fd);
  }

  /** Opens or makes; closes others and tries again where the process has too many open. */
  openAt(path: string, flags: number, mode: number): number {
    const bytes = bytesOf(path);
    return this.#withRoom(() => openSync(bytes, flags, mode));
  }

  /** The path of some link of the file. */
  pathOf(file: FileId): string | undefined {
    const { layout, places, unnamed } = this.#deps;
    if (file === ROOT_ID) return layout.root;
    if (unnamed.has(file)) return unnamed.path(file);
    const place = places.of(file);
    return place === undefined ? undefined : places.path(place.directory, place.name);
  }

  /** What to remember of an object just made or found. Its handle is asked for when it is first opened by path. */
  identify(stat: Stats): Identity {
    return identityOf(this.#epoch, stat.ino, undefined);
  }

  inode(identity: Identity): number | undefined {
    return inodeOf(identity, this.#epoch);
  }

  /** Whether what stands there is the object. Where nothing is known of it, the path is believed. */
  isThere(identity: Identity, stat: Stats | undefined): stat is Stats {
    if (stat === undefined) return false;
    const inode = this.inode(identity);
    return inode === undefined || inode === stat.ino;
  }

  handleAt(path: string): KernelHandle | undefined {
    if (!this.hasHandles) return undefined;
    const handle = this.#deps.syscalls.nameToHandle(bytesWithNul(path));
    if (handle === undefined || handle.type > 255) return undefined;
    return handle.bytes.length < LOCAL_HANDLE_SIZE_MAX ? handle : undefined;
  }

  /** A regular file's kernel handle, remembered from now on. */
  handleOf(file: FileId): KernelHandle | undefined {
    const place = this.#deps.places.of(file);
    if (place === undefined) return undefined;
    const known = handleOf(place.identity, this.#epoch);
    if (known !== undefined) return known;
    const path = this.#deps.places.path(place.directory, place.name);
    const stat = statAt(path);
    if (!this.isThere(place.identity, stat) || !stat.isFile()) return undefined;
    return this.#remember(file, place, path, stat);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#deps.descriptors.close();
    this.#deps.layout.dropShortcuts();
    closeSync(this.rootFd);
  }

  #openPlace(file: FileId, place: KnownPlace): number | undefined {
    const handle = this.hasHandles ? handleOf(place.identity, this.#epoch) : undefined;
    if (handle !== undefined) {
      const { syscalls } = this.#deps;
      return this.#openOrGone(() =>
        syscalls.openByHandle(this.rootFd, handle.type, handle.bytes, OPEN),
      );
    }
    const path = this.#deps.places.path(place.directory, place.name);
    const fd = this.#openPath(path, place.identity);
    if (fd !== undefined && this.hasHandles) this.#remember(file, place, path, fstatSync(fd));
    return fd;
  }

  #openPath(path: string, identity: Identity): number | undefined {
    const fd = this.#openOrGone(() => openSync(bytesOf(path), OPEN));
    if (fd === undefined) return undefined;
    const stat = fstatSync(fd);
    if (stat.isFile() && this.isThere(identity, stat)) return fd;
    closeSync(fd);
    return undefined;
  }

  #remember(file: FileId, place: KnownPlace, path: string, stat: Stats): KernelHandle | undefined {
    const handle = this.handleAt(path);
    const identity = identityOf(this.#epoch, stat.ino, handle);
    this.#deps.places.put(file, place.directory, place.name, identity);
    return handle;
  }

  #openOrGone(open: () => number): number | undefined {
    try {
      return this.#withRoom(open);
    } catch (error) {
      if (GONE.has(codeOf(error))) return undefined;
      throw error;
    }
  }

  #withRoom(open: () => number): number {
    try {
      return open();
    } catch (error) {
      if (codeOf(error) !== 'EMFILE') throw error;
      this.#deps.descriptors.shrink();
      return open();
    }
  }

  /** Opening by handle needs a capability and a file system that has handles: tried once, on the marker. */
  #tryHandles(): boolean {
    const { layout, syscalls, log } = this.#deps;
    try {
      const handle = syscalls.nameToHandle(bytesWithNul(layout.marker));
      if (handle === undefined) return false;
      const fd = syscalls.openByHandle(this.rootFd, handle.type, handle.bytes, constants.O_RDONLY);
      const isSame = fstatSync(fd).ino === statAt(layout.marker)?.ino;
      closeSync(fd);
      return isSame;
    } catch (error) {
      log.debug('no kernel handles here; files are found by their paths', { code: codeOf(error) });
      return false;
    }
  }
}
