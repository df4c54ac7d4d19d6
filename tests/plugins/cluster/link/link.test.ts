import * as assert from 'uvu/assert';
import type { BoxId } from '#core/group/entry.ts';
import { CHANNEL, FRAME_SIZE_MAX } from '#core/group/link.ts';
import { SILENT } from '#core/log-line.ts';
import { BoxLink, type LinkOptions, type PeerOptions } from '#plugins/cluster/link/link.ts';
import { suite } from '../../../support/suite.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { FakeNet, fingerprintOf } from '../support/fake-net.ts';

const test = suite('cluster/link');
const A = 'a' as BoxId;
const B = 'b' as BoxId;
const PORTS: Readonly<Record<string, number>> = { a: 1, b: 2, c: 3 };

function peer(name: BoxId, certificate: string = name): PeerOptions {
  return {
    name,
    address: '127.0.0.1',
    port: PORTS[name] ?? 0,
    fingerprint: fingerprintOf(certificate),
  };
}

class World {
  readonly net = new FakeNet();
  readonly clock = new FakeClock();
  readonly events: string[] = [];

  async start(self: BoxId, other: BoxId, changes: Partial<LinkOptions> = {}): Promise<BoxLink> {
    const link = new BoxLink(
      {
        self,
        cluster: 'home',
        address: '127.0.0.1',
        port: PORTS[self] ?? 0,
        key: '',
        certificate: self,
        peers: [peer(other)],
        ...changes,
      },
      { net: this.net, clock: this.clock, log: SILENT },
    );
    link.handle(CHANNEL.group, {
      frame: (from, frame) => {
        const text = frame.length > 20 ? `${frame.length} bytes` : frame.toString();
        this.events.push(`${self}: ${from} says ${text}`);
      },
      up: (from) => this.events.push(`${self}: ${from} up`),
      down: (from, byPeer) =>
        this.events.push(`${self}: ${from} down ${byPeer ? 'by peer' : 'here'}`),
    });
    await link.start();
    return link;
  }

  /** Events since the last call, in an order that does not depend on which side was first. */
  seen(): readonly string[] {
    return this.events.splice(0).sort();
  }
}

const say = (link: BoxLink, to: BoxId, ...texts: readonly string[]): void =>
  link.send(
    to,
    CHANNEL.group,
    texts.map((text) => Buffer.from(text)),
  );

test('two boxes find one another, whoever comes first, and exchange frames in order', async () => {
  for (const order of [[A, B] as const, [B, A] as const]) {
    const world = new World();
    const first = await world.start(...order);
    await world.clock.pass(100);
    const second = await world.start(order[1], order[0]);
    await world.clock.pass(600);
    assert.equal(world.seen(), ['a: b up', 'b: a up']);
    assert.ok(first.isUp(order[1]) && second.isUp(order[0]));
    say(first, order[1], 'one', '-', 'two');
    say(first, order[1], 'three');
    await settle();
    assert.equal(world.events.splice(0), [
      `${order[1]}: ${order[0]} says one-two`,
      `${order[1]}: ${order[0]} says three`,
    ]);
  }
});

test('frames of one turn leave in one write', async () => {
  const world = new World();
  const a = await world.start(A, B);
  await world.start(B, A);
  await world.clock.pass(100);
  const writes = () => world.net.connections.reduce((sum, one) => sum + one.writes, 0);
  const before = writes();
  for (let index = 0; index < 100; index += 1) say(a, B, `${index}`);
  await settle();
  assert.is(writes() - before, 1);
  assert.is(world.events.filter((event) => event.startsWith('b: a says')).length, 100);
});

test('the largest frame passes', async () => {
  const world = new World();
  const a = await world.start(A, B);
  await world.start(B, A);
  await world.clock.pass(100);
  world.seen();
  a.send(B, CHANNEL.group, [Buffer.alloc(FRAME_SIZE_MAX)]);
  assert.ok(a.queuedSize(B) > FRAME_SIZE_MAX);
  await settle();
  assert.equal(world.seen(), [`b: a says ${FRAME_SIZE_MAX} bytes`]);
  assert.is(a.queuedSize(B), 0);
});

test('the death of a peer is told at once as its doing, and it is dialled until it is back', async () => {
  const world = new World();
  await world.start(A, B);
  const b = await world.start(B, A);
  await world.clock.pass(100);
  world.seen();
  b.stop();
  await settle();
  assert.ok(world.seen().includes('a: b down by peer'));
  await world.clock.pass(10_000);
  const before = world.net.connects;
  await world.clock.pass(10_000);
  const tries = world.net.connects - before;
  assert.ok(tries >= 95 && tries <= 101, `${tries} tries in 10 s`);
  await world.start(B, A);
  await world.clock.pass(500);
  assert.equal(world.seen(), ['a: b up', 'b: a up']);
});

test('a reset is the doing of the peer', async () => {
  const world = new World();
  await world.start(A, B);
  await world.start(B, A);
  await world.clock.pass(100);
  world.seen();
  const [near] = world.net.connections;
  near?.other?.kill(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
  assert.ok(world.seen().includes('a: b down by peer'));
  await world.clock.pass(20);
  assert.equal(world.seen(), ['a: b up', 'b: a up']);
});

test('a cut cable is found by silence, and not held to be the doing of the peer', async () => {
  const world = new World();
  await world.start(A, B);
  await world.start(B, A);
  await world.clock.pass(20_000);
  assert.equal(world.seen(), ['a: b up', 'b: a up'], 'an idle link stays');
  world.net.cut = true;
  await world.clock.pass(6_000);
  assert.equal(world.seen(), ['a: b down here', 'b: a down here']);
  world.net.cut = false;
  await world.clock.pass(500);
  assert.equal(world.seen(), ['a: b up', 'b: a up']);
});

test('a new connection of a peer replaces one that is half open', async () => {
  const world = new World();
  const a = await world.start(A, B);
  await world.start(B, A);
  await world.clock.pass(100);
  world.seen();
  world.net.cut = true;
  a.stop();
  await settle();
  world.seen();
  world.net.cut = false;
  const again = await world.start(A, B, { port: 9 });
  await world.clock.pass(100);
  assert.equal(
    world.events.splice(0).filter((event) => event.startsWith('b:')),
    ['b: a down here', 'b: a up'],
  );
  say(again, B, 'hello');
  await settle();
  assert.equal(world.seen(), ['b: a says hello']);
});

test('strangers get nothing', async () => {
  const world = new World();
  await world.start(B, A);
  await world.start(A, B, { certificate: 'forged' });
  await world.clock.pass(2_000);
  assert.equal(world.seen(), []);
  assert.is(world.net.connections.length, 0);
});

test('a right certificate with a wrong name, cluster or pinned peer is refused', async () => {
  const wrong: readonly (readonly [BoxId, Partial<LinkOptions>])[] = [
    ['aa' as BoxId, { certificate: 'a', port: 5 }],
    [A, { cluster: 'elsewhere' }],
    [A, { peers: [peer(B, 'another')] }],
  ];
  for (const [self, changes] of wrong) {
    const world = new World();
    await world.start(B, A);
    const a = await world.start(self, B, changes);
    await world.clock.pass(2_000);
    assert.equal(
      world.seen().filter((event) => event.startsWith('b:')),
      [],
    );
    say(a, B, 'secret');
    await settle();
    assert.equal(
      world.seen().filter((event) => event.startsWith('b:')),
      [],
    );
  }
});

test('a connection without a hello is closed', async () => {
  const world = new World();
  await world.start(B, A);
  let closed = false;
  await world.net.connect(
    {
      address: '127.0.0.1',
      port: 2,
      timeoutMs: 1,
      tls: { key: '', certificate: 'a', trusts: () => true },
    },
    () => ({
      room: () => Buffer.alloc(100),
      received() {},
      closed: () => {
        closed = true;
      },
    }),
  );
  await world.clock.pass(1_500);
  assert.not.ok(closed);
  await world.clock.pass(2_000);
  assert.ok(closed);
  assert.equal(world.seen(), []);
});

test('a frame beyond the bound costs the connection and nothing else', async () => {
  const world = new World();
  await world.start(A, B);
  await world.start(B, A);
  await world.clock.pass(100);
  world.seen();
  const [near] = world.net.connections;
  near?.other?.arrive(Buffer.from('ffffffff0100', 'hex'));
  await settle();
  assert.ok(world.seen().includes('b: a down here'));
  await world.clock.pass(100);
  assert.equal(world.seen(), ['a: b up', 'b: a up']);
});

test('a peer that takes nothing is given up before memory runs out', async () => {
  const world = new World();
  const a = await world.start(A, B);
  await world.start(B, A);
  await world.clock.pass(100);
  world.seen();
  const block = Buffer.alloc(FRAME_SIZE_MAX);
  for (let index = 0; index < 18; index += 1) a.send(B, CHANNEL.group, [block]);
  await settle();
  assert.ok(world.seen().includes('a: b down here'));
});
