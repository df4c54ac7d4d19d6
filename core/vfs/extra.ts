/**
 * What a file may have beside its attributes and content: a security descriptor and extended attributes. They belong to
 * the file, not to a name, so that a rename or a link carries them, and they go with it.
 */

import { HAS_ATTRIBUTES, HAS_SECURITY } from './inode.ts';

/** `security`: a self-relative descriptor ([MS-DTYP] §2.4.6), one a file. `attribute`: an extended one, by name. */
export type ExtraKind = 'security' | 'attribute';

/** Bytes of a security descriptor: an ACL's size stands in 16 bits ([MS-DTYP] §2.4.5). */
export const SECURITY_SIZE_MAX = 64 * 1024;
/** Bytes of all extended attributes of a file, names and `ATTRIBUTE_COST` each counted: what Windows allows. */
export const ATTRIBUTES_SIZE_MAX = 64 * 1024;
/** Bytes that each is reckoned to take beside name and value: its place in FILE_FULL_EA_INFORMATION ([MS-FSCC] §2.4.15). */
export const ATTRIBUTE_COST = 9;
/** Bytes of an extended attribute's name; its length stands in 8 bits ([MS-FSCC] §2.4.15). */
export const ATTRIBUTE_NAME_SIZE_MAX = 255;

export interface Extra {
  /** Of an extended attribute, as it was given first: found in whatever case. Of a descriptor empty. */
  readonly name: string;
  /** Not to be written to. */
  readonly value: Buffer;
}

/** An absent value removes; removing what is not there is no mistake. */
export interface ExtraChange {
  readonly kind: ExtraKind;
  /** Of an extended attribute, byte string; of a descriptor empty. */
  readonly name: string;
  readonly value: Buffer | undefined;
}

/** The bit of an inode's `holds` that says it has some. */
export function holdsOf(kind: ExtraKind): number {
  return kind === 'security' ? HAS_SECURITY : HAS_ATTRIBUTES;
}

/** As names of extended attributes are compared: they are ASCII, and bytes beyond that are what they are. */
export function foldAttribute(name: string): string {
  return name.replace(/[A-Z]+/g, (part) => part.toLowerCase());
}
