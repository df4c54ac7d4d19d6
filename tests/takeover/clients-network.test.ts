/**
 * A primary that loses the network of its clients while another one between the boxes lives: the service goes to the box
 * that has the clients' network, as an owner would move it, and stays where moving would help nobody.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Lab } from '#packaging/lab/processes.ts';
import { BRIDGE_ADDRESS, BridgeNetwork, bridgeLack, CLIENT, SERVICE_6 } from '../lab/network.ts';
import { inNamespace } from '../support/namespace.ts';
import { seedOf } from '../support/seeded.ts';
import { suite } from '../support/suite.ts';
import { Crew } from './crew.ts';
import { startLab } from './stage.ts';

const test = suite('takeover/clients-network', { secondsMax: 120 });
/** Milliseconds that a client may wait, as of a box that is cut off. */
const STALL_MS_MAX = 2_000;
const CHANGE_MS_MAX = 10_000;
/** Milliseconds for which nothing may happen: longer than any box takes to decide. */
const STEADY_MS = 3_000;
/** Milliseconds that a loose cable is off and on. */
const LOOSE_MS = 120;
/** Milliseconds after which a box that was in the dark is trusted again. */
const TRUSTED_MS = 6_000;

const lack = bridgeLack();
const onTwoNetworks = (
  title: string,
  arbiter: 'witness' | 'gateway',
  play: (lab: Lab, net: BridgeNetwork, crew: Crew) => Promise<void>,
  address = BRIDGE_ADDRESS,
) => {
  if (lack !== undefined) {
    test.skip(title, lack);
    return;
  }
  test(title, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'understudy-clients-'));
    const net = BridgeNetwork.make(2);
    try {
      await inNamespace(net.namespace(CLIENT), async () => {
        const lab = await startLab({ address: BRIDGE_ADDRESS, net, arbiter }, directory);
        try {
          if (address !== BRIDGE_ADDRESS) await lab.control('a', 'address.add', { address });
          await atWork(lab, address, (crew) => play(lab, net, crew));
        } catch (cause) {
          const text = `${(cause as Error).message}\n  what the boxes said: ${join(directory, 'log')}`;
          throw new Error(text, { cause });
        } finally {
          await lab.stop();
        }
      });
      rmSync(directory, { recursive: true, force: true });
    } finally {
      net.close();
    }
  });
};

for (const arbiter of ['witness', 'gateway'] as const) {
  onTwoNetworks(
    `no carrier: the service goes to the other box, arbiter ${arbiter}`,
    arbiter,
    async (lab, net, crew) => {
      await lost(lab, crew, 'a', 'b', () => net.unplug('a'), 'no carrier');
      net.heal('a');
      // It is not given back by itself.
      await steady(lab, crew, 'b');
      await crew.during(sleep(TRUSTED_MS - STEADY_MS));
      await lost(lab, crew, 'b', 'a', () => net.unplug('b'), 'no carrier');
    },
  );
}

for (const [family, address] of [
  ['IPv4', BRIDGE_ADDRESS],
  ['IPv6', SERVICE_6],
] as const) {
  onTwoNetworks(
    `carrier, and nobody there: the service goes to the other box, clients over ${family}`,
    'witness',
    (lab, net, crew) => lost(lab, crew, 'a', 'b', () => net.cut('a'), 'nobody there'),
    address,
  );
}

onTwoNetworks(
  'both boxes without the clients, a loose cable, the other network gone: nothing moves',
  'witness',
  async (lab, net, crew) => {
    for (const turn of [1, 2, 3]) {
      net.unplug('a');
      await sleep(LOOSE_MS);
      net.heal('a');
      await sleep(LOOSE_MS * turn);
    }
    await steady(lab, crew, 'a');
    net.cut('a-2');
    await steady(lab, crew, 'a');
    net.heal('a-2');
    await steady(lab, crew, 'a');
    net.unplug('a');
    net.unplug('b');
    await steady(lab, crew, 'a');
    net.heal('a');
    net.heal('b');
    await crew.during(crew.answered());
    assert.is(await lab.serving(), 'a');
  },
);

async function atWork(
  lab: Lab,
  address: string,
  play: (crew: Crew) => Promise<void>,
): Promise<void> {
  const crew = await Crew.start(lab, 2, seedOf(), address);
  try {
    await play(crew);
    await crew.during(lab.settled());
    await crew.compared();
    await crew.stop();
  } finally {
    crew.close();
  }
}

async function lost(
  lab: Lab,
  crew: Crew,
  from: string,
  to: string,
  happen: () => void,
  what: string,
): Promise<void> {
  await crew.during(lab.settled());
  assert.is(await lab.serving(), from);
  const { view } = await lab.status(from);
  await crew.during(crew.answered());
  crew.takeStallMs();
  happen();
  await crew.during(until(async () => (await lab.serving()) === to));
  await crew.during(crew.answered());
  const stallMs = crew.takeStallMs();
  process.stdout.write(`${what}: box ${to} serves, stall ${stallMs.toFixed(0)} ms\n`);
  assert.ok(stallMs <= STALL_MS_MAX, `${stallMs} ms`);
  const status = await lab.status(to);
  // One step, with both boxes in it: nobody was thrown out.
  assert.is(status.view, view + 1);
  assert.ok(status.boxes.every(({ inSync }) => inSync));
  const [row] = (await lab.status(from)).addresses;
  assert.match(row?.condition ?? '', /clients cannot reach this box/);
}

/** Nothing moves for a while. */
async function steady(lab: Lab, crew: Crew, name: string): Promise<void> {
  const { view } = await lab.status(name);
  await crew.during(sleep(STEADY_MS));
  assert.is((await lab.status(name)).view, view);
  assert.is(await lab.serving(), name);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + CHANGE_MS_MAX;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`not so within ${CHANGE_MS_MAX} ms`);
    await sleep(5);
  }
}
