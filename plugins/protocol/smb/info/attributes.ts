/** File attributes as clients see them ([MS-FSCC] §2.6), and the sizes that go with them. */
import type { Inode } from '#core/vfs/inode.ts';

export const FILE_ATTRIBUTE_READONLY = 0x1;
export const FILE_ATTRIBUTE_HIDDEN = 0x2;
export const FILE_ATTRIBUTE_SYSTEM = 0x4;
export const FILE_ATTRIBUTE_DIRECTORY = 0x10;
export const FILE_ATTRIBUTE_ARCHIVE = 0x20;
export const FILE_ATTRIBUTE_NORMAL = 0x80;
export const FILE_ATTRIBUTE_TEMPORARY = 0x100;
export const FILE_ATTRIBUTE_SPARSE_FILE = 0x200;
export const FILE_ATTRIBUTE_REPARSE_POINT = 0x400;
export const FILE_ATTRIBUTE_COMPRESSED = 0x800;
export const FILE_ATTRIBUTE_OFFLINE = 0x1000;
export const FILE_ATTRIBUTE_NOT_CONTENT_INDEXED = 0x2000;
export const FILE_ATTRIBUTE_ENCRYPTED = 0x4000;

/** Bytes that content is reckoned in, on every box whatever its disk has: what AllocationSize is a multiple of. */
export const ALLOCATION_UNIT = 4096;

export function attributesOf(inode: Inode): number {
  const attributes = inode.dos | (inode.kind === 'directory' ? FILE_ATTRIBUTE_DIRECTORY : 0);
  return attributes === 0 ? FILE_ATTRIBUTE_NORMAL : attributes;
}

/** Bytes of content; a directory has none. */
export function endOfFileOf(inode: Inode): number {
  return inode.kind === 'directory' ? 0 : inode.size;
}

export function allocationOf(size: number): number {
  return Math.ceil(size / ALLOCATION_UNIT) * ALLOCATION_UNIT;
}
