/** The backend of the simulation, over a medium. It finds out when a mirror call is made twice, or one was left out. */
import type { FileId, FileKind } from '#core/vfs/inode.ts';
import type {
  Backend,
  BackendAbilities,
  MirrorNode,
  Place,
  Space,
  Unsettled,
  VolumeLimits,
} from '#core/volume/backend.ts';
import type { LocalTable } from '#core/volume/local-table.ts';
import type { Medium } from './medium.ts';

export const LIMITS: VolumeLimits = {
  nameSizeMax: 255,
  fileSizeMax: 1 << 20,
  symlinkSizeMax: 64,
  linksMax: 100,
};
const SPACE: Space = { sizeTotal: 1e9, sizeFree: 1e9, filesTotal: 1e6, filesFree: 1e6 };

export class SimBackend implements Backend {
  readonly abilities: BackendAbilities;
  readonly #medium: Medium;
  readonly #table: LocalTable;
  /** Calls it back when a sync begun now is done. */
  readonly #syncs: (done: () => void) => void;
  /** Before and after content is written: the process may end there. */
  readonly #torn: () => void;

  constructor(
    persistent: boolean,
    medium: Medium,
    table: LocalTable,
    syncs: (done: () => void) => void,
    torn: () => void = () => {},
  ) {
    this.abilities = { persistent, tree: persistent, limits: LIMITS };
    this.#medium = medium;
    this.#table = table;
    this.#syncs = syncs;
    this.#torn = torn;
  }

  read(file: FileId, offset: number, target: Buffer): number {
    return this.#medium.content.get(file)?.subarray(offset).copy(target) ?? 0;
  }

  readNow(file: FileId, offset: number, target: Buffer): number {
    return this.read(file, offset, target);
  }

  write(file: FileId, offset: number, data: Buffer): void {
    const before = this.#medium.content.get(file);
    const after = resized(before, Math.max(before?.length ?? 0, offset + data.length));
    data.copy(after, offset);
    this.#put(file, after);
  }

  truncate(file: FileId, size: number): void {
    this.#put(file, resized(this.#medium.content.get(file), size));
  }

  clear(file: FileId): void {
    this.#medium.put(file, undefined);
  }

  sync(file: FileId): Promise<void> {
    return this.#synced(this.#medium.snapshot(file));
  }

  reserve(kind: FileKind): string {
    return kind;
  }

  localHandle(file: FileId): string {
    return String(file);
  }

  create(directory: FileId, name: string, node: MirrorNode): void {
    this.#table.put(String(node.id), Buffer.from(node.kind));
    this.#name({ directory, name }, node.id);
  }

  link(file: FileId, directory: FileId, name: string): void {
    this.#name({ directory, name }, file);
  }

  remove(directory: FileId, name: string, file: FileId, last: boolean): void {
    this.#take({ directory, name }, file);
    if (last) this.#forget(file);
  }

  rename(
    source: Place,
    target: Place,
    file: FileId,
    replaced: { readonly file: FileId; readonly last: boolean } | undefined,
  ): void {
    this.#take(source, file);
    if (replaced?.last === true) this.#forget(replaced.file);
    this.#name(target, file);
  }

  setAttributes(): void {}

  drop(file: FileId): void {
    this.#forget(file);
  }

  mend({ names, files, coming, child, node }: Unsettled): void {
    if (!this.abilities.tree) return;
    for (const { directory, name } of names) {
      const file = child(directory, name);
      const key = `${directory}/${name}`;
      if (this.#medium.names.get(key) === file) continue;
      this.#medium.rename((all) => (file === undefined ? all.delete(key) : all.set(key, file)));
    }
    for (const file of files) {
      const there = node(file);
      if (there?.kind === 'stream') continue;
      if (there !== undefined) this.#table.put(String(file), Buffer.from(there.kind));
      else if (!coming.has(file)) this.#forget(file);
    }
  }

  space(): Space {
    return SPACE;
  }

  checkpoint(): Promise<void> {
    return this.#synced(this.#medium.snapshotAll());
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #put(file: FileId, bytes: Buffer): void {
    this.#torn();
    this.#medium.put(file, bytes);
    this.#torn();
  }

  #name({ directory, name }: Place, file: FileId): void {
    if (!this.abilities.tree) return;
    const key = `${directory}/${name}`;
    if (this.#medium.names.get(key) === file) throw new Error(`${key}: there already`);
    this.#medium.rename((names) => names.set(key, file));
  }

  #take({ directory, name }: Place, file: FileId): void {
    if (!this.abilities.tree) return;
    const key = `${directory}/${name}`;
    if (this.#medium.names.get(key) !== file) throw new Error(`${key}: not there`);
    this.#medium.rename((names) => names.delete(key));
  }

  #forget(file: FileId): void {
    this.#medium.put(file, undefined);
    this.#table.remove(String(file));
  }

  #synced(secure: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.#syncs(() => {
        secure();
        resolve();
      });
    });
  }
}

/** A copy of other size, filled up with zeros. */
function resized(bytes: Buffer | undefined, size: number): Buffer {
  const copy = Buffer.alloc(size);
  bytes?.copy(copy, 0, 0, size);
  return copy;
}
