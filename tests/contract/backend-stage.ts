/** What the backend contract is played on: places for volumes, and files made in them. */
import * as assert from 'uvu/assert';
import { type FileId, type FileKind, ROOT_ID } from '#core/vfs/inode.ts';
import type { Backend, MirrorNode } from '#core/volume/backend.ts';
import { MapTable } from '../support/local-table.ts';

/** One place: the same volume each time it is opened. */
export interface BackendPlace {
  open(table: MapTable): Backend;
  /** Paths in the visible tree, sorted, and what is left in corners of it; absent where there is no tree. */
  list?(): { readonly tree: readonly string[]; readonly corners: readonly string[] };
  /** Removes what the place holds. */
  clean(): void;
}

export interface BackendSubject {
  /** `fs/posix`, `fs/memory`. */
  readonly name: string;
  make(): BackendPlace;
  /** A place with room for less than 8 MiB; absent where none can be had. */
  makeSmall?(): BackendPlace;
}

export const TIME = { seconds: 1_700_000_000, nanoseconds: 0 };
export const MEBIBYTE = 1024 * 1024;

export const fileId = (id: number): FileId => id as FileId;

export function nodeOf(id: number, kind: FileKind, more: Partial<MirrorNode> = {}): MirrorNode {
  return {
    id: fileId(id),
    kind,
    mode: kind === 'directory' ? 0o755 : 0o644,
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    size: 0,
    atime: TIME,
    mtime: TIME,
    target: '',
    device: { major: 0, minor: 0 },
    reserved: '',
    ...more,
  };
}

/** Makes a file with content in the root. */
export function makeFile(backend: Backend, id: number, name: string, text = ''): void {
  backend.create(ROOT_ID, name, nodeOf(id, 'file'));
  if (text !== '') backend.write(fileId(id), 0, Buffer.from(text, 'latin1'));
}

export async function readText(backend: Backend, id: number, size = 64): Promise<string> {
  return (await readBytes(backend, id, 0, size)).toString('latin1');
}

export async function readBytes(
  backend: Backend,
  id: number,
  offset: number,
  size: number,
): Promise<Buffer> {
  const target = Buffer.alloc(size, 0xee);
  const count = await backend.read(fileId(id), offset, target);
  return target.subarray(0, count);
}

export type InPlace = (
  body: (backend: Backend, place: BackendPlace, table: MapTable) => void | Promise<void>,
) => () => Promise<void>;

/** Runs a test body in a place of its own, and removes that whatever happens. */
export function inPlace(make: () => BackendPlace): InPlace {
  return (body) => async () => {
    const place = make();
    const table = new MapTable();
    const backend = place.open(table);
    try {
      await body(backend, place, table);
    } finally {
      await backend.close();
      place.clean();
    }
  };
}

export function rename(
  backend: Backend,
  source: string,
  target: string,
  id: number,
  replaced?: { readonly file: FileId; readonly last: boolean },
): void {
  const from = { directory: ROOT_ID, name: source };
  backend.rename(from, { directory: ROOT_ID, name: target }, fileId(id), replaced);
}

export async function expectContents(
  backend: Backend,
  contents: Readonly<Record<number, string>>,
): Promise<void> {
  for (const [id, text] of Object.entries(contents)) {
    assert.is(await readText(backend, Number(id)), text, `file ${id}`);
  }
}
