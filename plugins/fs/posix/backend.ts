/**
 * A volume as a plain readable tree in a folder: put together from its parts, one line a call.
 *
 *     Content    bytes, by file id          Mirror     names and attributes, as the catalog says
 *     Objects    finds and opens            Places     where everything stands: the box's table
 *     Unnamed    content without a name     Reserved   objects made before their names
 *     Strangers  what others put there      Labels     which file an object is
 */
import type { Log } from '#core/log-line.ts';
import type { Clock } from '#core/ports/clock.ts';
import type { Random } from '#core/ports/random.ts';
import type { Scratch } from '#core/ports/scratch.ts';
import type { Syscalls } from '#core/ports/syscalls.ts';
import type { FileId, FileKind } from '#core/vfs/inode.ts';
import type {
  Backend,
  BackendAbilities,
  MirrorAttributes,
  MirrorNode,
  Place,
  Space,
  Unsettled,
} from '#core/volume/backend.ts';
import type { LocalTable } from '#core/volume/local-table.ts';
import { Content } from './content.ts';
import { Descriptors } from './descriptors.ts';
import { Labels } from './labels.ts';
import type { Layout } from './layout.ts';
import { limitsOf } from './limits.ts';
import { MADE_SIZE, Made } from './made.ts';
import { Medium } from './medium.ts';
import { Mend } from './mend.ts';
import { Mirror, type Replaced } from './mirror.ts';
import { Objects } from './objects.ts';
import { Owners } from './owners.ts';
import type { Parts } from './parts.ts';
import { Places } from './places.ts';
import { localHandleOf, Reserved } from './reserved.ts';
import { refusal } from './status.ts';
import { Strangers } from './strangers.ts';
import { Unnamed } from './unnamed.ts';

export interface PosixOptions {
  readonly volume: number;
  /** Files kept open at once. */
  readonly descriptors: number;
  /** Whether this process may set owners and make device nodes. */
  readonly isRoot: boolean;
}

export interface PosixDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly scratch: Scratch;
  readonly syscalls: Syscalls;
  readonly log: Log;
}

export class PosixBackend implements Backend {
  readonly abilities: BackendAbilities;
  readonly #objects: Objects;
  readonly #places: Places;
  readonly #content: Content;
  readonly #mirror: Mirror;
  readonly #reserved: Reserved;
  readonly #medium: Medium;
  readonly #parts: Parts;

  /** `layout` is a folder claimed already, in its `epoch`. */
  constructor(
    layout: Layout,
    epoch: number,
    table: LocalTable,
    options: PosixOptions,
    deps: PosixDependencies,
  ) {
    const { clock, random, scratch, syscalls, log } = deps;
    const { isRoot } = options;
    this.abilities = { persistent: true, tree: true, limits: limitsOf(layout) };
    const descriptors = new Descriptors(options.descriptors);
    const places = new Places(table, layout);
    const strangers = new Strangers(layout, log);
    const unnamed = new Unnamed(layout, strangers);
    const objects = new Objects(epoch, { layout, places, unnamed, descriptors, syscalls, log });
    const reserved = new Reserved(layout, objects, random);
    const owners = new Owners(isRoot, log);
    const labels = new Labels(options.volume, syscalls, log);
    const made = new Made(scratch.open(`made-${options.volume}`, MADE_SIZE));
    const shared = { objects, places, unnamed, descriptors, syscalls, log };
    this.#medium = new Medium(layout, clock, syscalls);
    const content = new Content({ ...shared, isMemory: this.#medium.isMemory });
    this.#parts = { ...shared, content, reserved, strangers, labels, made, owners, isRoot, layout };
    this.#mirror = new Mirror(this.#parts);
    this.#content = content;
    this.#objects = objects;
    this.#places = places;
    this.#reserved = reserved;
    reserved.sweep(clock);
  }

  read(file: FileId, offset: number, target: Buffer): number | Promise<number> {
    return this.#content.read(file, offset, target);
  }

  readNow(file: FileId, offset: number, target: Buffer): number {
    return this.#content.readNow(file, offset, target);
  }

  write(file: FileId, offset: number, data: Buffer): void {
    this.#content.write(file, offset, data);
  }

  truncate(file: FileId, size: number): void {
    this.#content.truncate(file, size);
  }

  clear(file: FileId): void {
    this.#content.clear(file);
  }

  sync(file: FileId): Promise<void> {
    return this.#content.sync(file);
  }

  reserve(kind: FileKind): string {
    try {
      return this.#reserved.make(kind);
    } catch (error) {
      throw refusal(error, `reserve a ${kind}`);
    }
  }

  localHandle(file: FileId): string {
    const token = this.#places.token(file);
    if (token !== undefined) return token;
    const known = this.#objects.handleOf(file);
    if (known !== undefined) return localHandleOf(known);
    const minted = this.#reserved.token();
    this.#places.putToken(file, minted);
    return minted;
  }

  create(directory: FileId, name: string, node: MirrorNode): void {
    this.#mirror.create(directory, name, node);
  }

  link(file: FileId, directory: FileId, name: string): void {
    this.#mirror.link(file, directory, name);
  }

  remove(directory: FileId, name: string, file: FileId, last: boolean): void {
    this.#mirror.remove(directory, name, file, last);
  }

  rename(source: Place, target: Place, file: FileId, replaced: Replaced | undefined): void {
    this.#mirror.rename(source, target, file, replaced);
  }

  setAttributes(file: FileId, attributes: MirrorAttributes): void {
    this.#mirror.setAttributes(file, attributes);
  }

  drop(file: FileId): void {
    this.#mirror.drop(file);
  }

  mend(unsettled: Unsettled): void {
    try {
      new Mend(this.#parts, unsettled).run();
    } catch (error) {
      throw refusal(error, 'mending of the folder after a restart');
    }
  }

  space(): Space {
    try {
      return this.#medium.space();
    } catch (error) {
      throw refusal(error, 'free space');
    }
  }

  async checkpoint(): Promise<void> {
    try {
      await this.#content.syncAll();
      await this.#medium.flushNames(this.#objects.rootFd);
    } catch (error) {
      throw refusal(error, 'checkpoint');
    }
  }

  async close(): Promise<void> {
    this.#objects.close();
  }
}
