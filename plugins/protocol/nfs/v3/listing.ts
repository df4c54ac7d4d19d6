/**
 * Pages of a directory, for READDIR and READDIRPLUS (RFC 1813 §3.3.16, §3.3.17).
 *
 * A cookie is a name's own for as long as the name lives: 1 for `.`, 2 for `..`, from 3 for the names in the order they
 * came, the same on every box. So a listing neither repeats nor skips what was there all the time, whatever comes
 * and goes meanwhile and wherever it goes on. That is why the cookie verifier is a constant and why no cookie is bad.
 */
import type { Inode } from '#core/vfs/inode.ts';
import type { Located } from '../call.ts';
import { parentOf } from './child.ts';
import { NFS3_COOKIEVERFSIZE } from './types.ts';

/** Bytes of one page at most: dtpref of FSINFO. A page of READDIRPLUS takes a fraction of a millisecond. */
export const LISTING_SIZE_MAX = 64 * 1024;
/** Not zeros: some clients take a zero verifier for none and begin anew. */
export const COOKIE_VERIFIER = Buffer.alloc(NFS3_COOKIEVERFSIZE, 1);
/** Bytes around the entries: the verifier, the end of the list, eof. The directory's attributes come besides. */
export const LISTING_FRAME_SIZE = NFS3_COOKIEVERFSIZE + 8;

const SELF_COOKIE = 1;
const PARENT_COOKIE = 2;

export interface ListedName {
  readonly id: Inode['id'];
  readonly name: string;
  readonly cookie: number;
}

/** Names whose cookies are greater than `cookie`, `limit` at most. */
export function namesAfter(
  { volume, inode, export: entry }: Located,
  cookie: number,
  limit: number,
): readonly ListedName[] {
  const names = volume.tree.entriesAfter(inode.id, cookie, limit);
  if (cookie >= PARENT_COOKIE) return names;
  const parent = parentOf(inode, entry.record.root);
  const first: ListedName[] = [];
  if (cookie < SELF_COOKIE) first.push({ id: inode.id, name: '.', cookie: SELF_COOKIE });
  first.push({ id: parent, name: '..', cookie: PARENT_COOKIE });
  return [...first, ...names].slice(0, limit);
}

/** Bytes of a name as XDR has it. */
export function nameSize(name: string): number {
  return 4 + ((name.length + 3) & ~3);
}
