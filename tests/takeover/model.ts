/** What a worker knows must be there: every name, handle, link and byte that the server has acknowledged. */
import type { Time } from '#core/ports/clock.ts';

export interface FileNode {
  readonly kind: 'file';
  readonly handle: Buffer;
  readonly fileid: number;
  content: Buffer;
  links: number;
  mode: number;
  /** As an answer told it last; `undefined` where a call in between did not. */
  ctime: Time | undefined;
}

export interface SymlinkNode {
  readonly kind: 'symlink';
  readonly handle: Buffer;
  readonly fileid: number;
  readonly target: string;
  links: number;
}

export interface Folder {
  readonly kind: 'directory';
  readonly handle: Buffer;
  readonly fileid: number;
  readonly names: Map<string, Node>;
  /** Of names that were listed: a name keeps its cookie for as long as it lives. */
  readonly cookies: Map<string, number>;
  ctime: Time | undefined;
}

export type Node = FileNode | SymlinkNode | Folder;

export function newFolder(handle: Buffer, fileid: number): Folder {
  return {
    kind: 'directory',
    handle,
    fileid,
    names: new Map(),
    cookies: new Map(),
    ctime: undefined,
  };
}

/** The folder itself and all below it. */
export function foldersOf(top: Folder): readonly Folder[] {
  const below = [...top.names.values()].filter((node) => node.kind === 'directory');
  return [top, ...below.flatMap(foldersOf)];
}

/** Every file once, however many names it has. */
export function filesOf(top: Folder): readonly FileNode[] {
  const nodes = foldersOf(top).flatMap((folder) => [...folder.names.values()]);
  return [...new Set(nodes.filter((node) => node.kind === 'file'))];
}

export function setName(folder: Folder, name: string, node: Node): void {
  folder.names.set(name, node);
  folder.cookies.delete(name);
}

export function dropName(folder: Folder, name: string): void {
  folder.names.delete(name);
  folder.cookies.delete(name);
}

/** `bytes` at `offset`; what lies between the old end and the offset is zeros. */
export function overwritten(content: Buffer, offset: number, bytes: Buffer): Buffer {
  const result = Buffer.alloc(Math.max(content.length, offset + bytes.length));
  content.copy(result);
  bytes.copy(result, offset);
  return result;
}

/** Cut, or filled up with zeros. */
export function resized(content: Buffer, size: number): Buffer {
  const result = Buffer.alloc(size);
  content.copy(result);
  return result;
}
