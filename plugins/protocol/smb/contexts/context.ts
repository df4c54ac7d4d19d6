/** Create contexts: a list of named blobs ([MS-SMB2] §2.2.13.2, §2.2.14.2). */
import { DecodeError } from '#core/wire/reader.ts';
import { SmbReader } from '../wire/reader.ts';
import type { SmbWriter } from '../wire/writer.ts';

export interface RawContext {
  /** Byte string: four letters, or the 16 bytes of a GUID. */
  readonly name: string;
  /** A view. */
  readonly data: Buffer;
}

/** Contexts of one CREATE: the specification knows fourteen. */
const CONTEXTS_MAX = 64;
/** Bytes: shorter names are refused, longer ones are nobody's. */
const NAME_SIZE_MIN = 4;
/** Next, NameOffset, NameLength, Reserved, DataOffset, DataLength. */
const HEADER_SIZE = 16;

export function readContexts(bytes: Buffer): RawContext[] {
  const contexts: RawContext[] = [];
  let start = 0;
  while (start < bytes.length) {
    if (contexts.length === CONTEXTS_MAX) {
      throw new DecodeError(`create contexts: more than ${CONTEXTS_MAX}`);
    }
    const from = new SmbReader(bytes, start);
    const next = from.u32();
    if (next !== 0 && (next < HEADER_SIZE || next % 8 !== 0)) {
      throw new DecodeError(`create context: next at ${next}`);
    }
    const end = next === 0 ? bytes.length : start + next;
    if (end > bytes.length) throw new DecodeError('create context: reaches outside of the list');
    contexts.push(readContext(new SmbReader(bytes, start, start + 4, end)));
    if (next === 0) break;
    start = end;
  }
  return contexts;
}

function readContext(from: SmbReader): RawContext {
  const nameOffset = from.u16();
  const nameSize = from.u16();
  from.skip(2);
  const dataOffset = from.u16();
  const dataSize = from.u32();
  if (nameSize < NAME_SIZE_MIN) {
    throw new DecodeError(`create context: a name of ${nameSize} bytes`);
  }
  const name = from.at(nameOffset, nameSize, 'name of a create context').toString('latin1');
  return { name, data: from.at(dataOffset, dataSize, `data of create context ${name}`) };
}

/** Writes them one behind the other, each at a multiple of 8 from the header on. */
export function writeContexts(to: SmbWriter, contexts: readonly RawContext[]): void {
  contexts.forEach(({ name, data }, index) => {
    to.align(8);
    const start = to.offset;
    const isLast = index === contexts.length - 1;
    to.u32(0);
    to.u16(HEADER_SIZE);
    to.u16(name.length);
    to.u16(0);
    const dataOffset = HEADER_SIZE + Math.ceil(name.length / 8) * 8;
    to.u16(data.length === 0 ? 0 : dataOffset);
    to.u32(data.length);
    to.raw(Buffer.from(name, 'latin1'));
    if (data.length > 0) {
      to.align(8);
      to.raw(data);
    }
    if (isLast) return;
    to.align(8);
    to.u32At(start, to.offset - start);
  });
}

/** The data of a context that has a fixed size; longer ones are read as far as they are known. */
export function dataReader(data: Buffer, size: number, name: string): SmbReader {
  if (data.length < size) {
    throw new DecodeError(`create context ${name}: ${data.length} bytes, must be ${size}`);
  }
  return new SmbReader(data);
}
