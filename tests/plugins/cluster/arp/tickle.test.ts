import * as assert from 'uvu/assert';
import { tickle } from '#plugins/cluster/arp/tickle.ts';
import { goldenPacket } from '../../../support/golden-packet.ts';
import { suite } from '../../../support/suite.ts';

const test = suite('arp/tickle');

test('a tickle is the golden packet', () => {
  const ports = { localPort: 2049, remotePort: 843 };
  const four = { localAddress: '10.0.0.50', remoteAddress: '10.0.0.9', ...ports };
  assert.is(tickle(four).toString('hex'), goldenPacket('arp/tickle', 'packet').toString('hex'));
  const six = { localAddress: 'fd00::50', remoteAddress: 'fd00::9', ...ports };
  assert.is(tickle(six).toString('hex'), goldenPacket('arp/tickle-ipv6', 'packet').toString('hex'));
});
