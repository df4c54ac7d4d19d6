/** LsarLookupNames ([MS-LSAT] §3.1.4.8): the SIDs of names. */
import type { NdrReader } from '../ndr-reader.ts';
import type { RpcProcedure } from '../rpc-pipe.ts';
import { SID_TYPE_UNKNOWN, sidOfName } from './names.ts';
import { POLICY_HANDLE_SIZE } from './policy-handle.ts';
import { mappedStatus, ReferencedDomains } from './referenced-domains.ts';

/** Names of one question. */
const NAMES_MAX = 1024;

/** A conformant array of RPC_UNICODE_STRING. */
function readNames(from: NdrReader): string[] {
  const count = from.count(NAMES_MAX);
  from.count(NAMES_MAX);
  const present: boolean[] = [];
  for (let i = 0; i < count; i++) {
    from.align(4);
    from.u16();
    from.u16();
    present.push(from.isPresent());
  }
  return present.map((is) => (is ? from.text() : ''));
}

export const lsarLookupNames: RpcProcedure = {
  name: 'LsarLookupNames',
  opnum: 14,

  answer({ facts }, from, to) {
    from.raw(POLICY_HANDLE_SIZE);
    const domains = new ReferencedDomains();
    const names = readNames(from).map((text) => {
      const known = sidOfName(facts, text);
      return { known, index: domains.indexOf(known) };
    });
    domains.write(to);
    to.u32(names.length);
    to.pointer(() => {
      to.u32(names.length);
      for (const { known, index } of names) {
        to.u16(known?.use ?? SID_TYPE_UNKNOWN);
        to.u32(known?.rid ?? 0xffff_ffff);
        to.u32(index);
      }
    });
    to.flush();
    const mapped = names.filter(({ known }) => known !== undefined).length;
    to.u32(mapped);
    to.u32(mappedStatus(mapped, names.length));
  },
};
