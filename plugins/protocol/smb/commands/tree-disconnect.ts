/** TREE_DISCONNECT: a share is used no more, and what was open in it ends ([MS-SMB2] §2.2.11, §2.2.12, §3.3.5.8). */
import type { Command } from '../command.ts';
import { endTree } from '../ending.ts';
import { STATUS_SUCCESS, STATUS_USER_SESSION_DELETED } from '../status.ts';
import { bareBody } from './bare-body.ts';

export const treeDisconnect: Command<null, null> = {
  name: 'TREE_DISCONNECT',
  code: 0x0004,
  needs: 'tree',
  ...bareBody,

  handle({ scene, tree, inside }) {
    const { session } = inside;
    if (session === undefined) return { status: STATUS_USER_SESSION_DELETED };
    endTree(scene, session, tree);
    return { status: STATUS_SUCCESS, response: null };
  },
};
