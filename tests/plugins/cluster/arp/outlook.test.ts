/** Who has the clients' network, on a network in memory whose cables and neighbours are the test's. */
import * as assert from 'uvu/assert';
import type { BoxId } from '#core/group/entry.ts';
import { CHANNEL } from '#core/group/link.ts';
import { SILENT } from '#core/log-line.ts';
import type { Lan, LanInterface } from '#core/ports/lan.ts';
import { DecodeError } from '#core/wire/reader.ts';
import { Neighbours } from '#plugins/cluster/arp/neighbours.ts';
import { decodeSight, encodeSight, Outlook } from '#plugins/cluster/arp/outlook.ts';
import type { Sight } from '#plugins/cluster/arp/sight.ts';
import { suite } from '../../../support/suite.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { LoneLink } from '../support/lone-link.ts';

const test = suite('arp/outlook');

const A = 'a' as BoxId;
const B = 'b' as BoxId;
const ETH0 = { name: 'eth0', index: 2, mac: '02:00:00:00:00:0a', networks: ['10.0.0.1/24'] };
const CLIENT = '10.0.0.9';
const FAR_CLIENT = '192.168.7.9';

function stage({ clients = [CLIENT, FAR_CLIENT] }: { clients?: readonly string[] } = {}) {
  const [clock, link] = [new FakeClock(), new LoneLink(A, [B])];
  const state = { hasCarrier: true, isAnswered: true, asked: [] as string[] };
  const lan: Pick<Lan, 'hasCarrier'> = { hasCarrier: (_: LanInterface) => state.hasCarrier };
  const outlook: Outlook = new Outlook({
    lan: lan as Lan,
    link,
    clock,
    log: SILENT,
    clients: () => clients,
    ask: (index, neighbour) => {
      state.asked.push(neighbour);
      if (state.isAnswered) outlook.heard(index, neighbour);
    },
  });
  link.up(B);
  outlook.watch([ETH0], false);
  clock.every(10, () => outlook.tick());
  const says = (sight: Sight) => link.deliver(B, CHANNEL.sight, encodeSight(sight));
  const said = () => link.sent.map(({ frame }) => decodeSight(frame)).at(-1);
  return { clock, link, state, outlook, says, said };
}

test('without a carrier the service is for a box that sees its clients, and not at once', async () => {
  const { clock, state, outlook, says, said } = stage();
  says('bright');
  await clock.pass(1_000);
  assert.equal(outlook.heirs(), []);
  assert.equal(state.asked, [], 'nobody is asked without need');
  state.hasCarrier = false;
  await clock.pass(250);
  assert.is(said(), 'dark');
  assert.equal(outlook.heirs(), [], 'a cable that is plugged in anew');
  await clock.pass(200);
  assert.equal(outlook.heirs(), [B]);
  assert.match(outlook.condition(ETH0.index), /eth0 has no carrier: clients cannot reach this box/);
  state.hasCarrier = true;
  await clock.pass(60);
  assert.equal(outlook.heirs(), []);
  assert.is(outlook.condition(ETH0.index), '');
});

test('a box that sees no more is no heir, nor one whose cable is loose, nor one that is away', async () => {
  const { clock, link, state, outlook, says } = stage();
  state.hasCarrier = false;
  says('dark');
  await clock.pass(10_000);
  assert.equal(outlook.heirs(), []);
  says('bright');
  await clock.pass(1_000);
  assert.equal(outlook.heirs(), [], 'it was in the dark a second ago');
  await clock.pass(4_500);
  assert.equal(outlook.heirs(), [B]);
  link.down(B, false);
  assert.equal(outlook.heirs(), []);
  link.up(B);
  says('bright');
  assert.equal(outlook.heirs(), [B]);
});

test('a path that is silent brings doubt: neighbours of that network are asked until one answers', async () => {
  const { clock, link, state, outlook, says, said } = stage();
  says('bright');
  link.isEveryPathThere = false;
  await clock.pass(300);
  assert.is(said(), 'bright');
  assert.ok(state.asked.length > 0 && state.asked.every((address) => address === CLIENT));
  assert.equal(outlook.heirs(), []);
  state.isAnswered = false;
  await clock.pass(1_400);
  assert.equal(outlook.heirs(), [], 'it was heard a moment ago');
  await clock.pass(1_600);
  assert.is(said(), 'dark');
  assert.equal(outlook.heirs(), [B]);
  assert.match(outlook.condition(ETH0.index), /nobody answers on interface eth0/);
  link.isEveryPathThere = true;
  await clock.pass(60);
  assert.is(said(), 'bright');
});

test('deaf from the first moment of doubt, it is dark within a second', async () => {
  const { clock, link, state, outlook, says } = stage();
  says('bright');
  state.isAnswered = false;
  link.isEveryPathThere = false;
  await clock.pass(450);
  assert.equal(outlook.heirs(), []);
  await clock.pass(500);
  assert.equal(outlook.heirs(), [B]);
});

test('who knows nobody to ask cannot know; a box without a carrier is worse all the same', async () => {
  const { clock, link, state, outlook, says, said } = stage({ clients: [] });
  link.isEveryPathThere = false;
  says('unsure');
  await clock.pass(5_000);
  assert.is(said(), 'unsure');
  assert.equal(outlook.heirs(), []);
  state.hasCarrier = false;
  await clock.pass(1_000);
  assert.equal(outlook.heirs(), []);
  await clock.pass(1_500);
  assert.equal(outlook.heirs(), [B]);
});

test('what is no sight is malformed', () => {
  assert.is(decodeSight(encodeSight('unsure')), 'unsure');
  for (const hex of ['', '0001', '00010004', '00020001', '0001000100']) {
    assert.throws(
      () => decodeSight(Buffer.from(hex, 'hex')),
      (error: Error) => error instanceof DecodeError,
    );
  }
});

test('neighbours are asked in turn, and the oldest are forgotten', () => {
  const neighbours = new Neighbours();
  assert.equal(neighbours.some(2, []), []);
  assert.equal(neighbours.some(2, ['x']), ['x']);
  for (let last = 1; last <= 9; last += 1) neighbours.met(`n${last}`);
  const asked = new Set(Array.from({ length: 4 }, () => neighbours.some(2, [])).flat());
  assert.equal([...asked].sort(), ['n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8', 'n9']);
});
