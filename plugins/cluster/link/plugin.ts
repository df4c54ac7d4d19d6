import * as v from 'valibot';
import type { BoxId } from '#core/group/entry.ts';
import { LINK } from '#core/group/link.ts';
import { plugin } from '#core/plugin.ts';
import { CLOCK, NET } from '#core/ports/services.ts';
import { CLUSTER_SIZE_MAX } from './hello.ts';
import { BoxLink } from './link.ts';

const boxName = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9-]{1,32}$/, 'a box name is 1 to 32 of a-z, 0-9 and hyphen'),
  v.transform((name) => name as BoxId),
);
const port = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535));
const fingerprint = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{64}$/, 'a fingerprint is the SHA-256 of a certificate: 64 of 0-9 and a-f'),
);
const also = v.optional(v.pipe(v.array(v.string()), v.maxLength(3)), []);
const peer = v.object({ name: boxName, address: v.string(), also, port, fingerprint });

export const link = plugin({
  id: 'cluster/link',
  kind: 'cluster',
  needs: [NET, CLOCK],
  offers: [LINK],
  options: {
    self: { schema: boxName, help: 'Name of this box, unique in the cluster.' },
    cluster: {
      schema: v.pipe(
        v.string(),
        v.minLength(1),
        v.maxLength(CLUSTER_SIZE_MAX),
        v.regex(/^[!-~]*$/),
      ),
      help: 'Id of the cluster; boxes of another one are refused.',
    },
    address: {
      schema: v.optional(v.string(), '127.0.0.1'),
      help: 'Address on which the other boxes reach this one.',
    },
    also: {
      schema: also,
      help: 'Further addresses of this box, on other networks: the link survives the loss of any one.',
    },
    port: { schema: port, help: 'TCP port on that address.' },
    key: { schema: v.string(), help: "This box's private key, PEM text." },
    certificate: { schema: v.string(), help: "This box's certificate, PEM text." },
    peers: {
      schema: v.optional(v.array(peer), []),
      help: 'The other boxes and the witness: name, address, further addresses, port, certificate fingerprint.',
    },
  },

  async start(context) {
    const { options, log } = context;
    const names = new Set([options.self, ...options.peers.map(({ name }) => name)]);
    const prints = new Set(options.peers.map((one) => one.fingerprint));
    if (names.size !== options.peers.length + 1 || prints.size !== options.peers.length) {
      throw new Error(
        'cluster/link: two boxes share a name or a fingerprint; give each peer its own, and not that of this box',
      );
    }
    const it = new BoxLink(options, { net: context.get(NET), clock: context.get(CLOCK), log });
    await it.start();
    context.offer(LINK, it);
    return { stop: () => it.stop() };
  },
});
