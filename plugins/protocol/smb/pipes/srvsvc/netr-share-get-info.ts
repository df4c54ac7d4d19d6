/** NetrShareGetInfo ([MS-SRVS] §3.1.4.10): one share. */
import { ERROR_INVALID_LEVEL, NERR_NET_NAME_NOT_FOUND, NERR_SUCCESS } from '../errors.ts';
import type { RpcProcedure } from '../rpc-pipe.ts';
import { SHARE_INFO, writeShareInfo } from './share-info.ts';

export const netrShareGetInfo: RpcProcedure = {
  name: 'NetrShareGetInfo',
  opnum: 16,

  answer({ facts, session }, from, to) {
    from.optionalText();
    const asked = from.text().toLowerCase();
    const level = from.u32();
    const fields = SHARE_INFO.get(level);
    const share = facts.shares(session).find(({ name }) => name.toLowerCase() === asked);
    to.u32(level);
    if (fields === undefined || share === undefined) {
      to.u32(0);
      to.u32(fields === undefined ? ERROR_INVALID_LEVEL : NERR_NET_NAME_NOT_FOUND);
      return;
    }
    to.pointer(() => writeShareInfo(to, fields, share));
    to.flush();
    to.u32(NERR_SUCCESS);
  },
};
