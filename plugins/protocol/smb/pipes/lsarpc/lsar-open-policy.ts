/** LsarOpenPolicy and LsarOpenPolicy2 ([MS-LSAD] §3.1.4.4.1, §3.1.4.4.2): whoever is logged on may look names up. */
import { STATUS_SUCCESS } from '../../status.ts';
import type { NdrReader } from '../ndr-reader.ts';
import type { NdrWriter } from '../ndr-writer.ts';
import type { RpcCall, RpcProcedure } from '../rpc-pipe.ts';
import { POLICY_HANDLE } from './policy-handle.ts';

function answer(_call: RpcCall, _from: NdrReader, to: NdrWriter): void {
  to.raw(POLICY_HANDLE);
  to.u32(STATUS_SUCCESS);
}

export const lsarOpenPolicy: RpcProcedure = { name: 'LsarOpenPolicy', opnum: 6, answer };
export const lsarOpenPolicy2: RpcProcedure = { name: 'LsarOpenPolicy2', opnum: 44, answer };
