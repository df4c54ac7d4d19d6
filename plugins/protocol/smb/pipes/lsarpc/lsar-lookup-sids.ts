/** LsarLookupSids and LsarLookupSids2 ([MS-LSAT] §3.1.4.11, §3.1.4.10): the names of SIDs. */
import type { Sid } from '../../security/sid.ts';
import type { NdrReader } from '../ndr-reader.ts';
import type { NdrWriter } from '../ndr-writer.ts';
import type { RpcCall, RpcProcedure } from '../rpc-pipe.ts';
import { nameOfSid, SID_TYPE_UNKNOWN } from './names.ts';
import { readNdrSid } from './ndr-sid.ts';
import { POLICY_HANDLE_SIZE } from './policy-handle.ts';
import { mappedStatus, ReferencedDomains } from './referenced-domains.ts';

/** SIDs of one question ([MS-LSAT] §2.2.18 allows 20,480; nobody's list of rights is as long as this). */
const SIDS_MAX = 1024;

function readSids(from: NdrReader): Sid[] {
  const count = from.count(SIDS_MAX);
  if (!from.isPresent()) return [];
  from.count(SIDS_MAX);
  for (let i = 0; i < count; i++) from.u32();
  return Array.from({ length: count }, () => readNdrSid(from));
}

function lookUp({ facts }: RpcCall, from: NdrReader, to: NdrWriter, hasFlags: boolean): void {
  from.raw(POLICY_HANDLE_SIZE);
  const sids = readSids(from);
  const domains = new ReferencedDomains();
  const names = sids.map((sid) => {
    const known = nameOfSid(facts, sid);
    return { sid, known, index: domains.indexOf(known) };
  });
  domains.write(to);
  to.u32(names.length);
  to.pointer(() => {
    to.u32(names.length);
    for (const { sid, known, index } of names) {
      to.u16(known?.use ?? SID_TYPE_UNKNOWN);
      to.align(4);
      to.unicodeString(known?.name ?? sid);
      to.u32(index);
      if (hasFlags) to.u32(0);
    }
  });
  to.flush();
  const mapped = names.filter(({ known }) => known !== undefined).length;
  to.u32(mapped);
  to.u32(mappedStatus(mapped, names.length));
}

export const lsarLookupSids: RpcProcedure = {
  name: 'LsarLookupSids',
  opnum: 15,
  answer: (call, from, to) => lookUp(call, from, to, false),
};

export const lsarLookupSids2: RpcProcedure = {
  name: 'LsarLookupSids2',
  opnum: 57,
  answer: (call, from, to) => lookUp(call, from, to, true),
};
