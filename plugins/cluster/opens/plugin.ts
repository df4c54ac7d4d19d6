import { GROUP } from '#core/group/group.ts';
import { DURABLE_OPENS } from '#core/opens/durable.ts';
import { DurableTable } from '#core/opens/durable-table.ts';
import { Opens } from '#core/opens/manager.ts';
import { OPENS } from '#core/opens/opens.ts';
import { plugin } from '#core/plugin.ts';
import { CLOCK } from '#core/ports/services.ts';
import { STATS } from '#core/stats.ts';
import type { FileId } from '#core/vfs/inode.ts';
import { flushLater } from './flush.ts';
import { Orphans } from './orphans.ts';

export const opens = plugin({
  id: 'cluster/opens',
  kind: 'cluster',
  needs: [CLOCK, GROUP, STATS],
  offers: [OPENS, DURABLE_OPENS],
  options: {},
  start(context) {
    const clock = context.get(CLOCK);
    const group = context.get(GROUP);
    const stats = context.get(STATS);
    const manager = new Opens({ clock });
    const durable = new DurableTable({ group, opens: manager, log: context.log });
    const forget = (): void => {
      durable.clear();
      manager.clear();
    };
    flushLater(durable, group, clock);
    const orphans = new Orphans(group, manager, clock);
    // Before any protocol hears of it: whoever opens a file finds those that are to come back.
    group.onServing((serving) => {
      forget();
      if (!serving) return;
      durable.load();
      orphans.releaseLater();
    });
    group.onRemoval((volume, file) => manager.hasOpens({ volume, file: file as FileId }));
    stats.gauge('opens', 'Files that clients keep open.', () => manager.count);
    stats.gauge('durable_opens', 'Of these, kept for the next box.', () => durable.count);
    context.offer(OPENS, manager);
    context.offer(DURABLE_OPENS, durable);
    return { stop: forget };
  },
});
