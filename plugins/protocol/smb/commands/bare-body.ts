/** The body that says nothing, of LOGOFF, TREE_DISCONNECT, ECHO and CANCEL and their responses ([MS-SMB2] §2.2.7). */
import type { SmbReader } from '../wire/reader.ts';
import type { SmbWriter } from '../wire/writer.ts';

const SIZE = 4;

function decode(from: SmbReader): null {
  from.structureSize(SIZE);
  from.skip(2);
  return null;
}

function encode(to: SmbWriter): void {
  to.u16(SIZE);
  to.u16(0);
}

export const bareBody = { decode, encode, encodeRequest: encode, decodeResponse: decode };
