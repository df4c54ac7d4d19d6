/** What QUERY_DIRECTORY lists ([MS-FSCC] §2.4): eight forms of one entry, which differ in what they leave out. */
import type { FileId } from '#core/vfs/inode.ts';
import type { SmbReader } from '../wire/reader.ts';
import type { SmbWriter } from '../wire/writer.ts';
import { readChain } from './chain.ts';
import { type BasicFacts, readTimes, type Times, writeTimes } from './facts.ts';
import { shortNameOf } from './short-name.ts';

export interface DirectoryFacts extends BasicFacts {
  readonly name: string;
}

/** Which parts a class has, in the order of the wire. */
export interface DirectoryClass {
  /** As [MS-FSCC] spells it. */
  readonly name: string;
  readonly code: number;
  readonly hasFacts: boolean;
  readonly hasEaSize: boolean;
  readonly hasShortName: boolean;
  /** 0, 8 or 16 bytes. */
  readonly idSize: number;
  /** Of the extended classes: a reparse tag behind EaSize. */
  readonly hasReparseTag: boolean;
  /** Zeros before the id, which stands at a multiple of 8. */
  readonly idPadding: number;
}

function row(
  code: number,
  name: string,
  parts: Partial<Omit<DirectoryClass, 'code' | 'name'>>,
): DirectoryClass {
  return {
    name,
    code,
    hasFacts: true,
    hasEaSize: false,
    hasShortName: false,
    idSize: 0,
    hasReparseTag: false,
    idPadding: 0,
    ...parts,
  };
}

/** §2.4.10, .14, .8, .28, .17, .18, .19 and the one that Windows asks of ReFS. */
const ALL: readonly DirectoryClass[] = [
  row(1, 'FileDirectoryInformation', {}),
  row(2, 'FileFullDirectoryInformation', { hasEaSize: true }),
  row(3, 'FileBothDirectoryInformation', { hasEaSize: true, hasShortName: true }),
  row(12, 'FileNamesInformation', { hasFacts: false }),
  row(37, 'FileIdBothDirectoryInformation', {
    hasEaSize: true,
    hasShortName: true,
    idSize: 8,
    idPadding: 2,
  }),
  row(38, 'FileIdFullDirectoryInformation', { hasEaSize: true, idSize: 8, idPadding: 4 }),
  row(60, 'FileIdExtdDirectoryInformation', { hasEaSize: true, hasReparseTag: true, idSize: 16 }),
  row(63, 'FileIdExtdBothDirectoryInformation', {
    hasEaSize: true,
    hasReparseTag: true,
    idSize: 16,
    hasShortName: true,
  }),
];

export const DIRECTORY_CLASSES: ReadonlyMap<number, DirectoryClass> = new Map(
  ALL.map((info) => [info.code, info]),
);

const SHORT_NAME_SIZE = 24;
/** Entries begin at multiples of it. */
export const ENTRY_ALIGNMENT = 8;

/** Bytes of an entry's fixed part. */
export function entrySizeMin(info: DirectoryClass): number {
  let size = info.hasFacts ? 64 : 12;
  if (info.hasEaSize) size += 4;
  if (info.hasReparseTag) size += 4;
  if (info.hasShortName) size += 2 + SHORT_NAME_SIZE;
  return size + info.idPadding + info.idSize;
}

/** NextEntryOffset is 0: whoever writes the next one puts it in. */
export function writeEntry(to: SmbWriter, info: DirectoryClass, facts: DirectoryFacts): void {
  to.u32(0);
  to.u32(0);
  if (info.hasFacts) {
    writeTimes(to, facts);
    to.size(facts.endOfFile);
    to.size(facts.allocation);
    to.u32(facts.attributes);
  }
  to.u32(facts.name.length * 2);
  if (info.hasEaSize) to.u32(facts.eaSize);
  if (info.hasReparseTag) {
    to.u32(0);
    writeId(to, info, facts.id);
    if (info.hasShortName) writeShortName(to, facts.name);
  } else {
    if (info.hasShortName) writeShortName(to, facts.name);
    writeId(to, info, facts.id);
  }
  to.text(facts.name);
}

/** Of a name that is its own short one: none (§2.4.8). */
function writeShortName(to: SmbWriter, name: string): void {
  const made = shortNameOf(name);
  const short = made === name.toUpperCase() ? '' : made;
  to.u8(short.length * 2);
  to.u8(0);
  to.text(short);
  to.zeros(SHORT_NAME_SIZE - short.length * 2);
}

function writeId(to: SmbWriter, info: DirectoryClass, id: FileId): void {
  if (info.idSize === 0) return;
  to.zeros(info.idPadding);
  to.size(id);
  to.zeros(info.idSize - 8);
}

export interface ListedEntry extends Partial<Times> {
  readonly name: string;
  readonly endOfFile?: number;
  readonly allocation?: number;
  readonly attributes?: number;
  readonly eaSize?: number;
  readonly id?: number;
}

/** Entries that a reader takes: an answer of 8 MiB has no more. */
const ENTRIES_MAX = 1 << 17;

export function readEntries(bytes: Buffer, info: DirectoryClass): ListedEntry[] {
  return readChain(bytes, ENTRIES_MAX, (from) => readEntry(from, info));
}

function readEntry(from: SmbReader, info: DirectoryClass): ListedEntry {
  from.skip(4);
  const facts = info.hasFacts
    ? {
        ...readTimes(from),
        endOfFile: from.u64Clamped(),
        allocation: from.u64Clamped(),
        attributes: from.u32(),
      }
    : {};
  const nameSize = from.u32();
  const ea = info.hasEaSize ? { eaSize: from.u32() } : {};
  if (info.hasReparseTag) from.skip(4);
  else if (info.hasShortName) from.skip(2 + SHORT_NAME_SIZE);
  const id = readId(from, info);
  if (info.hasReparseTag && info.hasShortName) from.skip(2 + SHORT_NAME_SIZE);
  return { ...facts, ...ea, ...id, name: from.text(nameSize) };
}

function readId(from: SmbReader, info: DirectoryClass): { readonly id?: number } {
  if (info.idSize === 0) return {};
  from.skip(info.idPadding);
  const id = from.u64Clamped();
  from.skip(info.idSize - 8);
  return { id };
}
