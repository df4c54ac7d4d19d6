import * as assert from 'uvu/assert';
import { LoopbackAddresses } from '#plugins/cluster/arp/loopback.ts';
import { suite } from '../../../support/suite.ts';

const test = suite('cluster/arp/loopback');

const refusal = (address: string, networkInterface = ''): string => {
  const answer = new LoopbackAddresses().claim(address, networkInterface);
  return answer.ok ? '' : answer.error;
};

test('loopback addresses are claimed, twice as once, and released', () => {
  const addresses = new LoopbackAddresses();
  for (const address of ['127.0.0.10', '127.255.1.0', '::1', '127.0.0.10']) {
    assert.ok(addresses.claim(address, '').ok, address);
  }
  assert.ok(addresses.claim('127.0.0.11', 'lo').ok);
  addresses.release('::1');
  addresses.release('127.0.0.99');
  assert.equal(addresses.claimed, ['127.0.0.10', '127.255.1.0', '127.0.0.11']);
});

test('an address on the LAN is refused with what to do instead', () => {
  for (const address of ['192.168.1.10', '128.0.0.1', '12.7.0.0', 'fe80::1', '::127.0.0.1']) {
    assert.match(refusal(address), /LAN are not supported yet; use one of/, address);
  }
});

test('what is no literal address is refused', () => {
  for (const address of [
    '',
    'localhost',
    '127.1',
    '127.0.0.256',
    '127.0.0.1.',
    '0127.0.0.1',
    ':x',
  ]) {
    assert.match(refusal(address), /is no IP address/, address);
  }
});

test('a loopback address on another interface is refused', () => {
  assert.match(refusal('127.0.0.10', 'eth0'), /cannot be on interface eth0/);
});
