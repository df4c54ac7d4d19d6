/** NetrRemoteTOD ([MS-SRVS] §3.1.4.21): the time of day, in UTC. */
import type { Time } from '#core/ports/clock.ts';
import { NERR_SUCCESS } from '../errors.ts';
import type { NdrWriter } from '../ndr-writer.ts';
import type { RpcProcedure } from '../rpc-pipe.ts';

/** Ticks of a hundredth of a microsecond that the clock is said to have (§2.2.4.105). */
const TICK_INTERVAL = 310;

function writeTimeOfDay(to: NdrWriter, now: Time): void {
  const date = new Date(now.seconds * 1000);
  to.u32(now.seconds);
  to.u32((now.seconds * 1000 + Math.floor(now.nanoseconds / 1e6)) % 0x1_0000_0000);
  to.u32(date.getUTCHours());
  to.u32(date.getUTCMinutes());
  to.u32(date.getUTCSeconds());
  to.u32(Math.floor(now.nanoseconds / 1e7));
  to.u32(0);
  to.u32(TICK_INTERVAL);
  to.u32(date.getUTCDate());
  to.u32(date.getUTCMonth() + 1);
  to.u32(date.getUTCFullYear());
  to.u32(date.getUTCDay());
}

export const netrRemoteTod: RpcProcedure = {
  name: 'NetrRemoteTOD',
  opnum: 28,

  answer({ facts }, from, to) {
    from.optionalText();
    to.pointer(() => writeTimeOfDay(to, facts.now()));
    to.flush();
    to.u32(NERR_SUCCESS);
  },
};
