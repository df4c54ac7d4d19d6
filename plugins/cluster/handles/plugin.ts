import { GROUP } from '#core/group/group.ts';
import { plugin } from '#core/plugin.ts';
import { HANDLES } from '#core/vfs/handle.ts';
import { Translator } from './translator.ts';

export const handles = plugin({
  id: 'cluster/handles',
  kind: 'cluster',
  needs: [GROUP],
  offers: [HANDLES],
  options: {},
  start(context) {
    context.offer(HANDLES, new Translator(context.get(GROUP)));
    return { stop() {} };
  },
});
