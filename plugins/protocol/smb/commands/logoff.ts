/** LOGOFF: the session ends, with all it has open ([MS-SMB2] §2.2.7, §2.2.8, §3.3.5.6). */
import type { Command } from '../command.ts';
import { endSession } from '../ending.ts';
import { STATUS_SUCCESS, STATUS_USER_SESSION_DELETED } from '../status.ts';
import { bareBody } from './bare-body.ts';

export const logoff: Command<null, null> = {
  name: 'LOGOFF',
  code: 0x0002,
  needs: 'session',
  ...bareBody,

  handle({ inside }) {
    const { connection, session } = inside;
    if (session === undefined) return { status: STATUS_USER_SESSION_DELETED };
    endSession(connection, session);
    return { status: STATUS_SUCCESS, response: null };
  },
};
