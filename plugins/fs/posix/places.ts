/**
 * Where every object stands in the tree: one row for each of its links, and the paths that follow from them.
 *
 *     p file:u64 directory:u64 name -> identity      t file:u64 -> local handle minted for it
 *
 * Paths are byte strings here and become buffers at the system call.
 */
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import { BackendError, type Place } from '#core/volume/backend.ts';
import type { LocalTable } from '#core/volume/local-table.ts';
import { type Identity, UNKNOWN } from './identity.ts';
import type { Layout } from './layout.ts';

export interface KnownPlace extends Place {
  readonly identity: Identity;
}

/** Directory paths kept; a tree with more of them rebuilds some (about 16 MiB). */
const PATHS_MAX = 65_536;
/** Links of one file that are looked at when its last one is sought. */
const LINKS_READ_MAX = 100_000;

const PLACE = 'p';
const TOKEN = 't';

export class Places {
  readonly #table: LocalTable;
  readonly #layout: Layout;
  readonly #paths = new Map<FileId, string>();

  constructor(table: LocalTable, layout: Layout) {
    this.#table = table;
    this.#layout = layout;
  }

  /** Some link of the file. */
  of(file: FileId): KnownPlace | undefined {
    const prefix = PLACE + idBytes(file);
    const row = this.#table.range(prefix, 1)[0];
    return row === undefined ? undefined : placeOfRow(row.key, row.value);
  }

  all(file: FileId): readonly KnownPlace[] {
    const rows = this.#table.range(PLACE + idBytes(file), LINKS_READ_MAX);
    return rows.map((row) => placeOfRow(row.key, row.value));
  }

  /** What is known of the object behind one link; unknown as well where there is no such row. */
  identity(file: FileId, directory: FileId, name: string): Identity {
    return this.#table.get(keyOf(file, directory, name)) ?? UNKNOWN;
  }

  put(file: FileId, directory: FileId, name: string, identity: Identity): void {
    this.#table.put(keyOf(file, directory, name), identity);
  }

  drop(file: FileId, directory: FileId, name: string): void {
    this.#table.remove(keyOf(file, directory, name));
  }

  token(file: FileId): string | undefined {
    return this.#table.get(TOKEN + idBytes(file))?.toString('latin1');
  }

  putToken(file: FileId, token: string): void {
    this.#table.put(TOKEN + idBytes(file), Buffer.from(token, 'latin1'));
  }

  dropToken(file: FileId): void {
    this.#table.remove(TOKEN + idBytes(file));
  }

  /** The path of a name in a directory. Throws where the directory has no place itself. */
  path(directory: FileId, name: string): string {
    return directory === ROOT_ID
      ? this.#layout.inRoot(name)
      : `${this.#directory(directory)}/${name}`;
  }

  /** Many may have moved. */
  movedAll(): void {
    this.#paths.clear();
    this.#layout.dropShortcuts();
  }

  /** A directory has moved or gone: paths through it are built anew. */
  moved(directory: FileId): void {
    if (this.#paths.has(directory)) this.movedAll();
  }

  #directory(directory: FileId): string {
    const known = this.#paths.get(directory);
    if (known !== undefined) return known;
    const place = this.of(directory);
    if (place === undefined) {
      throw new BackendError(`fs/posix: directory ${directory} has no place in the tree`, 'io');
    }
    const path = this.#layout.shorten(this.path(place.directory, place.name));
    if (this.#paths.size >= PATHS_MAX) this.#paths.clear();
    this.#paths.set(directory, path);
    return path;
  }
}

function keyOf(file: FileId, directory: FileId, name: string): string {
  return PLACE + idBytes(file) + idBytes(directory) + name;
}

function placeOfRow(key: string, identity: Buffer): KnownPlace {
  const directory = Buffer.from(key.slice(9, 17), 'latin1').readBigUInt64BE();
  return { directory: Number(directory) as FileId, name: key.slice(17), identity };
}

/** 8 bytes, big-endian, as a byte string. */
function idBytes(id: number): string {
  const high = Math.floor(id / 0x1_0000_0000);
  return String.fromCharCode(
    (high >>> 24) & 255,
    (high >>> 16) & 255,
    (high >>> 8) & 255,
    high & 255,
    (id >>> 24) & 255,
    (id >>> 16) & 255,
    (id >>> 8) & 255,
    id & 255,
  );
}
