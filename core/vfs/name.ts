/**
 * Names as everybody inside the house sees them: byte strings, one character (U+0000 to U+00FF) a byte of the
 * name's UTF-8. NFSv3 carries bytes and posix stores bytes, so nothing is lost or guessed on the hot path; a
 * protocol with text converts at its codec (`textOfName`, `nameOfText`).
 */
import type { Brand } from '../brand.ts';
import { err, ok, type Result } from '../result.ts';
import type { FsError } from './status.ts';

export type Name = Brand<string, 'Name'>;

/** Longest component, bytes; the limit of every local file system we know. */
export const NAME_SIZE_MAX = 255;

export const SELF = '.' as Name;
export const PARENT = '..' as Name;

/** A name that may be created, renamed to or removed: not empty, not `.` or `..`, no slash, no NUL. */
export function newName(bytes: string): Result<Name, FsError> {
  if (bytes.length > NAME_SIZE_MAX) return err('name-too-long');
  if (bytes === '' || bytes === '.' || bytes === '..') return err('invalid');
  if (bytes.includes('/') || bytes.includes('\0')) return err('invalid');
  return ok(bytes as Name);
}

export function nameOfText(text: string): Name {
  return Buffer.from(text, 'utf8').toString('latin1') as Name;
}

/** For people and for protocols that speak text; bytes that are not UTF-8 become U+FFFD. */
export function textOfName(name: Name): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}
