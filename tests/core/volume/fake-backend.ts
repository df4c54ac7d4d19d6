/** A backend that holds content in memory and writes down what it was told to mirror. */
import type { FileId, FileKind } from '#core/vfs/inode.ts';
import {
  type Backend,
  type BackendAbilities,
  BackendError,
  type MirrorAttributes,
  type MirrorNode,
  type Place,
  type Space,
  type Unsettled,
  type VolumeLimits,
} from '#core/volume/backend.ts';

export const LIMITS: VolumeLimits = {
  nameSizeMax: 255,
  fileSizeMax: 1 << 20,
  symlinkSizeMax: 64,
  linksMax: 5,
};

export class FakeBackend implements Backend {
  readonly abilities: BackendAbilities = { persistent: false, tree: false, limits: LIMITS };
  readonly calls: string[] = [];
  readonly content = new Map<FileId, Buffer>();
  full = false;
  /** Bytes that writes may still take. */
  room = Infinity;
  #reserved = 0;

  read(file: FileId, offset: number, target: Buffer): number {
    return (this.content.get(file) ?? Buffer.alloc(0)).copy(target, 0, offset);
  }

  readNow(file: FileId, offset: number, target: Buffer): number {
    return this.read(file, offset, target);
  }

  write(file: FileId, offset: number, data: Buffer): void {
    if (this.full) throw new BackendError('fake: full', 'no-space');
    const count = Math.min(this.room, data.length);
    this.room -= count;
    if (count > 0) {
      const size = Math.max(this.content.get(file)?.length ?? 0, offset + count);
      this.truncate(file, size);
      data.copy(this.content.get(file) as Buffer, offset, 0, count);
    }
    if (count < data.length) throw new BackendError('fake: full', 'no-space', count);
  }

  truncate(file: FileId, size: number): void {
    const next = Buffer.alloc(size);
    this.content.get(file)?.copy(next);
    this.content.set(file, next);
  }

  clear(file: FileId): void {
    this.content.delete(file);
  }

  sync(): Promise<void> {
    return Promise.resolve();
  }

  reserve(kind: FileKind): string {
    if (this.full) throw new BackendError('fake: full', 'no-space');
    this.#reserved += 1;
    return `${kind}-${this.#reserved}`;
  }

  localHandle(file: FileId): string {
    return `local-${file}`;
  }

  create(directory: FileId, name: string, node: MirrorNode): void {
    const mode = node.mode.toString(8);
    const kept = node.reserved === '' ? '' : ` reserved=${node.reserved}`;
    this.calls.push(
      `create ${directory}/${name} ${node.id} ${node.kind} ${mode}${kept} ${stamp(node)}`,
    );
  }

  link(file: FileId, directory: FileId, name: string): void {
    this.calls.push(`link ${file} ${directory}/${name}`);
  }

  remove(directory: FileId, name: string, file: FileId, last: boolean): void {
    this.calls.push(`remove ${directory}/${name} ${file} ${last ? 'last' : 'more'}`);
  }

  rename(
    source: Place,
    target: Place,
    file: FileId,
    replaced: { readonly file: FileId; readonly last: boolean } | undefined,
  ): void {
    const over = replaced ? ` over ${replaced.file} ${replaced.last ? 'last' : 'more'}` : '';
    const places = `${source.directory}/${source.name} ${target.directory}/${target.name}`;
    this.calls.push(`rename ${places} ${file}${over}`);
  }

  setAttributes(file: FileId, attributes: MirrorAttributes): void {
    const { mode, uid, gid, size } = attributes;
    const owner = `${mode.toString(8)} ${uid}:${gid} size=${size}`;
    this.calls.push(`set ${file} ${owner} ${stamp(attributes)}`);
  }

  drop(file: FileId): void {
    this.calls.push(`drop ${file}`);
    this.content.delete(file);
  }

  mend({ files, names, made, coming, going, child }: Unsettled): void {
    const list = (all: Iterable<unknown>): string => [...all].join(',');
    const places = names.map(({ directory, name }) => {
      const file = child(directory, name);
      return file === undefined ? `${directory}/${name}` : `${directory}/${name}=${file}`;
    });
    this.calls.push(
      `mend files ${list(files)} names ${list(places)} made ${list(made)} coming ${list(coming)} going ${list(going)}`,
    );
  }

  space(): Space {
    return { sizeTotal: 1000, sizeFree: 500, filesTotal: 100, filesFree: 50 };
  }

  checkpoint(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function stamp({ atime, mtime }: MirrorAttributes): string {
  return `atime=${atime.seconds} mtime=${mtime.seconds}`;
}
