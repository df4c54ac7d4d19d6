import * as v from 'valibot';
import { ARBITER } from '#core/group/arbiter.ts';
import type { BoxId } from '#core/group/entry.ts';
import { LINK } from '#core/group/link.ts';
import { plugin } from '#core/plugin.ts';
import { CLOCK } from '#core/ports/services.ts';
import { Witness } from './witness.ts';

/** Milliseconds that the witness may take: its disk syncs once, and it may be a small machine. */
const ANSWER_MS_MAX = 500;

export const witness = plugin({
  id: 'cluster/arbiter/witness',
  kind: 'cluster',
  needs: [LINK, CLOCK],
  offers: [ARBITER],
  options: {
    witness: {
      schema: v.optional(
        v.pipe(
          v.string(),
          v.transform((name) => name as BoxId),
        ),
        'witness',
      ),
      help: 'Name of the witness among the peers of the link.',
    },
    group: {
      schema: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,32}$/)), 'main'),
      help: 'Name of the group whose register is asked.',
    },
  },

  start(context) {
    const { witness: peer, group } = context.options;
    const link = context.get(LINK);
    if (!link.peers.includes(peer)) {
      throw new Error(
        `cluster/arbiter/witness: ${peer} is not among the peers of the link (${link.peers.join(', ') || 'there are none'}); add it there`,
      );
    }
    const options = { peer, group, answerMsMax: ANSWER_MS_MAX };
    context.offer(ARBITER, new Witness(link, context.get(CLOCK), options));
    return { stop() {} };
  },
});
