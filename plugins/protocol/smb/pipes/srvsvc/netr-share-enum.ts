/** NetrShareEnum and its twin for permanent shares ([MS-SRVS] §3.1.4.8, §3.1.4.9): all shares, at once. */
import { ERROR_INVALID_LEVEL, NERR_SUCCESS } from '../errors.ts';
import type { NdrReader } from '../ndr-reader.ts';
import type { NdrWriter } from '../ndr-writer.ts';
import type { RpcCall, RpcProcedure } from '../rpc-pipe.ts';
import { SHARE_INFO, writeShareInfo } from './share-info.ts';

function answer(call: RpcCall, from: NdrReader, to: NdrWriter): void {
  from.optionalText();
  const level = from.u32();
  from.u32();
  // The container that is to be filled: empty, and of no meaning.
  if (from.isPresent()) {
    from.u32();
    from.u32();
  }
  from.u32();
  const hasResume = from.isPresent();
  const fields = level === 1005 ? undefined : SHARE_INFO.get(level);
  to.u32(level);
  to.u32(level);
  if (fields === undefined) {
    to.u32(0);
    to.u32(0);
    to.u32(0);
    to.u32(ERROR_INVALID_LEVEL);
    return;
  }
  const shares = call.facts.shares(call.session);
  to.pointer(() => {
    to.u32(shares.length);
    to.pointer(() => {
      to.u32(shares.length);
      for (const share of shares) writeShareInfo(to, fields, share);
    });
  });
  to.flush();
  to.u32(shares.length);
  to.pointer(hasResume ? () => to.u32(0) : undefined);
  to.flush();
  to.u32(NERR_SUCCESS);
}

export const netrShareEnum: RpcProcedure = { name: 'NetrShareEnum', opnum: 15, answer };
export const netrShareEnumSticky: RpcProcedure = { name: 'NetrShareEnumSticky', opnum: 36, answer };
