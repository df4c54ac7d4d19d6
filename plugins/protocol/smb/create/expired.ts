/** Durable opens whose client did not come back, or that gave way to somebody else's: their file may have to go. */
import type { Name } from '#core/vfs/name.ts';
import type { Scene } from '../scene.ts';
import { transactSoon } from '../transact.ts';
import { decodeExtra } from './durable.ts';
import { settle } from './settle.ts';

/** To be called once a server. */
export function settleExpired(scene: Scene): void {
  scene.opens.onEnded((open, _ending, { removes }) => {
    const info = scene.durables.infoOf(open);
    const volume = scene.group.volume(open.volume);
    if (info === undefined || volume === undefined || !removes) return;
    const { place, file } = decodeExtra(info.extra);
    const streams = file === open.file ? [] : volume.tree.streams(file);
    const stream = streams.find(({ id }) => id === open.file)?.name ?? ('' as Name);
    const left = { volume, file, content: open.file, stream, place, removes };
    // After this turn: whoever made it give way is in the middle of an entry.
    scene.clock.after(0, () => transactSoon(scene, (transact) => settle(scene, left, transact)));
  });
}
