import * as assert from 'uvu/assert';
import type { ClientEnds } from '#core/addresses.ts';
import type { BoxId } from '#core/group/entry.ts';
import type { Link } from '#core/group/link.ts';
import { DecodeError } from '#core/wire/reader.ts';
import {
  ConnectionTable,
  decodeConnections,
  encodeConnections,
} from '#plugins/cluster/arp/connections.ts';
import { suite } from '../../../support/suite.ts';

const test = suite('arp/connections');

const A = 'a' as BoxId;
const B = 'b' as BoxId;
const SERVICE = '10.0.0.50';
const ends = (remotePort: number, localAddress = SERVICE): ClientEnds => ({
  localAddress,
  localPort: 2049,
  remoteAddress: '10.0.0.9',
  remotePort,
});

/** Box a tells box b, as long as `up`. */
function pair() {
  const state = { up: true };
  const backup = new ConnectionTable({ peers: [] } as unknown as Link);
  const link = {
    peers: [B],
    isUp: () => state.up,
    send: (_peer: BoxId, _channel: number, [frame]: [Buffer]) => backup.received(A, frame),
  };
  const primary = new ConnectionTable(link as unknown as Link);
  return { primary, backup, state };
}

test('whoever takes over knows the clients of the box before it, and each once', () => {
  const { primary, backup } = pair();
  primary.speak();
  const gone = primary.opened(ends(1));
  primary.opened(ends(2));
  primary.opened(ends(3, '10.0.0.51'));
  gone();
  assert.equal(backup.take(SERVICE), [ends(2)]);
  assert.equal(backup.take(SERVICE), []);
  assert.equal(backup.take('10.0.0.51'), [ends(3, '10.0.0.51')]);
});

test('a box that was away is told all when it is back', () => {
  const { primary, backup, state } = pair();
  primary.speak();
  const first = primary.opened(ends(1));
  state.up = false;
  first();
  primary.opened(ends(2));
  state.up = true;
  primary.up(B);
  assert.equal(backup.take(SERVICE), [ends(2)]);
});

test('what closes because the service moves is not told: its successor wakes those clients', () => {
  const { primary, backup } = pair();
  primary.speak();
  const gone = primary.opened(ends(1));
  primary.fallSilent();
  gone();
  assert.equal(backup.take(SERVICE), [ends(1)]);
  primary.speak();
  assert.equal(backup.take(SERVICE), []);
});

test('a table is bounded, and what another box sends is checked', () => {
  const { primary, backup } = pair();
  primary.speak();
  for (let port = 1; port <= 5000; port += 1) primary.opened(ends(port));
  assert.is(backup.take(SERVICE).length, 4096);
  const good = encodeConnections('opened', [ends(1)]);
  assert.equal(decodeConnections(good), { what: 'opened', rows: [ends(1)] });
  const name = { ...ends(1), remoteAddress: 'localhost' };
  const port = { ...ends(1), remotePort: 70_000 };
  const wrong = [
    good.subarray(0, good.length - 4),
    Buffer.concat([good, Buffer.alloc(4)]),
    encodeConnections('opened', [name]),
    encodeConnections('opened', [port]),
    Buffer.from('0002000100000000', 'hex'),
    Buffer.from('0001000900000000', 'hex'),
    Buffer.from('00010001ffffffff', 'hex'),
  ];
  for (const frame of wrong) {
    assert.throws(
      () => decodeConnections(frame),
      (error: Error) => error instanceof DecodeError,
    );
  }
});
