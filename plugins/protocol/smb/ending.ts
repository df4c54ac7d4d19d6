/** How sessions and trees end ([MS-SMB2] §3.3.4.17, §3.3.5.6, §3.3.5.8, §3.3.7.1). */
import type { SmbConnection } from './connection.ts';
import { endOpens } from './create/close-open.ts';
import type { Scene } from './scene.ts';
import type { ServerSession } from './server-session.ts';
import type { TreeConnect } from './tree-connect.ts';

/** By LOGOFF, with its connection, or because its client came back by another one: durable opens wait for their client. */
export function endSession(connection: SmbConnection, session: ServerSession): void {
  const { scene } = connection;
  connection.sessions.delete(session.id);
  scene.sessions.remove(session);
  session.isValid = false;
  session.acceptor = undefined;
  session.trees.clear();
  endOpens(scene, scene.table.ofSession(session.id), true);
}

export function endTree(scene: Scene, session: ServerSession, tree: TreeConnect): void {
  session.trees.delete(tree.id);
  endOpens(scene, scene.table.ofTree(session.id, tree.id), false);
}
