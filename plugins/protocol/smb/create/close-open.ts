/** Ends an open: locks, oplock and place in the tables go, and the file, if it was to go with its last open. */
import type { FileOpen, Open } from '../open.ts';
import type { Scene } from '../scene.ts';
import { STATUS_DELETE_PENDING } from '../status.ts';
import { type Transact, transactSoon } from '../transact.ts';
import { retell } from './durable.ts';
import { settle } from './settle.ts';

/** CLOSE, and every other end but a lost connection of a durable open (§3.3.4.17, §3.3.5.10). */
export function closeOpen(scene: Scene, open: Open, transact: Transact): void {
  forget(scene, open);
  if (open.kind === 'pipe') {
    open.pipe.close();
    return;
  }
  if (open.isDurable) scene.durables.revoke(open.held);
  const { removes } = scene.opens.close(open.held);
  const { volume, file, content, stream, place } = open;
  const id = volume.record.id;
  if (open.isDirectory && (removes || scene.opens.isDeletePending({ volume: id, file }))) {
    scene.watches.endOf(id, file, STATUS_DELETE_PENDING);
  }
  settle(scene, { volume, file, content, stream, place, removes }, transact);
}

/** The session or tree of these opens is gone: durable ones wait for their client, if `keeps` (§3.3.5.6, §3.3.7.1). */
export function endOpens(scene: Scene, opens: readonly Open[], keeps: boolean): void {
  for (const open of opens) {
    // Whoever serves no longer changes nothing: the next box has the durable opens, and knows of no others.
    if (!scene.group.serving) forget(scene, open);
    else if (keeps && open.kind === 'file' && survives(scene, open)) disconnect(scene, open);
    else transactSoon(scene, (transact) => closeOpen(scene, open, transact));
  }
}

function survives(scene: Scene, open: FileOpen): boolean {
  return open.isDurable && scene.opens.survives(open.held);
}

function disconnect(scene: Scene, open: FileOpen): void {
  forget(scene, open);
  retell(scene, open);
  scene.opens.disconnect(open.held, scene.durables.infoOf(open.held)?.timeoutMs ?? 0);
}

function forget(scene: Scene, open: Open): void {
  open.isClosed = true;
  scene.table.remove(open);
  for (const end of [...open.atClose]) end();
  open.atClose.clear();
}

/** This box begins to serve: what it had open when it served before is nobody's any more. */
export function forgetAll(scene: Scene): void {
  for (const open of [...scene.table.all()]) forget(scene, open);
  scene.table.spareAll();
}
