/**
 * How a catalog lies in the store. Every key is `v`, the volume as four bytes, one letter of the table, and:
 *
 *     f                          -> format version, two bytes
 *     n                          -> next file id, 8 bytes: one above every id that was ever given
 *     i  file                    -> inode
 *     d  directory  name         -> cookie, file
 *     c  directory  cookie       -> file, name            the order of READDIR
 *     h  size of issuer  issuer  handle -> file           issuer handles (core/vfs/handle.ts)
 *
 * Ids and cookies are 8 bytes, big-endian, so that the store's order is theirs. A name stands twice: looked up by
 * name in one table, listed by cookie in the other. The longest key is that of a name: 14 + 255 bytes, of 511.
 */
import type { DirectoryEntry, FileId, FileKind, Inode } from '../vfs/inode.ts';
import type { Name } from '../vfs/name.ts';
import { readTime, writeTime } from '../vfs/set-attributes.ts';
import { DecodeError, Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';

/** The first cookie of a directory; 0, 1 and 2 are conventions of clients. */
export const FIRST_COOKIE = 3;

/** A store of another version is refused, never guessed at. */
export const CATALOG_FORMAT = 1;

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
  const bare = isBare(inode);
  writer.u8(bare ? 0 : 1);
  if (!bare) encodeRare(inode);
  return written();
}

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
  if (from.u8() === 0) return BARE;
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
    ...decodeRare(from),
  };
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
    cookie: Number.parseInt(Buffer.from(key.slice(-8), 'latin1').toString('hex'), 16),
    name: bytes.toString('latin1', 8),
    id: numberAt(bytes, 0) as FileId,
  };
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
