/**
 * How a catalog lies in the store. Every key is `v`, the volume as four bytes, one letter of the table, and:
 *
 *     f                          -> format version, two bytes
 *     n                          -> next file id, 8 bytes: one above every id that was ever given
 *     i  file                    -> inode
 *     d  directory  name         -> cookie, file
 *     c  directory  cookie       -> file, name            the order of READDIR
 *     h  size of issuer  issuer  handle -> file           issuer handles (core/vfs/handle.ts)
 *     x  kind  file  name        -> name, value           security descriptor, extended attributes (core/vfs/extra.ts)
 *     s  file  name              -> stream's file id      streams (core/vfs/stream.ts)
 *     o  file                    -> nothing               files that are kept without a name
 *     y  directory  folded name  -> cookie, others, name  names that are not plain (core/vfs/fold.ts), the oldest of each
 *     z  directory  folded name  cookie -> name           the others (folded-names.ts)
 *
 * Ids and cookies are 8 bytes, big-endian, so that the store's order is theirs. A name stands twice: looked up by
 * name in one table, listed by cookie in the other. The longest key is that of a name: 14 + 255 bytes, of 511, and
 * that of a folded name, which is cut at FOLDED_KEY_MAX.
 *
 * Format 1 had the tables f to h, and inodes without DOS attributes; it is brought up to date when it is opened (upgrade.ts).
 */
import type { Extra, ExtraKind } from '../vfs/extra.ts';
import type { DirectoryEntry, FileId, FileKind, Inode } from '../vfs/inode.ts';
import type { Name } from '../vfs/name.ts';
import { readTime, writeTime } from '../vfs/set-attributes.ts';
import { DecodeError, Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';

/** The first cookie of a directory; 0, 1 and 2 are conventions of clients. */
export const FIRST_COOKIE = 3;

/** A store of another version is refused, never guessed at. */
export const CATALOG_FORMAT = 2;

/** Bytes of a folded name in a key: as long as any that is not mostly accents; of longer ones the beginning. */
const FOLDED_KEY_MAX = 400;

/** Bytes of an encoded inode: a symlink's target of SYMLINK_SIZE_MAX and some 200 for the rest, with room. */
const INODE_SIZE_MAX = 16 * 1024;

const KINDS: readonly FileKind[] = [
  'file',
  'directory',
  'symlink',
  'block',
  'character',
  'socket',
  'fifo',
  'stream',
];

export function kindCode(kind: FileKind): number {
  return KINDS.indexOf(kind);
}

export function kindOfCode(code: number): FileKind {
  const kind = KINDS[code];
  if (kind === undefined) throw new DecodeError(`file kind ${code}: not one of ${KINDS.length}`);
  return kind;
}

/** A number below 2^53 as 8 bytes of a key. */
export function keyNumber(value: number): string {
  const high = Math.floor(value / 0x1_0000_0000);
  const low = value >>> 0;
  return String.fromCharCode(
    0,
    (high >>> 16) & 0xff,
    (high >>> 8) & 0xff,
    high & 0xff,
    low >>> 24,
    (low >>> 16) & 0xff,
    (low >>> 8) & 0xff,
    low & 0xff,
  );
}

const EXTRA_LETTERS: Readonly<Record<ExtraKind, string>> = { security: 's', attribute: 'a' };

/** The keys of one volume's catalog. */
export class CatalogKeys {
  readonly prefix: string;
  /** Greater than every key of the catalog. */
  readonly end: string;
  readonly format: string;
  readonly nextFile: string;

  constructor(volume: number) {
    this.prefix = `v${keyNumber(volume).slice(4)}`;
    this.end = `${this.prefix}\xff`;
    this.format = `${this.prefix}f`;
    this.nextFile = `${this.prefix}n`;
  }

  inode(file: FileId): string {
    return `${this.prefix}i${keyNumber(file)}`;
  }

  name(directory: FileId, name: Name): string {
    return `${this.prefix}d${keyNumber(directory)}${name}`;
  }

  cookie(directory: FileId, cookie: number): string {
    return `${this.prefix}c${keyNumber(directory)}${keyNumber(cookie)}`;
  }

  issued(issuer: string, handle: string): string {
    return `${this.prefix}h${String.fromCharCode(issuer.length)}${issuer}${handle}`;
  }

  /** With `name` empty, before all of a file's and kind's. */
  extra(file: FileId, kind: ExtraKind, name: string): string {
    return `${this.prefix}x${EXTRA_LETTERS[kind]}${keyNumber(file)}${name}`;
  }

  stream(file: FileId, name: string): string {
    return `${this.prefix}s${keyNumber(file)}${name}`;
  }

  orphan(file: FileId): string {
    return `${this.prefix}o${keyNumber(file)}`;
  }

  folded(directory: FileId, folded: string): string {
    return `${this.prefix}y${keyNumber(directory)}${folded.slice(0, FOLDED_KEY_MAX)}`;
  }

  /** Behind all names that fold alike come those of longer ones, so that the cookie's place is told from a name's end by a NUL. */
  foldedOther(directory: FileId, folded: string, cookie: number): string {
    const name = folded.slice(0, FOLDED_KEY_MAX);
    return `${this.prefix}z${keyNumber(directory)}${name}\0${keyNumber(cookie)}`;
  }
}

const writer = new Writer(INODE_SIZE_MAX);

/** The writer's bytes, kept. */
function written(): Buffer {
  const bytes = Buffer.allocUnsafe(writer.offset);
  writer.bytes.copy(bytes, 0, 0, writer.offset);
  return bytes;
}

export function encodeInode(inode: Inode): Buffer {
  writer.reset();
  writer.u64(inode.id);
  writer.u32(inode.generation);
  writer.u8(kindCode(inode.kind));
  writer.u16(inode.mode);
  writer.u32(inode.uid);
  writer.u32(inode.gid);
  writer.u32(inode.nlink);
  writer.u64(inode.size);
  writeTime(writer, inode.atime);
  writeTime(writer, inode.mtime);
  writeTime(writer, inode.ctime);
  writeTime(writer, inode.btime);
  writer.u64(inode.change);
  writer.u64(inode.parent);
  writer.u64(inode.nextCookie);
  const isRare = !isBare(inode);
  const isDressed = inode.dos !== 0 || inode.holds !== 0;
  writer.u8((isRare ? RARE : 0) | (isDressed ? DRESSED : 0));
  if (isRare) encodeRare(inode);
  if (isDressed) {
    writer.u32(inode.dos);
    writer.u8(inode.holds);
  }
  return written();
}

/** What stands behind the fields that every inode has. */
const RARE = 1;
const DRESSED = 2;

/** What few inodes have stands in a row only where one of it is there: writing empty strings is not free. */
function isBare({ device, target, verifier, issuer }: Inode): boolean {
  if (device.major !== 0 || device.minor !== 0) return false;
  return target === '' && verifier === '' && issuer === '';
}

function encodeRare(inode: Inode): void {
  writer.u32(inode.device.major);
  writer.u32(inode.device.minor);
  writer.byteString(inode.target);
  writer.byteString(inode.verifier);
  writer.byteString(inode.issuer);
  writer.byteString(inode.issuerHandle);
}

type Rare = Pick<Inode, 'device' | 'target' | 'verifier' | 'issuer' | 'issuerHandle'>;

const BARE: Rare = {
  device: { major: 0, minor: 0 },
  target: '',
  verifier: '',
  issuer: '',
  issuerHandle: '',
};

function decodeRare(from: Reader): Rare {
  return {
    device: { major: from.u32(), minor: from.u32() },
    target: from.byteString(INODE_SIZE_MAX),
    verifier: from.byteString(INODE_SIZE_MAX),
    issuer: from.byteString(INODE_SIZE_MAX),
    issuerHandle: from.byteString(INODE_SIZE_MAX),
  };
}

export function decodeInode(bytes: Buffer): Inode {
  const from = new Reader(bytes);
  return {
    id: from.u64() as FileId,
    generation: from.u32(),
    kind: kindOfCode(from.u8()),
    mode: from.u16(),
    uid: from.u32(),
    gid: from.u32(),
    nlink: from.u32(),
    size: from.u64(),
    atime: readTime(from),
    mtime: readTime(from),
    ctime: readTime(from),
    btime: readTime(from),
    change: from.u64(),
    parent: from.u64() as FileId,
    nextCookie: from.u64(),
    ...decodeRest(from),
  };
}

function decodeRest(from: Reader): Rare & Pick<Inode, 'dos' | 'holds'> {
  const forms = from.u8();
  const rare = (forms & RARE) === 0 ? BARE : decodeRare(from);
  const isDressed = (forms & DRESSED) !== 0;
  return { ...rare, dos: isDressed ? from.u32() : 0, holds: isDressed ? from.u8() : 0 };
}

/** A row of the table of names: the entry but for its name, which is in the key. */
export function encodeNameRow(entry: DirectoryEntry): Buffer {
  writer.reset();
  writer.u64(entry.cookie);
  writer.u64(entry.id);
  return written();
}

export function decodeNameRow(name: Name, bytes: Buffer): DirectoryEntry {
  return { cookie: numberAt(bytes, 0), name, id: numberAt(bytes, 8) as FileId };
}

/** A row of the table of cookies: the entry but for its cookie, which is in the key. */
export function encodeCookieRow(entry: DirectoryEntry): Buffer {
  const bytes = Buffer.allocUnsafe(8 + entry.name.length);
  putNumber(bytes, 0, entry.id);
  bytes.write(entry.name, 8, 'latin1');
  return bytes;
}

export function decodeCookieRow(key: string, bytes: Buffer): DirectoryEntry {
  return {
    cookie: cookieOfKey(key),
    name: bytes.toString('latin1', 8),
    id: numberAt(bytes, 0) as FileId,
  };
}

/** Name and value, because the name stands in the key in another case. */
export function encodeExtraRow(name: string, value: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(1 + name.length + value.length);
  bytes[0] = name.length;
  bytes.write(name, 1, 'latin1');
  value.copy(bytes, 1 + name.length);
  return bytes;
}

export function decodeExtraRow(bytes: Buffer): Extra {
  const end = 1 + (bytes[0] as number);
  return { name: bytes.toString('latin1', 1, end), value: bytes.subarray(end) };
}

/** The oldest of the names that fold alike, and how many others there are. */
export interface FoldedRow {
  readonly cookie: number;
  readonly others: number;
  readonly name: Name;
}

export function encodeFoldedRow({ cookie, others, name }: FoldedRow): Buffer {
  const bytes = Buffer.allocUnsafe(12 + name.length);
  putNumber(bytes, 0, cookie);
  bytes.writeUInt32BE(others, 8);
  bytes.write(name, 12, 'latin1');
  return bytes;
}

export function decodeFoldedRow(bytes: Buffer): FoldedRow {
  const name = bytes.toString('latin1', 12) as Name;
  return { cookie: numberAt(bytes, 0), others: bytes.readUInt32BE(8), name };
}

/** The cookie at the end of a key. */
export function cookieOfKey(key: string): number {
  return Number.parseInt(Buffer.from(key.slice(-8), 'latin1').toString('hex'), 16);
}

export function encodeNumber(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  putNumber(bytes, 0, value);
  return bytes;
}

export function numberAt(bytes: Buffer, offset: number): number {
  return bytes.readUInt32BE(offset) * 0x1_0000_0000 + bytes.readUInt32BE(offset + 4);
}

function putNumber(bytes: Buffer, offset: number, value: number): void {
  bytes.writeUInt32BE(Math.floor(value / 0x1_0000_0000), offset);
  bytes.writeUInt32BE(value >>> 0, offset + 4);
}
