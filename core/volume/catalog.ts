/**
 * A volume's tree: rows in the staged store (see rows.ts), and what was used lately decoded in memory.
 *
 * Liberty taken: caches are written through and hold the staged state, never the committed one; after a rollback
 * they are cleared, not repaired.
 */
import { assert } from '../assert.ts';
import type { StoreRow } from '../ports/store.ts';
import {
  ATTRIBUTE_COST,
  ATTRIBUTES_SIZE_MAX,
  type Extra,
  type ExtraChange,
  type ExtraKind,
  foldAttribute,
  holdsOf,
} from '../vfs/extra.ts';
import { foldName } from '../vfs/fold.ts';
import {
  type DirectoryEntry,
  type FileId,
  HAS_STREAMS,
  type Inode,
  ROOT_ID,
} from '../vfs/inode.ts';
import { NAME_SIZE_MAX, type Name } from '../vfs/name.ts';
import { STREAMS_MAX, type StreamEntry } from '../vfs/stream.ts';
import { FoldedNames } from './folded-names.ts';
import { Listings, pageAfter } from './listings.ts';
import type { TreeWriter } from './operation.ts';
import { Recent } from './recent.ts';
import {
  CATALOG_FORMAT,
  CatalogKeys,
  cookieOfKey,
  decodeCookieRow,
  decodeExtraRow,
  decodeInode,
  decodeNameRow,
  encodeCookieRow,
  encodeExtraRow,
  encodeInode,
  encodeNameRow,
  encodeNumber,
  FIRST_COOKIE,
  numberAt,
} from './rows.ts';
import type { StagedStore } from './staged-store.ts';

/**
 * Inodes in memory, and as many names: about 350 and 150 bytes each, so 30 MB a volume when both are full, which
 * leaves an idle box under 150 MB.
 */
const CACHE_MAX = 65_536;
/** Names of a directory that is held as a whole: loading it takes some 35 ms, well within a lease (core/limits.ts). */
const LISTING_MAX = 16_384;
/** Names read from the store at once when a whole directory is wanted. */
const PAGE_SIZE = 4096;
/** Extended attributes of a file: as many as ATTRIBUTES_SIZE_MAX lets in. */
const EXTRAS_MAX = Math.ceil(ATTRIBUTES_SIZE_MAX / ATTRIBUTE_COST);
/** Files without a name read at once: whoever releases them asks again until there are none. */
const ORPHANS_MAX = 4096;
const ID_MAX = Number.MAX_SAFE_INTEGER as FileId;
/** The value of a row whose key says it all; a store need not keep empty ones. */
const NOTHING = Buffer.of(0);

export interface CatalogOptions {
  readonly volume: number;
  /** Inodes, names and issuer handles kept in memory, each. */
  readonly cacheMax?: number;
}

export class Catalog implements TreeWriter {
  readonly #keys: CatalogKeys;
  readonly #staged: StagedStore;
  readonly #inodes: Recent<FileId, Inode>;
  readonly #listings: Listings;
  readonly #listingMax: number;
  readonly #issued: Recent<string, FileId>;
  readonly #folded: FoldedNames;
  /** Above every id in the tree; `undefined` when it must be read. */
  #nextFile: number | undefined;
  /** Above every id that this process gave away, also to changes that were refused or rolled back. */
  #minted = 0;

  constructor(options: CatalogOptions, staged: StagedStore) {
    const cacheMax = options.cacheMax ?? CACHE_MAX;
    this.#keys = new CatalogKeys(options.volume);
    this.#staged = staged;
    this.#inodes = new Recent(cacheMax);
    this.#listingMax = Math.min(LISTING_MAX, Math.floor(cacheMax / 2));
    this.#listings = new Listings(cacheMax, this.#listingMax);
    this.#issued = new Recent(cacheMax);
    this.#folded = new FoldedNames(this.#keys, staged);
    this.#checkFormat();
  }

  inode(file: FileId): Inode | undefined {
    const known = this.#inodes.get(file);
    if (known !== undefined) return known;
    const row = this.#staged.get(this.#keys.inode(file));
    if (row === undefined) return undefined;
    const inode = decodeInode(row);
    this.#inodes.set(file, inode);
    return inode;
  }

  child(directory: FileId, name: Name): DirectoryEntry | undefined {
    const known = this.#listings.child(directory, name);
    if (known !== undefined) return known ?? undefined;
    const row = this.#staged.get(this.#keys.name(directory, name));
    if (row === undefined) return undefined;
    const entry = decodeNameRow(name, row);
    this.#listings.learn(directory, entry);
    return entry;
  }

  childFolded(directory: FileId, name: Name): DirectoryEntry | undefined {
    const exact = this.child(directory, name);
    if (exact !== undefined) return exact;
    const folded = foldName(name);
    const plain = folded.length > NAME_SIZE_MAX ? undefined : this.child(directory, folded as Name);
    const oldest = this.#folded.oldest(directory, folded);
    const other = oldest === undefined ? undefined : this.child(directory, oldest);
    if (plain === undefined || other === undefined) return plain ?? other;
    return plain.cookie < other.cookie ? plain : other;
  }

  extra(file: FileId, kind: ExtraKind, name: string): Extra | undefined {
    if (((this.inode(file)?.holds ?? 0) & holdsOf(kind)) === 0) return undefined;
    const row = this.#staged.get(this.#keys.extra(file, kind, foldAttribute(name)));
    return row === undefined ? undefined : decodeExtraRow(row);
  }

  extras(file: FileId, kind: ExtraKind): readonly Extra[] {
    if (((this.inode(file)?.holds ?? 0) & holdsOf(kind)) === 0) return [];
    return this.#extraRows(file, kind).map(({ value }) => decodeExtraRow(value));
  }

  streams(file: FileId): readonly StreamEntry[] {
    if (((this.inode(file)?.holds ?? 0) & HAS_STREAMS) === 0) return [];
    const from = this.#keys.stream(file, '');
    const to = this.#keys.stream((file + 1) as FileId, '');
    return this.#staged.range(from, to, STREAMS_MAX).map(({ key, value }) => ({
      name: key.slice(from.length) as Name,
      id: numberAt(value, 0) as FileId,
    }));
  }

  stream(file: FileId, name: Name): StreamEntry | undefined {
    const folded = foldName(name);
    return this.streams(file).find((entry) => foldName(entry.name) === folded);
  }

  orphans(): readonly FileId[] {
    const from = this.#keys.orphan(0 as FileId);
    const rows = this.#staged.range(from, this.#keys.orphan(ID_MAX), ORPHANS_MAX);
    return rows.map(({ key }) => cookieOfKey(key) as FileId);
  }

  entries(directory: FileId): readonly DirectoryEntry[] {
    const known = this.#whole(directory);
    if (known !== undefined) return known;
    return this.#readAll(directory);
  }

  entriesAfter(directory: FileId, cookie: number, limit: number): readonly DirectoryEntry[] {
    const known = this.#whole(directory);
    if (known !== undefined) return pageAfter(known, cookie, limit);
    return this.#readAfter(directory, cookie, limit);
  }

  /** File id behind an issuer handle; `undefined` when none was given out, or the file is gone. */
  issued(issuer: string, handle: string): FileId | undefined {
    const key = this.#keys.issued(issuer, handle);
    const known = this.#issued.get(key);
    if (known !== undefined) return known;
    const row = this.#staged.get(key);
    if (row === undefined) return undefined;
    const file = numberAt(row, 0) as FileId;
    this.#issued.set(key, file);
    return file;
  }

  /** An id that no file of this volume has or ever had. */
  mintFile(): FileId {
    const id = Math.max(this.#minted, this.#next());
    this.#minted = id + 1;
    return id as FileId;
  }

  putInode(inode: Inode): void {
    if (inode.id >= this.#next()) {
      this.#nextFile = inode.id + 1;
      this.#staged.put(this.#keys.nextFile, encodeNumber(this.#nextFile));
      if (inode.kind === 'directory') this.#listings.setAll(inode.id, []);
    }
    this.#staged.put(this.#keys.inode(inode.id), encodeInode(inode));
    this.#inodes.set(inode.id, inode);
  }

  removeInode(file: FileId): void {
    const inode = this.inode(file);
    if (inode !== undefined && inode.holds !== 0) this.#removeHeld(file);
    if (inode?.nlink === 0) this.#staged.put(this.#keys.orphan(file), undefined);
    this.#staged.put(this.#keys.inode(file), undefined);
    this.#inodes.delete(file);
    this.#listings.drop(file);
    if (inode === undefined || inode.issuer === '') return;
    const key = this.#keys.issued(inode.issuer, inode.issuerHandle);
    this.#staged.put(key, undefined);
    this.#issued.delete(key);
  }

  putName(directory: FileId, entry: DirectoryEntry): void {
    this.#staged.put(this.#keys.name(directory, entry.name as Name), encodeNameRow(entry));
    this.#staged.put(this.#keys.cookie(directory, entry.cookie), encodeCookieRow(entry));
    this.#folded.put(directory, entry);
    this.#listings.add(directory, entry);
  }

  removeName(directory: FileId, name: Name): void {
    const entry = this.child(directory, name);
    assert(entry !== undefined, `directory ${directory}: no name to remove`);
    this.#staged.put(this.#keys.name(directory, name), undefined);
    this.#staged.put(this.#keys.cookie(directory, entry.cookie), undefined);
    this.#folded.remove(directory, entry);
    this.#listings.remove(directory, entry);
  }

  putExtra(file: FileId, { kind, name, value }: ExtraChange): void {
    const row = value === undefined ? undefined : encodeExtraRow(name, value);
    this.#staged.put(this.#keys.extra(file, kind, foldAttribute(name)), row);
  }

  putStream(file: FileId, { name, id }: StreamEntry): void {
    this.#staged.put(this.#keys.stream(file, name), encodeNumber(id));
  }

  removeStream(file: FileId, name: Name): void {
    this.#staged.put(this.#keys.stream(file, name), undefined);
  }

  putOrphan(file: FileId): void {
    this.#staged.put(this.#keys.orphan(file), NOTHING);
  }

  putIssuerHandle(issuer: string, handle: string, file: FileId): void {
    const key = this.#keys.issued(issuer, handle);
    this.#staged.put(key, encodeNumber(file));
    this.#issued.set(key, file);
  }

  /** Marks an empty store as this format's; for the entry that makes the volume. */
  putFormat(): void {
    const row = Buffer.alloc(2);
    row.writeUInt16BE(CATALOG_FORMAT);
    this.#staged.put(this.#keys.format, row);
  }

  /** Forgets what is in memory: after the staged store was discarded. */
  discard(): void {
    this.#inodes.clear();
    this.#listings.clear();
    this.#issued.clear();
    this.#nextFile = undefined;
  }

  #extraRows(file: FileId, kind: ExtraKind): readonly StoreRow[] {
    const from = this.#keys.extra(file, kind, '');
    const to = this.#keys.extra((file + 1) as FileId, kind, '');
    return this.#staged.range(from, to, EXTRAS_MAX);
  }

  #removeHeld(file: FileId): void {
    for (const { name, id } of this.streams(file)) {
      this.removeStream(file, name);
      this.removeInode(id);
    }
    for (const kind of ['security', 'attribute'] as const) {
      for (const { key } of this.#extraRows(file, kind)) this.#staged.put(key, undefined);
    }
  }

  #next(): number {
    if (this.#nextFile === undefined) {
      const row = this.#staged.get(this.#keys.nextFile);
      this.#nextFile = row === undefined ? ROOT_ID : numberAt(row, 0);
    }
    return this.#nextFile;
  }

  /** The whole listing from memory, loaded now where it surely fits. */
  #whole(directory: FileId): readonly DirectoryEntry[] | undefined {
    const known = this.#listings.sorted(directory);
    if (known !== undefined) return known;
    // Each name ever given took one cookie, so this bounds the names that are there.
    const inode = this.inode(directory);
    if (inode?.kind !== 'directory') return undefined;
    if (inode.nextCookie - FIRST_COOKIE > this.#listingMax) return undefined;
    const entries = this.#readAll(directory);
    this.#listings.setAll(directory, entries);
    return entries;
  }

  #readAll(directory: FileId): DirectoryEntry[] {
    const all: DirectoryEntry[] = [];
    for (;;) {
      const page = this.#readAfter(directory, all[all.length - 1]?.cookie ?? 0, PAGE_SIZE);
      for (const entry of page) all.push(entry);
      if (page.length < PAGE_SIZE) return all;
    }
  }

  #readAfter(directory: FileId, cookie: number, limit: number): DirectoryEntry[] {
    if (cookie >= Number.MAX_SAFE_INTEGER) return [];
    const from = this.#keys.cookie(directory, cookie + 1);
    const to = this.#keys.cookie(directory, Number.MAX_SAFE_INTEGER);
    return this.#staged.range(from, to, limit).map(({ key, value }) => decodeCookieRow(key, value));
  }

  #checkFormat(): void {
    const row = this.#staged.get(this.#keys.format);
    if (row === undefined) return;
    const format = row.readUInt16BE(0);
    assert(
      format === CATALOG_FORMAT,
      `catalog: format ${format}, this version reads ${CATALOG_FORMAT}`,
    );
  }
}
