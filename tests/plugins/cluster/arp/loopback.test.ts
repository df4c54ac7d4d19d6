import * as assert from 'uvu/assert';
import { isLoopback, loopbackRefusal } from '#plugins/cluster/arp/loopback.ts';
import { suite } from '../../../support/suite.ts';

const test = suite('cluster/arp/loopback');

const refusal = (address: string, networkInterface = '') =>
  loopbackRefusal({ address, interface: networkInterface }) ?? '';

test('loopback is 127.0.0.0/8 and ::1, written out', () => {
  for (const address of ['127.0.0.10', '127.255.1.0', '::1']) {
    assert.ok(isLoopback(address), address);
    assert.is(refusal(address), '');
  }
  for (const address of ['192.168.1.10', '128.0.0.1', '12.7.0.0', 'fe80::1', '::127.0.0.1']) {
    assert.not(isLoopback(address), address);
  }
  assert.is(refusal('127.0.0.11', 'lo'), '');
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
