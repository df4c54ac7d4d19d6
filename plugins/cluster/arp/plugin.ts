import { ADDRESSES } from '#core/addresses.ts';
import { LINK } from '#core/group/link.ts';
import { plugin } from '#core/plugin.ts';
import { CLOCK, LAN } from '#core/ports/services.ts';
import { ServiceAddresses } from './service-addresses.ts';

export const arp = plugin({
  id: 'cluster/arp',
  kind: 'cluster',
  needs: [LINK, CLOCK, LAN],
  offers: [ADDRESSES],
  options: {},
  start(context) {
    const addresses = new ServiceAddresses({
      link: context.get(LINK),
      clock: context.get(CLOCK),
      lan: context.get(LAN),
      log: context.log,
    });
    context.offer(ADDRESSES, addresses);
    return { stop: () => addresses.stop() };
  },
});
