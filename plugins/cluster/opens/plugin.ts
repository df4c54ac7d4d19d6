import { GROUP } from '#core/group/group.ts';
import { releaseOrphans } from '#core/group/orphans.ts';
import { Opens } from '#core/opens/manager.ts';
import { OPENS } from '#core/opens/opens.ts';
import { plugin } from '#core/plugin.ts';
import { CLOCK } from '#core/ports/services.ts';
import { STATS } from '#core/stats.ts';
import type { FileId } from '#core/vfs/inode.ts';

/** Milliseconds between looks for files that are kept for nobody: what they hold is room, and nobody waits for it. */
const SWEEP_MS = 5000;

export const opens = plugin({
  id: 'cluster/opens',
  kind: 'cluster',
  needs: [CLOCK, GROUP, STATS],
  offers: [OPENS, DURABLE_OPENS],
  options: {},
  start(context) {
    const manager = new Opens({ clock: context.get(CLOCK) });
    const group = context.get(GROUP);
    const isOpen = (volume: number, file: FileId) =>
      !manager.isIdle && manager.hasOpens({ volume, file });
    group.onServing((serving) => {
      if (!serving) manager.clear();
    });
    group.onRemoval(isOpen);
    // Not at once when this box begins to serve: durable opens of clients to come are being loaded then.
    const sweeps = context.get(CLOCK).every(SWEEP_MS, () => {
      if (group.accepting) releaseOrphans(group, isOpen);
    });
    context.get(STATS).gauge('opens', 'Files that clients keep open.', () => manager.count);
    context.offer(OPENS, manager);
    return {
      stop: () => {
        sweeps.cancel();
        manager.clear();
      },
    };
  },
});
