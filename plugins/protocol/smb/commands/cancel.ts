/** CANCEL: a request under way is wanted no more ([MS-SMB2] §2.2.30, §3.3.5.16). It has no response of its own. */
import type { Command } from '../command.ts';
import { STATUS_SUCCESS } from '../status.ts';
import { bareBody } from './bare-body.ts';

export const cancel: Command<null, null> = {
  name: 'CANCEL',
  code: 0x000c,
  needs: 'nothing',
  ...bareBody,

  /** Never asked: see dispatch/chain.ts, which knows what is under way. */
  handle() {
    return { status: STATUS_SUCCESS, response: null };
  },
};
