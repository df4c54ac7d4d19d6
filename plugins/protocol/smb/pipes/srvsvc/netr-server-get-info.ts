/** NetrServerGetInfo ([MS-SRVS] §3.1.4.17): what kind of server this is. */
import { ERROR_INVALID_LEVEL, NERR_SUCCESS } from '../errors.ts';
import type { NdrWriter } from '../ndr-writer.ts';
import { PLATFORM_ID_NT, SERVER_TYPE, VERSION_MAJOR, VERSION_MINOR } from '../platform.ts';
import type { RpcProcedure } from '../rpc-pipe.ts';

/** Minutes until an idle client is disconnected: never. */
const DISCONNECT_NEVER = 0xffff_ffff;

/** SERVER_INFO_100, 101 and 102 (§2.2.4.40 and on): each has what the one before has. */
function writeServerInfo(to: NdrWriter, level: number, name: string): void {
  to.u32(PLATFORM_ID_NT);
  to.textPointer(name);
  if (level === 100) return;
  to.u32(VERSION_MAJOR);
  to.u32(VERSION_MINOR);
  to.u32(SERVER_TYPE);
  to.textPointer('');
  if (level === 101) return;
  to.u32(0);
  to.u32(DISCONNECT_NEVER);
  to.u32(0);
  to.u32(0);
  to.u32(0);
  to.u32(0);
  to.textPointer('');
}

export const netrServerGetInfo: RpcProcedure = {
  name: 'NetrServerGetInfo',
  opnum: 21,

  answer({ facts }, from, to) {
    from.optionalText();
    const level = from.u32();
    to.u32(level);
    if (level < 100 || level > 102) {
      to.u32(0);
      to.u32(ERROR_INVALID_LEVEL);
      return;
    }
    to.pointer(() => writeServerInfo(to, level, facts.serverName));
    to.flush();
    to.u32(NERR_SUCCESS);
  },
};
