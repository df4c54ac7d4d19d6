/** NetrWkstaGetInfo ([MS-WKST] §3.2.4.1), levels 100 to 102. */
import { ERROR_INVALID_LEVEL, NERR_SUCCESS } from '../errors.ts';
import type { NdrWriter } from '../ndr-writer.ts';
import type { PipeFacts } from '../pipe-server.ts';
import { PLATFORM_ID_NT, VERSION_MAJOR, VERSION_MINOR } from '../platform.ts';
import type { RpcProcedure } from '../rpc-pipe.ts';

/** WKSTA_INFO_100 and on (§2.2.5.1 to §2.2.5.3): each has what the one before has. */
function writeWkstaInfo(to: NdrWriter, level: number, facts: PipeFacts): void {
  to.u32(PLATFORM_ID_NT);
  to.textPointer(facts.serverName);
  to.textPointer(facts.workgroup);
  to.u32(VERSION_MAJOR);
  to.u32(VERSION_MINOR);
  if (level >= 101) to.textPointer('');
  if (level >= 102) to.u32(0);
}

export const netrWkstaGetInfo: RpcProcedure = {
  name: 'NetrWkstaGetInfo',
  opnum: 0,

  answer({ facts }, from, to) {
    from.optionalText();
    const level = from.u32();
    to.u32(level);
    if (level < 100 || level > 102) {
      to.u32(0);
      to.u32(ERROR_INVALID_LEVEL);
      return;
    }
    to.pointer(() => writeWkstaInfo(to, level, facts));
    to.flush();
    to.u32(NERR_SUCCESS);
  },
};
