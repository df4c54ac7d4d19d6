/** Lists whose entries begin with the offset to the next ([MS-FSCC] §2.4.8 and others): 0 in the last. */
import { DecodeError } from '#core/wire/reader.ts';
import { SmbReader } from '../wire/reader.ts';
import type { SmbWriter } from '../wire/writer.ts';

/** Writes all entries, each at a multiple of `alignment` from the list's beginning. */
export function writeChain<Entry>(
  to: SmbWriter,
  entries: Iterable<Entry>,
  alignment: number,
  write: (to: SmbWriter, entry: Entry) => void,
): void {
  const start = to.offset;
  let last = -1;
  for (const entry of entries) {
    const over = (to.offset - start) % alignment;
    if (over !== 0) to.zeros(alignment - over);
    if (last >= 0) to.u32At(last, to.offset - last);
    last = to.offset;
    to.u32(0);
    write(to, entry);
  }
}

/** @param max Entries; one more is a `DecodeError`. */
export function readChain<Entry>(
  bytes: Buffer,
  max: number,
  read: (from: SmbReader) => Entry,
): Entry[] {
  const entries: Entry[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (entries.length === max) throw new DecodeError(`list: more than ${max} entries`);
    const from = new SmbReader(bytes, at, at);
    const next = from.u32();
    entries.push(read(from));
    if (next === 0) break;
    if (next < 4) throw new DecodeError(`list: an entry of ${next} bytes`);
    at += next;
  }
  return entries;
}
