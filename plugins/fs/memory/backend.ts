/**
 * A volume's bytes in RAM: content by file id, and nothing else. There is no visible tree, so of the mirror calls
 * only those matter that make an object or take its last name.
 */

import { SYMLINK_SIZE_MAX } from '#core/limits.ts';
import type { FileId } from '#core/vfs/inode.ts';
import { NAME_SIZE_MAX } from '#core/vfs/name.ts';
import type {
  Backend,
  BackendAbilities,
  MirrorNode,
  Place,
  Space,
  VolumeLimits,
} from '#core/volume/backend.ts';
import type { Chunks } from './chunks.ts';
import { Content } from './content.ts';
import type { ObjectNumbers } from './object-numbers.ts';

/** 1 PiB: offsets stay exact as numbers, with room to spare. */
const FILE_SIZE_MAX = 2 ** 50;
/** As the smallest bound that a local file system we know has (ext4), so that memory never is the reason. */
const LINKS_MAX = 65_000;
/** Bytes of RAM that a file without content is reckoned to take: how the number of files is told. */
const FILE_COST = 512;

export const MEMORY_LIMITS: VolumeLimits = {
  nameSizeMax: NAME_SIZE_MAX,
  fileSizeMax: FILE_SIZE_MAX,
  symlinkSizeMax: SYMLINK_SIZE_MAX,
  linksMax: LINKS_MAX,
};

export class MemoryBackend implements Backend {
  readonly abilities: BackendAbilities = {
    persistent: false,
    tree: false,
    limits: MEMORY_LIMITS,
  };
  readonly #chunks: Chunks;
  readonly #numbers: ObjectNumbers;
  readonly #contents = new Map<FileId, Content>();
  /** Local handles that were asked for; most files never need one. */
  readonly #handles = new Map<FileId, string>();

  constructor(chunks: Chunks, numbers: ObjectNumbers) {
    this.#chunks = chunks;
    this.#numbers = numbers;
  }

  read(file: FileId, offset: number, target: Buffer): number {
    return this.#contents.get(file)?.read(offset, target) ?? 0;
  }

  readNow(file: FileId, offset: number, target: Buffer): number {
    return this.read(file, offset, target);
  }

  write(file: FileId, offset: number, data: Buffer): void {
    this.#contentOf(file).write(offset, data);
  }

  truncate(file: FileId, size: number): void {
    this.#contentOf(file).truncate(size);
  }

  clear(file: FileId): void {
    this.#forget(file);
  }

  async sync(): Promise<void> {}

  reserve(): string {
    return this.#numbers.next();
  }

  localHandle(file: FileId): string {
    const known = this.#handles.get(file);
    if (known !== undefined) return known;
    const handle = this.#numbers.next();
    this.#handles.set(file, handle);
    return handle;
  }

  create(_directory: FileId, _name: string, node: MirrorNode): void {
    if (node.reserved !== '') this.#handles.set(node.id, node.reserved);
  }

  link(): void {}

  remove(_directory: FileId, _name: string, file: FileId, last: boolean): void {
    if (last) this.#forget(file);
  }

  rename(
    _source: Place,
    _target: Place,
    _file: FileId,
    replaced: { readonly file: FileId; readonly last: boolean } | undefined,
  ): void {
    if (replaced?.last === true) this.#forget(replaced.file);
  }

  setAttributes(): void {}

  drop(file: FileId): void {
    this.#forget(file);
  }

  space(): Space {
    const { sizeMax, sizeFree } = this.#chunks;
    const files = this.#contents.size;
    const filesFree = Math.floor(sizeFree / FILE_COST);
    return { sizeTotal: sizeMax, sizeFree, filesTotal: files + filesFree, filesFree };
  }

  async checkpoint(): Promise<void> {}

  async close(): Promise<void> {
    for (const content of this.#contents.values()) content.free();
    this.#contents.clear();
    this.#handles.clear();
  }

  #contentOf(file: FileId): Content {
    let content = this.#contents.get(file);
    if (content === undefined) {
      content = new Content(this.#chunks);
      this.#contents.set(file, content);
    }
    return content;
  }

  #forget(file: FileId): void {
    this.#contents.get(file)?.free();
    this.#contents.delete(file);
    this.#handles.delete(file);
  }
}
