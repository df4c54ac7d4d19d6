/** What the owner takes away is gone at once, not when the client comes again: users, and shares as they were connected to. */
import { admits } from './commands/tree-connect.ts';
import { endSession, endTree } from './ending.ts';
import type { Scene } from './scene.ts';
import type { ServerSession } from './server-session.ts';
import type { TreeConnect } from './tree-connect.ts';

/** After a change of the registry, and not in the middle of one. */
export function revoke(scene: Scene): void {
  if (!scene.group.serving) return;
  for (const session of [...scene.sessions.all()]) {
    if (!isStillUser(scene, session)) {
      endSession(session.home, session);
      continue;
    }
    for (const tree of [...session.trees.values()]) {
      if (!isStillOffered(scene, session, tree)) endTree(scene, session, tree);
    }
  }
}

function isStillUser({ users }: Scene, { user: { name, caller } }: ServerSession): boolean {
  const now = users.find(name);
  if (now === undefined || now.disabled) return false;
  const { uid, gid, groups } = now.caller;
  return uid === caller.uid && gid === caller.gid && groups.join() === caller.groups.join();
}

function isStillOffered(scene: Scene, { home }: ServerSession, tree: TreeConnect): boolean {
  const { share, encrypts } = tree;
  if (share.kind === 'pipe') return true;
  const now = scene.shares.find(share.name);
  return (
    now !== undefined &&
    now.volume === share.volume.record.id &&
    now.root === share.root &&
    now.readOnly === share.readOnly &&
    now.encrypted === encrypts &&
    admits(now, home.address)
  );
}
