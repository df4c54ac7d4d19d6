/**
 * A backend whose tree may be behind what is committed: whoever touches a file that this is about first lets it catch
 * up. So mirror calls can wait until replies are on their way, and a little longer.
 */
import type { FileId, FileKind } from '../vfs/inode.ts';
import type { Backend, MirrorAttributes, MirrorNode, Place, Space, Unsettled } from './backend.ts';

export class SettledBackend implements Backend {
  readonly #backend: Backend;
  readonly #settle: (file: FileId) => void;

  /** @param settle Makes the mirror calls that are owed if one is about the file; called often, so it must be quick. */
  constructor(backend: Backend, settle: (file: FileId) => void) {
    this.#backend = backend;
    this.#settle = settle;
  }

  get abilities() {
    return this.#backend.abilities;
  }

  read(file: FileId, offset: number, target: Buffer): number | Promise<number> {
    this.#settle(file);
    return this.#backend.read(file, offset, target);
  }

  readNow(file: FileId, offset: number, target: Buffer): number {
    this.#settle(file);
    return this.#backend.readNow(file, offset, target);
  }

  write(file: FileId, offset: number, data: Buffer): void {
    this.#settle(file);
    this.#backend.write(file, offset, data);
  }

  truncate(file: FileId, size: number): void {
    this.#settle(file);
    this.#backend.truncate(file, size);
  }

  /** Of a file that is not made yet, so that nothing owed can concern it. */
  clear(file: FileId): void {
    this.#backend.clear(file);
  }

  sync(file: FileId): Promise<void> {
    this.#settle(file);
    return this.#backend.sync(file);
  }

  reserve(kind: FileKind): string {
    return this.#backend.reserve(kind);
  }

  localHandle(file: FileId): string {
    this.#settle(file);
    return this.#backend.localHandle(file);
  }

  create(directory: FileId, name: string, node: MirrorNode): void {
    this.#backend.create(directory, name, node);
  }

  link(file: FileId, directory: FileId, name: string): void {
    this.#backend.link(file, directory, name);
  }

  remove(directory: FileId, name: string, file: FileId, last: boolean): void {
    this.#backend.remove(directory, name, file, last);
  }

  rename(
    source: Place,
    target: Place,
    file: FileId,
    replaced: { readonly file: FileId; readonly last: boolean } | undefined,
  ): void {
    this.#backend.rename(source, target, file, replaced);
  }

  setAttributes(file: FileId, attributes: MirrorAttributes): void {
    this.#backend.setAttributes(file, attributes);
  }

  drop(file: FileId): void {
    this.#backend.drop(file);
  }

  mend(unsettled: Unsettled): void {
    this.#backend.mend?.(unsettled);
  }

  space(): Space {
    return this.#backend.space();
  }

  checkpoint(): Promise<void> {
    return this.#backend.checkpoint();
  }

  close(): Promise<void> {
    return this.#backend.close();
  }
}
