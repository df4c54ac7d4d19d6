import * as v from 'valibot';
import { LINK } from '#core/group/link.ts';
import { plugin } from '#core/plugin.ts';
import { DISK } from '#core/ports/services.ts';
import { WitnessServer } from './server.ts';

export const witnessServer = plugin({
  id: 'cluster/arbiter/witness/server',
  kind: 'cluster',
  needs: [LINK, DISK],
  offers: [],
  options: {
    adopt: {
      schema: v.optional(v.boolean(), false),
      help: 'Take the first configuration of a group that has run before: for a witness that joins or replaces another.',
    },
  },

  start(context) {
    const options = { adopts: context.options.adopt };
    new WitnessServer(context.get(LINK), context.get(DISK), context.log, options);
    return { stop() {} };
  },
});
