import { ADDRESSES } from '#core/addresses.ts';
import { plugin } from '#core/plugin.ts';
import { LoopbackAddresses } from './loopback.ts';

export const arp = plugin({
  id: 'cluster/arp',
  kind: 'cluster',
  needs: [],
  offers: [ADDRESSES],
  options: {},
  start(context) {
    context.offer(ADDRESSES, new LoopbackAddresses());
    return { stop() {} };
  },
});
