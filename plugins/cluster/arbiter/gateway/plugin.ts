import * as v from 'valibot';
import { ADDRESSES } from '#core/addresses.ts';
import { ARBITER } from '#core/group/arbiter.ts';
import { LINK } from '#core/group/link.ts';
import { plugin } from '#core/plugin.ts';
import { CLOCK, DISK, NET } from '#core/ports/services.ts';
import { Gateway } from './gateway.ts';

const reference = v.object({
  address: v.string(),
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)), 53),
});

export const gateway = plugin({
  id: 'cluster/arbiter/gateway',
  kind: 'cluster',
  needs: [ADDRESSES, LINK, DISK, NET, CLOCK],
  offers: [ARBITER],
  options: {
    references: {
      schema: v.pipe(
        v.array(reference),
        v.minLength(1, 'needs the address of the gateway, or of another machine that is always on'),
        v.maxLength(8),
      ),
      help: 'Machines that show that the network is there, as address and TCP port; one that answers or refuses is enough.',
    },
    group: {
      schema: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,32}$/)), 'main'),
      help: 'Name of the group.',
    },
    adopt: {
      schema: v.optional(v.boolean(), false),
      help: 'Take the first configuration of a group that has run before: when the arbiter was changed to this one.',
    },
    override: {
      schema: v.optional(v.boolean(), false),
      help: 'This box may go on although it cannot know what its partner did last: for one start, when the partner is lost for good.',
    },
  },

  start(context) {
    const { references, group, adopt, override } = context.options;
    const link = context.get(LINK);
    const [partner, ...others] = link.peers;
    if (partner === undefined || others.length > 0) {
      throw new Error(
        `cluster/arbiter/gateway: it is for two boxes, and the link has ${link.peers.length} peers; with a third machine use "witness"`,
      );
    }
    const it = new Gateway(
      { partner, group, references, adopts: adopt, overrides: override },
      {
        link,
        disk: context.get(DISK),
        net: context.get(NET),
        clock: context.get(CLOCK),
        log: context.log,
        isDefended: (waitMs) => context.get(ADDRESSES).isDefended(waitMs),
      },
    );
    context.offer(ARBITER, it);
    return { stop: () => it.stop() };
  },
});
