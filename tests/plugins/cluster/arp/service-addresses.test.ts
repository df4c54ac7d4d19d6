/** The order of things, on a network in memory: what is done to it is written down. */
import * as assert from 'uvu/assert';
import type { BoxId } from '#core/group/entry.ts';
import { SILENT } from '#core/log-line.ts';
import { type Lan, LanError, type LanInterface } from '#core/ports/lan.ts';
import { encodeConnections } from '#plugins/cluster/arp/connections.ts';
import { decodeFrame, encodeFrame, type Frame } from '#plugins/cluster/arp/frames.ts';
import { ServiceAddresses } from '#plugins/cluster/arp/service-addresses.ts';
import { announcement, probe, signOf } from '#plugins/cluster/arp/signs.ts';
import { suite } from '../../../support/suite.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { LoneLink } from '../support/lone-link.ts';

const test = suite('arp/service-addresses');

const A = 'a' as BoxId;
const B = 'b' as BoxId;
const SERVICE = '10.0.0.50';
const PLACE = { address: SERVICE, interface: '' };
const OWN = '02:00:00:00:00:0a';
const OTHER = '02:00:00:00:00:0b';
const CLIENTS = 4;
const ends = { localAddress: SERVICE, localPort: 2049, remoteAddress: '10.0.0.9', remotePort: 843 };

class FakeLan implements Lan {
  readonly done: string[] = [];
  refusal = '';
  isConnected = true;
  #heard: (frame: Buffer) => void = () => {};

  interfaces(): readonly LanInterface[] {
    return [{ name: 'eth0', index: 2, mac: OWN, networks: ['10.0.0.1/24'] }];
  }

  hasCarrier(): boolean {
    return this.isConnected;
  }

  tap(_: LanInterface, heard: (frame: Buffer) => void) {
    this.#heard = heard;
    return {
      send: (frame: Uint8Array) => void this.done.push(textOf(decodeFrame(Buffer.from(frame)))),
      join() {},
      leave() {},
      close() {},
    };
  }

  prepare(): void {
    if (this.refusal !== '') throw new LanError('device', this.refusal);
  }

  add(address: string): void {
    this.done.push(`add ${address}`);
  }

  remove(address: string): void {
    this.done.push(`remove ${address}`);
  }

  drop(address: string): void {
    this.done.push(`drop ${address}`);
  }

  forget(address: string): void {
    this.done.push(`forget ${address}`);
  }

  sendPacket(_: Buffer, destination: string): void {
    this.done.push(`tickle ${destination}`);
  }

  hear(frame: Frame): void {
    this.#heard(encodeFrame(frame));
  }

  take(): readonly string[] {
    return this.done.splice(0);
  }
}

function textOf(frame: Frame | undefined): string {
  const sign = frame && signOf(frame);
  const stamp = sign?.stamp === undefined ? '' : ` in view ${sign.stamp.view}`;
  return `${sign?.kind} ${sign?.address}${stamp}`;
}

function stage() {
  const [lan, clock, link] = [new FakeLan(), new FakeClock(), new LoneLink(A, [B])];
  const addresses = new ServiceAddresses({ lan, clock, link, log: SILENT });
  const state = { isSure: true, isOpen: true };
  addresses.door(() => state.isOpen);
  const claim = { view: 7, rank: 0, isSure: () => state.isSure };
  return { lan, clock, link, addresses, state, claim };
}

const BEGUN = [`remove ${SERVICE}`, `drop ${SERVICE}`];
const CLAIMS = [`claim ${SERVICE} in view 7`, `claim ${SERVICE} in view 7`];

test('doors, address, announcement, clients; and off again', async () => {
  const { lan, clock, link, addresses, state, claim } = stage();
  addresses.know([PLACE, { address: '127.0.0.10', interface: '' }]);
  link.up(B);
  link.deliver(B, CLIENTS, encodeConnections('all', [ends]));
  state.isOpen = false;
  // What a former process has left at the address is gone before anything else.
  assert.equal(lan.take(), BEGUN);
  addresses.hold(claim);
  await clock.pass(100);
  assert.equal(lan.take(), []);
  assert.equal(addresses.held, ['127.0.0.10']);
  state.isOpen = true;
  await clock.pass(10);
  assert.equal(lan.take(), [`add ${SERVICE}`, ...CLAIMS, 'tickle 10.0.0.9']);
  await clock.pass(70);
  assert.equal(lan.take(), [...CLAIMS, 'tickle 10.0.0.9']);
  assert.equal(addresses.held, ['127.0.0.10', SERVICE]);
  addresses.hold(undefined);
  assert.equal(lan.take(), [`remove ${SERVICE}`, `drop ${SERVICE}`]);
  assert.equal(addresses.held, []);
  await clock.pass(10_000);
  assert.equal(lan.take(), []);
  addresses.know([]);
  assert.equal(lan.take(), [`forget ${SERVICE}`]);
});

test('with the doors open it is all done in the call', () => {
  const { lan, addresses, claim } = stage();
  addresses.know([PLACE]);
  addresses.hold(claim);
  assert.equal(lan.take(), [...BEGUN, `add ${SERVICE}`, ...CLAIMS]);
});

test('a lease that stumbled costs nobody its connection', async () => {
  const { lan, clock, addresses, state, claim } = stage();
  addresses.know([PLACE]);
  addresses.hold(claim);
  lan.take();
  state.isSure = false;
  await clock.pass(10);
  assert.equal(lan.take(), [`remove ${SERVICE}`]);
  state.isSure = true;
  await clock.pass(10);
  assert.equal(lan.take(), [`add ${SERVICE}`, ...CLAIMS]);
});

test('a box that stood still finds that out before it answers', async () => {
  const { lan, clock, addresses, state, claim } = stage();
  addresses.know([PLACE]);
  addresses.hold(claim);
  await clock.pass(2_000);
  lan.take();
  lan.hear(probe(SERVICE, OTHER));
  assert.equal(lan.take(), [`claim ${SERVICE} in view 7`]);
  clock.jump(5_000);
  state.isSure = false;
  lan.hear(probe(SERVICE, OTHER));
  assert.equal(lan.take(), [`remove ${SERVICE}`]);
});

test('a higher view has it; the owner is told', () => {
  const { lan, addresses, claim } = stage();
  addresses.know([PLACE]);
  addresses.hold(claim);
  lan.take();
  const [frame] = announcement(SERVICE, OTHER, { view: 8, rank: 1 });
  assert.ok(frame);
  lan.hear(frame);
  assert.equal(lan.take(), [`remove ${SERVICE}`, `drop ${SERVICE}`]);
  assert.match(addresses.condition(SERVICE), `the box with MAC ${OTHER} has ${SERVICE}`);
});

test('only who lives defends: a stranger or a box, and not the kernel of a box', async () => {
  const { lan, clock, addresses } = stage();
  addresses.know([PLACE]);
  const [stamped] = announcement(SERVICE, OTHER, { view: 7, rank: 1 });
  assert.ok(stamped);
  const { stamp: _, ...bare } = stamped;
  const asked = async (answer: Frame | undefined): Promise<boolean> => {
    const defended = addresses.isDefended(60);
    await clock.pass(20);
    if (answer !== undefined) lan.hear(answer);
    await clock.pass(100);
    return defended;
  };
  assert.is(await asked(undefined), false);
  assert.is(await asked(bare as Frame), true, 'a stranger');
  assert.is(await asked(stamped), true, 'a box');
  assert.is(await asked(bare as Frame), false, 'its kernel');
});

test('a box that served asks as soon as its lease has lapsed: another may have the address by now', async () => {
  const { lan, clock, addresses, state, claim } = stage();
  addresses.know([PLACE]);
  addresses.hold(claim);
  lan.take();
  assert.is(await addresses.isDefended(300), false);
  assert.equal(lan.take(), [], 'what it has itself it need not ask for');
  state.isSure = false;
  await clock.pass(10);
  const [stamped] = announcement(SERVICE, OTHER, { view: 8, rank: 1 });
  assert.ok(stamped);
  const defended = addresses.isDefended(300);
  await clock.pass(20);
  lan.hear(stamped);
  await clock.pass(10);
  assert.is(await defended, true);
  // It has been told who has it, and need not ask again.
  assert.is(await addresses.isDefended(300), true);
  addresses.hold(undefined);
  addresses.hold(claim);
  state.isSure = false;
  await clock.pass(10);
  const free = addresses.isDefended(300);
  await clock.pass(160);
  assert.is(await free, false);
});

test('a missing right is a sentence, also in the status', async () => {
  const { lan, addresses, claim } = stage();
  lan.refusal = 'EPERM';
  assert.match((await addresses.check(PLACE)) ?? '', /need root, or CAP_NET_ADMIN and CAP_NET_RAW/);
  addresses.know([PLACE]);
  addresses.hold(claim);
  assert.match(addresses.condition(SERVICE), /need root, or CAP_NET_ADMIN and CAP_NET_RAW/);
  assert.equal(
    lan.done.filter((line) => line.startsWith('add')),
    [],
  );
});
