/** Extended attributes: FileFullEaInformation and FILE_GET_EA_INFORMATION ([MS-FSCC] §2.4.16, §2.4.16.1). */
import { DecodeError } from '#core/wire/reader.ts';
import type { SmbReader } from '../wire/reader.ts';
import type { SmbWriter } from '../wire/writer.ts';
import { readChain, writeChain } from './chain.ts';
import type { EaFacts } from './facts.ts';

export const FILE_FULL_EA = 15;
/** Entries of one list: 64 KiB hold no more of the smallest. */
const ENTRIES_MAX = 4096;
/** Flags, two lengths, and the name's end. */
const OVERHEAD = 4 + 1 + 1 + 2 + 1;

export interface EaEntry extends EaFacts {
  /** FILE_NEED_EA; not kept. */
  readonly flags: number;
}

export function writeEas(to: SmbWriter, eas: Iterable<EaFacts>): void {
  writeChain(to, eas, 4, (entry, { name, value }) => {
    entry.u8(0);
    entry.u8(name.length);
    entry.u16(value.length);
    entry.raw(Buffer.from(name, 'latin1'));
    entry.u8(0);
    entry.raw(value);
  });
}

/** Copies what it keeps. */
export function readEas(bytes: Buffer): EaEntry[] {
  return readChain(bytes, ENTRIES_MAX, (entry) => {
    const flags = entry.u8();
    const nameSize = entry.u8();
    const valueSize = entry.u16();
    const name = terminated(entry, nameSize);
    return { flags, name, value: Buffer.from(entry.raw(valueSize)) };
  });
}

/** Names that a client asks for. */
export function readEaNames(bytes: Buffer): string[] {
  return readChain(bytes, ENTRIES_MAX, (entry) => terminated(entry, entry.u8()));
}

function terminated(from: SmbReader, size: number): string {
  const name = from.raw(size).toString('latin1');
  if (from.u8() !== 0)
    throw new DecodeError('extended attribute: its name does not end where it says');
  return name;
}

/** EaSize: what the list takes in the 32-bit form, which is what clients make room for; 0 without any. */
export function eaSizeOf(eas: Iterable<EaFacts>): number {
  let size = 0;
  for (const { name, value } of eas)
    size += Math.ceil((OVERHEAD + name.length + value.length) / 4) * 4;
  return size;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what may not stand in a name
const INVALID = /[\u0000-\u001f"*+,/:;<=>?[\\\]|]/;

/** [MS-FSCC] §2.4.16: the characters of a short name, and not empty. */
export function isEaName(name: string): boolean {
  return name !== '' && !INVALID.test(name);
}
