import * as v from 'valibot';
import { ADDRESSES } from '#core/addresses.ts';
import { CONTROL } from '#core/control.ts';
import { ARBITER } from '#core/group/arbiter.ts';
import type { BoxId } from '#core/group/entry.ts';
import { GROUP } from '#core/group/group.ts';
import { LINK } from '#core/group/link.ts';
import { SERVER_IDENTITY, SHARES, USERS } from '#core/group/users.ts';
import { plugin } from '#core/plugin.ts';
import { CLOCK, DISK, RANDOM, SCRATCH, STORE } from '#core/ports/services.ts';
import { STATS } from '#core/stats.ts';
import { BACKENDS } from '#core/volume/backends.ts';
import { Replication } from './replication.ts';

const boxName = v.pipe(
  v.string(),
  v.transform((name) => name as BoxId),
);

export const replication = plugin({
  id: 'cluster/replication',
  kind: 'cluster',
  needs: [ADDRESSES, ARBITER, BACKENDS, CLOCK, CONTROL, DISK, LINK, RANDOM, SCRATCH, STATS, STORE],
  offers: [GROUP, SERVER_IDENTITY, SHARES, USERS],
  options: {
    self: { schema: boxName, help: 'Name of this box.' },
    cluster: { schema: v.string(), help: 'Id of the cluster.' },
    address: { schema: v.string(), help: 'Where the other boxes reach this one.' },
    members: {
      schema: v.pipe(v.array(boxName), v.minLength(1), v.maxLength(7)),
      help: 'Every box of the group, this one included; the first starts a new cluster.',
    },
    peers: {
      schema: v.optional(v.record(v.string(), v.string()), {}),
      help: 'Where the other boxes are reached, by name; shown in the status.',
    },
    rebooted: {
      schema: v.optional(v.boolean(), false),
      help: 'The machine was started anew since the state directory was last in use.',
    },
  },

  async start(context) {
    const running = new Replication(context.options, {
      addresses: context.get(ADDRESSES),
      arbiter: context.get(ARBITER),
      backends: context.get(BACKENDS),
      clock: context.get(CLOCK),
      control: context.get(CONTROL),
      disk: context.get(DISK),
      link: context.get(LINK),
      log: context.log,
      random: context.get(RANDOM),
      scratch: context.get(SCRATCH),
      stats: context.get(STATS),
      store: context.get(STORE),
    });
    context.offer(GROUP, running.group);
    context.offer(SERVER_IDENTITY, running.identities);
    context.offer(SHARES, running.shares);
    context.offer(USERS, running.users);
    await running.start();
    return { leave: () => running.leave(), stop: () => running.stop() };
  },
});
