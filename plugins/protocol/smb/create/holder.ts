/** How the manager of opens tells the client of an open to give up what it caches. */
import type { Holder } from '#core/opens/types.ts';
import { breakBody } from '../break-notice.ts';
import type { SmbCall } from '../command.ts';
import type { FileHandle } from '../open.ts';
import type { Scene } from '../scene.ts';
import type { ServerSession } from '../server-session.ts';

const OPLOCK_BREAK = 0x0012;

/** A lease is the client's, not the connection's: it is told by the oldest one that the client has (§3.3.4.7). */
export function holderOf(call: SmbCall, id: FileHandle): Holder {
  const { connection, scene, session } = call;
  return {
    told(notice) {
      const body = breakBody(notice, id);
      const oldest =
        notice.grant.kind === 'lease' ? oldestOf(scene, connection.clientGuid) : undefined;
      if (oldest === undefined) connection.notify(session.id, OPLOCK_BREAK, body);
      else oldest.home.notify(oldest.id, OPLOCK_BREAK, body);
      return true;
    },
  };
}

function oldestOf({ sessions }: Scene, clientGuid: string): ServerSession | undefined {
  for (const session of sessions.all()) {
    if (session.isValid && session.home.clientGuid === clientGuid) return session;
  }
  return undefined;
}
