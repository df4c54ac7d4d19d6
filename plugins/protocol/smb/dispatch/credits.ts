/** How many credits an answer brings ([MS-SMB2] §3.3.1.2). */
import { STATUS_SUCCESS } from '../status.ts';
import type { Header } from '../wire/header.ts';

const NEGOTIATE = 0x0000;
const SESSION_SETUP = 0x0001;
/** For a client that has just shown who it is. */
const FIRST_MAX = 32;

/** @param left Credits that the client has. It never ends up with none. */
export function creditsFor({ command, credits }: Header, status: number, left: number): number {
  const wanted = left === 0 ? Math.max(1, credits) : credits;
  // A stranger gets one for one: who does not come through has nothing to send many requests for.
  if (command === NEGOTIATE) return Math.min(wanted, 1);
  if (command === SESSION_SETUP) return Math.min(wanted, status === STATUS_SUCCESS ? FIRST_MAX : 1);
  return wanted;
}
