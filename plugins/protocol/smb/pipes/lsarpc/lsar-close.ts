/** LsarClose ([MS-LSAD] §3.1.4.9.4): the handle comes back as zeros. */
import { STATUS_SUCCESS } from '../../status.ts';
import type { RpcProcedure } from '../rpc-pipe.ts';
import { POLICY_HANDLE_SIZE } from './policy-handle.ts';

export const lsarClose: RpcProcedure = {
  name: 'LsarClose',
  opnum: 0,

  answer(_call, from, to) {
    from.raw(POLICY_HANDLE_SIZE);
    to.zeros(POLICY_HANDLE_SIZE);
    to.u32(STATUS_SUCCESS);
  },
};
