/**
 * 8.3 names ([MS-FSCC] §2.1.5.2.1): of a name that is none, one made of a sum over it, so that every box makes the same
 * and no table is kept. Two names with one sum are told apart by nobody; that takes some millions in one folder.
 */
import { foldText } from '#core/vfs/fold.ts';
import type { DirectoryEntry, FileId } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import type { Tree } from '#core/volume/operation.ts';
import { smbText } from '../names.ts';

const VALID = /^[A-Z0-9!#$%&'()\-@^_`{}~]{1,8}(\.[A-Z0-9!#$%&'()\-@^_`{}~]{1,3})?$/i;
const MADE = /^[A-Z0-9_]{1,2}[0-9A-Z]{4}~1(\.[A-Z0-9_]{1,3})?$/i;
/** Letters of a name that its short one begins with, and of its extension. */
const PREFIX_LENGTH = 2;
const EXTENSION_LENGTH = 3;
const SUM_LENGTH = 4;
const BASE = 36;
/** FNV-1a, 32 bits. */
const OFFSET_BASIS = 0x811c_9dc5;
const PRIME = 0x0100_0193;
/** Names of a folder that are looked through for a short one. */
const SEARCHED_MAX = 4096;

/** In upper case; of `.` and `..` empty. */
export function shortNameOf(name: string): string {
  if (name === '.' || name === '..') return '';
  if (VALID.test(name)) return name.toUpperCase();
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 ? plain(name.slice(dot + 1), EXTENSION_LENGTH) : '';
  const prefix = plain(dot > 0 ? name.slice(0, dot) : name, PREFIX_LENGTH) || '_';
  const short = `${prefix}${sumOf(name)}~1`;
  return extension === '' ? short : `${short}.${extension}`;
}

/** The entry whose short name this is; only for names that nothing in the folder has. */
export function childByShortName(
  tree: Tree,
  directory: FileId,
  asked: string,
): DirectoryEntry | undefined {
  if (!MADE.test(asked)) return undefined;
  const wanted = asked.toUpperCase();
  return tree
    .entriesAfter(directory, 0, SEARCHED_MAX)
    .find((entry) => shortNameOf(smbText(entry.name as Name)) === wanted);
}

function plain(text: string, length: number): string {
  return text
    .toUpperCase()
    .replaceAll(/[^A-Z0-9_]/g, '')
    .slice(0, length);
}

/** Of the folded name: what differs in case is one name. */
function sumOf(name: string): string {
  let sum = OFFSET_BASIS;
  for (const byte of Buffer.from(foldText(name), 'utf8')) sum = Math.imul(sum ^ byte, PRIME);
  const digits = ((sum >>> 0) % BASE ** SUM_LENGTH).toString(BASE).toUpperCase();
  return digits.padStart(SUM_LENGTH, '0');
}
