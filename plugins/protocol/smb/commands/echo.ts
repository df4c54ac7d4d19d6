/** ECHO: is anybody there ([MS-SMB2] §2.2.28, §2.2.29, §3.3.5.17). */
import type { Command } from '../command.ts';
import { STATUS_SUCCESS } from '../status.ts';
import { bareBody } from './bare-body.ts';

export const echo: Command<null, null> = {
  name: 'ECHO',
  code: 0x000d,
  needs: 'nothing',
  ...bareBody,

  handle() {
    return { status: STATUS_SUCCESS, response: null };
  },
};
