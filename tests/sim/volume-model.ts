/** What one client knows of its folder: nobody else changes it, so that it knows all. */
import { ModelTree } from '../core/volume/model-tree.ts';
import type { Answer, At, Handle, VolumeCall } from './volume-call.ts';

interface FileModel {
  bytes: Buffer;
  /** Of each byte the write verifier under which it was written and not committed; empty where it is safe. */
  dirty: string[];
}

/** Bytes that the client must be able to write again. */
export interface Dirty {
  readonly number: number;
  readonly offset: number;
  readonly data: Buffer;
}

export class VolumeModel {
  readonly tree = new ModelTree();
  readonly #handles = new Map<number, Handle>();
  readonly #numbers = new Map<number, number>();
  readonly #files = new Map<number, FileModel>();

  /** The folder itself is number 0. */
  made(number: number, handle: Handle, size: number): void {
    this.#handles.set(number, handle);
    this.#numbers.set(handle.file, number);
    this.#files.set(number, { bytes: Buffer.alloc(size), dirty: Array(size).fill('') });
  }

  handle(number: number): Handle {
    return this.#handles.get(number) as Handle;
  }

  numberOf(file: number): number | undefined {
    return this.#numbers.get(file);
  }

  file(number: number): FileModel {
    return this.#files.get(number) as FileModel;
  }

  isDirty(number: number): boolean {
    return this.#files.get(number)?.dirty.some((verifier) => verifier !== '') ?? false;
  }

  dirtyFiles(): number[] {
    return this.tree.live().filter((number) => this.isDirty(number));
  }

  /** Executes the call here, too; what the answer should have been. `sure` says whether its size must be ours. */
  expect(call: VolumeCall, answer: Answer): { readonly status: string; readonly size?: number } {
    switch (call.kind) {
      case 'create': {
        const status = this.tree.create(this.#at(call.at), call.at.name, call.what);
        if (status !== 'done') return { status };
        if (answer.made !== undefined) this.made(this.tree.newest, answer.made, call.size);
        this.tree.resize(this.tree.newest, () => call.size);
        return { status };
      }
      case 'write':
        return this.#write(call, answer.verifier ?? '');
      case 'truncate':
        return this.#truncate(this.#number(call.handle), call.size);
      case 'rename': {
        const [from, to] = [this.#at(call.from), this.#at(call.to)];
        return { status: this.tree.rename(from, call.from.name, to, call.to.name) };
      }
      case 'remove':
        return { status: this.tree.remove(this.#at(call.at), call.at.name) };
      case 'remove-directory':
        return { status: this.tree.removeDirectory(this.#at(call.at), call.at.name) };
      case 'link': {
        const file = this.#number(call.handle);
        return { status: this.tree.link(file, this.#at(call.at), call.at.name) };
      }
      case 'create-stream': {
        const status = this.tree.createStream(this.#number(call.handle), call.name);
        if (status !== 'done') return { status };
        if (answer.made !== undefined) this.made(this.tree.newest, answer.made, 0);
        return { status };
      }
      case 'remove-stream':
        return { status: this.tree.removeStream(this.#number(call.handle), call.name) };
      case 'rename-stream': {
        const file = this.#number(call.handle);
        return { status: this.tree.renameStream(file, call.name, call.target) };
      }
      case 'set-attribute': {
        const file = this.#number(call.handle);
        return { status: this.tree.setAttribute(file, call.name, call.value) };
      }
      default:
        return call satisfies never;
    }
  }

  /** COMMIT of the file was answered with `verifier`: what must be written again. */
  committed(number: number, verifier: string): Dirty[] {
    const file = this.file(number);
    file.dirty = file.dirty.map((written) => (written === verifier ? '' : written));
    const lost: Dirty[] = [];
    for (let at = 0; at < file.dirty.length; at += 1) {
      if (file.dirty[at] === '') continue;
      let end = at;
      while ((file.dirty[end] ?? '') !== '') end += 1;
      lost.push({ number, offset: at, data: Buffer.from(file.bytes.subarray(at, end)) });
      at = end;
    }
    return lost;
  }

  #number(handle: Handle): number {
    return this.#numbers.get(handle.file) as number;
  }

  #at(at: At): number {
    return this.#number(at.directory);
  }

  #write(
    call: Extract<VolumeCall, { kind: 'write' }>,
    verifier: string,
  ): { readonly status: string; readonly size?: number } {
    const number = this.#number(call.handle);
    const end = call.offset + call.data.length;
    const status = this.tree.resize(number, (before) => Math.max(before, end));
    if (status !== 'done') return { status };
    const file = this.file(number);
    this.#resize(file, Math.max(file.bytes.length, end));
    call.data.copy(file.bytes, call.offset);
    file.dirty.fill(call.stable ? '' : verifier, call.offset, end);
    return { status, size: file.bytes.length };
  }

  #truncate(number: number, size: number): { readonly status: string; readonly size?: number } {
    const status = this.tree.resize(number, () => size);
    if (status !== 'done') return { status };
    this.#resize(this.file(number), size);
    return { status, size };
  }

  #resize(file: FileModel, size: number): void {
    const bytes = Buffer.alloc(size);
    file.bytes.copy(bytes, 0, 0, size);
    file.bytes = bytes;
    file.dirty = Array.from({ length: size }, (_, index) => file.dirty[index] ?? '');
  }
}
