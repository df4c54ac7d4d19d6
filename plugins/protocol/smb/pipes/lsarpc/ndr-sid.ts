/** RPC_SID ([MS-DTYP] §2.4.2.3): a SID with the number of its words before it. */

import {
  readSid,
  SID_SIZE_MAX,
  type Sid,
  SUB_AUTHORITIES_MAX,
  sidSize,
  writeSid,
} from '../../security/sid.ts';
import { SmbReader } from '../../wire/reader.ts';
import { SmbWriter } from '../../wire/writer.ts';
import type { NdrReader } from '../ndr-reader.ts';
import type { NdrWriter } from '../ndr-writer.ts';

export function readNdrSid(from: NdrReader): Sid {
  const words = from.count(SUB_AUTHORITIES_MAX);
  return readSid(new SmbReader(from.raw(8 + 4 * words)));
}

export function writeNdrSid(to: NdrWriter, sid: Sid): void {
  const bytes = new SmbWriter(SID_SIZE_MAX);
  writeSid(bytes, sid);
  to.u32((sidSize(sid) - 8) / 4);
  to.raw(bytes.finish());
}
