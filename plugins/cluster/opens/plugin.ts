import { GROUP } from '#core/group/group.ts';
import { Opens } from '#core/opens/manager.ts';
import { OPENS } from '#core/opens/opens.ts';
import { plugin } from '#core/plugin.ts';
import { CLOCK } from '#core/ports/services.ts';
import { STATS } from '#core/stats.ts';

export const opens = plugin({
  id: 'cluster/opens',
  kind: 'cluster',
  needs: [CLOCK, GROUP, STATS],
  offers: [OPENS],
  options: {},
  start(context) {
    const manager = new Opens({ clock: context.get(CLOCK) });
    context.get(GROUP).onServing((serving) => {
      if (!serving) manager.clear();
    });
    context.get(STATS).gauge('opens', 'Files that clients keep open.', () => manager.count);
    context.offer(OPENS, manager);
    return { stop: () => manager.clear() };
  },
});
