import * as v from 'valibot';
import { ARBITER } from '#core/group/arbiter.ts';
import { LINK } from '#core/group/link.ts';
import { plugin } from '#core/plugin.ts';
import { DISK } from '#core/ports/services.ts';
import { Alone } from './alone.ts';

export const alone = plugin({
  id: 'cluster/arbiter/alone',
  kind: 'cluster',
  needs: [LINK, DISK],
  offers: [ARBITER],
  options: {
    group: {
      schema: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,32}$/)), 'main'),
      help: 'Name of the group.',
    },
  },

  start(context) {
    const { self } = context.get(LINK);
    context.offer(ARBITER, new Alone(context.get(DISK), self, context.options.group));
    return { stop() {} };
  },
});
