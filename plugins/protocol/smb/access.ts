/**
 * Access masks ([MS-SMB2] §2.2.13.1): what a mask asks for, what mode and owner of a file give, and which of the two
 * an open gets. A security descriptor that was set decides instead of the mode (security/).
 */
import { allowed, MAY_EXECUTE, MAY_READ, MAY_WRITE } from '#core/vfs/access.ts';
import type { Caller } from '#core/vfs/caller.ts';
import type { Inode } from '#core/vfs/inode.ts';

export const FILE_READ_DATA = 0x1;
export const FILE_LIST_DIRECTORY = 0x1;
export const FILE_WRITE_DATA = 0x2;
export const FILE_ADD_FILE = 0x2;
export const FILE_APPEND_DATA = 0x4;
export const FILE_ADD_SUBDIRECTORY = 0x4;
export const FILE_READ_EA = 0x8;
export const FILE_WRITE_EA = 0x10;
export const FILE_EXECUTE = 0x20;
export const FILE_TRAVERSE = 0x20;
export const FILE_DELETE_CHILD = 0x40;
export const FILE_READ_ATTRIBUTES = 0x80;
export const FILE_WRITE_ATTRIBUTES = 0x100;
export const DELETE = 0x1_0000;
export const READ_CONTROL = 0x2_0000;
export const WRITE_DAC = 0x4_0000;
export const WRITE_OWNER = 0x8_0000;
export const SYNCHRONIZE = 0x10_0000;
export const ACCESS_SYSTEM_SECURITY = 0x100_0000;
export const MAXIMUM_ALLOWED = 0x200_0000;
export const GENERIC_ALL = 0x1000_0000;
export const GENERIC_EXECUTE = 0x2000_0000;
export const GENERIC_WRITE = 0x4000_0000;
export const GENERIC_READ = 0x8000_0000;

export const FILE_GENERIC_READ =
  FILE_READ_DATA | FILE_READ_EA | FILE_READ_ATTRIBUTES | READ_CONTROL | SYNCHRONIZE;
export const FILE_GENERIC_WRITE =
  FILE_WRITE_DATA |
  FILE_APPEND_DATA |
  FILE_WRITE_EA |
  FILE_WRITE_ATTRIBUTES |
  READ_CONTROL |
  SYNCHRONIZE;
export const FILE_GENERIC_EXECUTE =
  FILE_EXECUTE | FILE_READ_ATTRIBUTES | READ_CONTROL | SYNCHRONIZE;
export const FILE_ALL_ACCESS = 0x1f_01ff;

/** Every bit that a request may ask for; others are STATUS_ACCESS_DENIED. */
export const ACCESS_MASK_VALID =
  (FILE_ALL_ACCESS |
    ACCESS_SYSTEM_SECURITY |
    MAXIMUM_ALLOWED |
    GENERIC_ALL |
    GENERIC_EXECUTE |
    GENERIC_WRITE |
    GENERIC_READ) >>>
  0;

/** What a client may get of a share that is offered for reading only. */
export const READ_ONLY_ACCESS = FILE_GENERIC_READ | FILE_GENERIC_EXECUTE;

export const FILE_SHARE_READ = 0x1;
export const FILE_SHARE_WRITE = 0x2;
export const FILE_SHARE_DELETE = 0x4;

const GENERIC_MAP: readonly (readonly [generic: number, specific: number])[] = [
  [GENERIC_READ, FILE_GENERIC_READ],
  [GENERIC_WRITE, FILE_GENERIC_WRITE],
  [GENERIC_EXECUTE, FILE_GENERIC_EXECUTE],
  [GENERIC_ALL, FILE_ALL_ACCESS],
];

/** Generic rights as specific ones; MAXIMUM_ALLOWED stays. */
export function specificAccess(mask: number): number {
  let specific = mask;
  for (const [generic, rights] of GENERIC_MAP) {
    if ((mask & generic) !== 0) specific = (specific & ~generic) | rights;
  }
  return specific >>> 0;
}

/** What everybody may know of a file whose folder he may search. */
const KNOW = READ_CONTROL | SYNCHRONIZE | FILE_READ_ATTRIBUTES;
const READ = FILE_READ_DATA | FILE_READ_EA;
const WRITE = FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_EA | FILE_WRITE_ATTRIBUTES;
/** An owner keeps these whatever the mode says: he may change the mode. */
/** What no mode gives to others. */
const OWNERS_ONLY = WRITE_DAC | WRITE_OWNER;
const OWN = DELETE | WRITE_DAC | WRITE_OWNER | FILE_WRITE_ATTRIBUTES | FILE_WRITE_EA;

/** Rights that the mode gives, without what the folder above gives. */
export function accessByMode(inode: Inode, caller: Caller): number {
  if (caller.uid === 0) return FILE_ALL_ACCESS;
  const bits = allowed(inode, caller);
  const isDirectory = inode.kind === 'directory';
  if (caller.uid !== inode.uid) return maskOfModeBits(bits, isDirectory);
  // Owners who may write may all that there is, as clients expect of what they have just made.
  const all = isDirectory ? MAY_READ | MAY_WRITE | MAY_EXECUTE : MAY_READ | MAY_WRITE;
  return (bits & all) === all ? FILE_ALL_ACCESS : maskOfModeBits(bits, isDirectory) | OWN;
}

/** The three bits of a mode's class that a mask amounts to: what a descriptor looks like over NFS. */
export function modeBitsOf(mask: number): number {
  const reads = (mask & FILE_READ_DATA) !== 0 ? MAY_READ : 0;
  const writes = (mask & FILE_WRITE_DATA) !== 0 ? MAY_WRITE : 0;
  const executes = (mask & FILE_EXECUTE) !== 0 ? MAY_EXECUTE : 0;
  return reads | writes | executes;
}

/**
 * Rights on one file as a mode's class has them. Whoever may read a file may run it: a client runs a program by reading it,
 * and programs that come from Windows have no execute bit.
 */
export function maskOfModeBits(bits: number, isDirectory: boolean): number {
  if (bits === 7) return FILE_ALL_ACCESS & ~OWNERS_ONLY;
  let mask = KNOW;
  if ((bits & MAY_READ) !== 0) mask |= READ | (isDirectory ? 0 : FILE_EXECUTE);
  if ((bits & MAY_WRITE) !== 0) mask |= WRITE;
  if ((bits & MAY_EXECUTE) !== 0) mask |= FILE_EXECUTE;
  const changesNames = isDirectory && (bits & MAY_WRITE) !== 0 && (bits & MAY_EXECUTE) !== 0;
  return changesNames ? mask | FILE_DELETE_CHILD : mask;
}
