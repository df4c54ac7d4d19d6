/**
 * A backend whose tree may be behind what is committed: whoever touches content first lets it catch up. So the mirror
 * calls of a commit can wait until its replies are on their way.
 */
import type { FileId, FileKind } from '../vfs/inode.ts';
import type { Backend, MirrorAttributes, MirrorNode, Replay, Space } from './backend.ts';

export class SettledBackend implements Backend {
  readonly #backend: Backend;
  readonly #settle: () => void;

  /** @param settle Makes all mirror calls that are owed; called often, so it must be quick when there are none. */
  constructor(backend: Backend, settle: () => void) {
    this.#backend = backend;
    this.#settle = settle;
  }

  get abilities() {
    return this.#backend.abilities;
  }

  read(file: FileId, offset: number, target: Buffer): number | Promise<number> {
    this.#settle();
    return this.#backend.read(file, offset, target);
  }

  readNow(file: FileId, offset: number, target: Buffer): number {
    this.#settle();
    return this.#backend.readNow(file, offset, target);
  }

  write(file: FileId, offset: number, data: Buffer): void {
    this.#settle();
    this.#backend.write(file, offset, data);
  }

  truncate(file: FileId, size: number): void {
    this.#settle();
    this.#backend.truncate(file, size);
  }

  /** Of a file that is not made yet, so that nothing owed can concern it. */
  clear(file: FileId): void {
    this.#backend.clear(file);
  }

  sync(file: FileId): Promise<void> {
    this.#settle();
    return this.#backend.sync(file);
  }

  reserve(kind: FileKind): string {
    return this.#backend.reserve(kind);
  }

  localHandle(file: FileId): string {
    this.#settle();
    return this.#backend.localHandle(file);
  }

  create(directory: FileId, name: string, node: MirrorNode, replay: Replay): void {
    this.#backend.create(directory, name, node, replay);
  }

  link(file: FileId, directory: FileId, name: string, replay: Replay): void {
    this.#backend.link(file, directory, name, replay);
  }

  remove(directory: FileId, name: string, file: FileId, last: boolean, replay: Replay): void {
    this.#backend.remove(directory, name, file, last, replay);
  }

  rename(
    source: { readonly directory: FileId; readonly name: string },
    target: { readonly directory: FileId; readonly name: string },
    file: FileId,
    replaced: { readonly file: FileId; readonly last: boolean } | undefined,
    replay: Replay,
  ): void {
    this.#backend.rename(source, target, file, replaced, replay);
  }

  setAttributes(file: FileId, attributes: MirrorAttributes, replay: Replay): void {
    this.#backend.setAttributes(file, attributes, replay);
  }

  replayed(): void {
    this.#backend.replayed?.();
  }

  space(): Space {
    return this.#backend.space();
  }

  checkpoint(): Promise<void> {
    this.#settle();
    return this.#backend.checkpoint();
  }

  close(): Promise<void> {
    return this.#backend.close();
  }
}
