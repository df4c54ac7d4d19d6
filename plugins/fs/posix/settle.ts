/**
 * What is left to do when a replay is over: files that were not found where the log has them are looked for among what
 * it took away, and content that came meanwhile is brought to them.
 */
import { closeSync, renameSync } from 'node:fs';
import type { Log } from '#core/log-line.ts';
import type { FileId } from '#core/vfs/inode.ts';
import type { Doubt } from './doubt.ts';
import { bytesOf } from './layout.ts';
import { statAt } from './nodes.ts';
import type { Objects } from './objects.ts';
import type { Places } from './places.ts';
import type { Replaying } from './replaying.ts';
import type { Strangers } from './strangers.ts';
import type { Unnamed } from './unnamed.ts';

/** Files looked at when a replay is over, which is within one turn; the paths of others are believed, as in the replay. */
const LEARNT_MAX = 4096;

export interface SettleDependencies {
  readonly objects: Objects;
  readonly replaying: Replaying;
  readonly places: Places;
  readonly unnamed: Unnamed;
  readonly strangers: Strangers;
  readonly doubt: Doubt;
  readonly forget: (file: FileId) => void;
  readonly log: Log;
}

export function settle(deps: SettleDependencies): void {
  recover(deps);
  deps.doubt.end();
  const { objects, places, unnamed, strangers, log } = deps;
  for (const file of unnamed.files()) {
    if (places.of(file) === undefined) continue;
    // What is open may be the file that has the name.
    deps.forget(file);
    const source = objects.open(file);
    const target = objects.openNamed(file);
    if (source !== undefined && target !== undefined) {
      unnamed.repeat(file, source.fd, target);
      closeSync(target);
      deps.forget(file);
      unnamed.remove(file);
      continue;
    }
    if (target !== undefined) closeSync(target);
    log.error('replayed content belongs to a file that is gone from the folder', { file });
    if (source !== undefined) strangers.setAside(unnamed.path(file));
    deps.forget(file);
    unnamed.forget(file);
  }
  learn(deps);
}

/** From here on the table is what the disk is: what was put there unseen is looked at. */
function learn({ objects, replaying }: SettleDependencies): void {
  let left = LEARNT_MAX;
  for (const file of replaying.unseen) {
    if (left === 0) break;
    left -= 1;
    objects.learn(file);
  }
  replaying.unseen.clear();
}

function recover({ places, doubt, replaying }: SettleDependencies): void {
  if (replaying.lost.size === 0) return;
  const kept = doubt.inodes();
  for (const [file, inode] of replaying.lost) {
    const place = places.of(file);
    const source = kept.get(inode);
    if (place === undefined || source === undefined || statAt(source)?.ino !== inode) continue;
    const target = places.path(place.directory, place.name);
    if (statAt(target) === undefined) renameSync(bytesOf(source), bytesOf(target));
  }
  replaying.lost.clear();
}
