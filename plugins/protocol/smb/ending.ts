/** How sessions and trees end ([MS-SMB2] §3.3.4.17, §3.3.5.6, §3.3.5.8, §3.3.7.1). */
import type { SmbConnection } from './connection.ts';
import { endOpens } from './create/close-open.ts';
import type { Scene } from './scene.ts';
import type { ServerSession } from './server-session.ts';
import type { TreeConnect } from './tree-connect.ts';

/** `lost`: the connection broke, the client logged off or came back by another one. Durable opens wait for it then. */
export type EndReason = 'logoff' | 'lost';

export function endSession(
  connection: SmbConnection,
  session: ServerSession,
  reason: EndReason,
): void {
  const { scene } = connection;
  connection.sessions.delete(session.id);
  scene.sessions.remove(session);
  session.isValid = false;
  session.acceptor = undefined;
  session.trees.clear();
  // Whoever serves no longer changes nothing: the next box has the durable opens, and knows of no others.
  if (scene.group.serving) endOpens(scene, scene.table.ofSession(session.id), reason === 'lost');
}

export function endTree(scene: Scene, session: ServerSession, tree: TreeConnect): void {
  session.trees.delete(tree.id);
  endOpens(scene, scene.table.ofTree(session.id, tree.id), false);
}
