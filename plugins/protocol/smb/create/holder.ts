/** How the manager of opens tells the client of an open to give up what it caches. */
import type { Holder } from '#core/opens/types.ts';
import { breakBody } from '../break-notice.ts';
import type { SmbCall } from '../command.ts';
import type { FileHandle } from '../open.ts';

const OPLOCK_BREAK = 0x0012;

export function holderOf(call: SmbCall, id: FileHandle): Holder {
  const { connection, session } = call;
  return {
    told(notice) {
      connection.notify(session.id, OPLOCK_BREAK, breakBody(notice, id));
      return true;
    },
  };
}
