/** What an owner hears who gives a service address of the LAN that cannot be one: one sentence, and nothing has changed. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { LabNet } from '#packaging/lab/plan.ts';
import type { Lab } from '#packaging/lab/processes.ts';
import { BRIDGE_ADDRESS, BridgeNetwork, bridgeLack, CLIENT } from '../lab/network.ts';
import { inNamespace } from '../support/namespace.ts';
import { suite } from '../support/suite.ts';
import { startLab } from '../takeover/stage.ts';

const test = suite('integration/address', { secondsMax: 60 });
const SETPRIV = '/usr/bin/setpriv';
const WITHOUT_RIGHTS = [
  '--bounding-set',
  '-net_admin,-net_raw',
  '--inh-caps',
  '-net_admin,-net_raw',
];

const lack = bridgeLack();
const refusals =
  'an address that cannot be served is refused with one sentence, before anything is changed';
if (lack !== undefined) test.skip(refusals, lack);
else {
  test(refusals, () =>
    onLab(
      (net) => net,
      async (lab, net) => {
        const add = (address: string, name = '') =>
          lab.control('a', 'address.add', { address, interface: name }).then(
            () => 'added',
            (error: Error) => error.message,
          );
        const before = [net.addresses('a'), net.addresses('b')];
        assert.is(
          await add('10.77.0.60', 'eth9'),
          'interface eth9: this box has none of that name that is up and has an address of its own; it has eth0',
        );
        assert.is(
          await add('192.0.2.1'),
          '192.0.2.1 is in no network of this box; choose an address of one of its networks, or name the interface: eth0',
        );
        assert.is(
          await add('10.77.0.100'),
          `10.77.0.100 belongs to another machine already, with MAC ${net.mac(CLIENT)}; choose a free address, or take it off that machine`,
        );
        assert.match(await add('fd77::100'), `with MAC ${net.mac(CLIENT)}`);
        assert.is(
          await add('10.77.0.11'),
          "10.77.0.11 is this box's own address on eth0; choose one that no machine has",
        );
        assert.match(await add('10.77.0.12'), `with MAC ${net.mac('b')}`);
        const { addresses } = await lab.status('a');
        assert.equal(
          addresses.map(({ address }) => address),
          [BRIDGE_ADDRESS],
        );
        assert.equal([net.addresses('a'), net.addresses('b')], before);
        // A free one is served at once, also of IPv6, and what is asked for twice is no mistake.
        assert.is(await add('fd77::50', 'eth0'), 'added');
        assert.is(await add('fd77::50', 'eth0'), 'added');
      },
    ),
  );
}

const rights = 'without the right to do so no address is taken, and a sentence says what to grant';
const noSetpriv = lack ?? (existsSync(SETPRIV) ? undefined : `needs ${SETPRIV}`);
if (noSetpriv !== undefined) test.skip(rights, noSetpriv);
else {
  test(rights, async () => {
    const error = await onLab(withoutRights, async () => {}).catch((cause: Error) => cause);
    assert.ok(error instanceof Error);
    assert.match(
      error.message,
      /addresses on the LAN need root, or CAP_NET_ADMIN and CAP_NET_RAW, and this process has neither/,
    );
  });
}

function withoutRights(net: BridgeNetwork): LabNet {
  return {
    references: net.references,
    also: (address) => net.also(address),
    namespace: (host) => net.namespace(host),
    place: (host, address) => net.place(host, address),
    program: (host, { command, args }) =>
      net.program(host, { command: SETPRIV, args: [...WITHOUT_RIGHTS, command, ...args] }),
  };
}

async function onLab(
  wrap: (net: BridgeNetwork) => LabNet,
  work: (lab: Lab, net: BridgeNetwork) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'understudy-address-'));
  const net = BridgeNetwork.make();
  try {
    await inNamespace(net.namespace(CLIENT), async () => {
      const lab = await startLab({ address: BRIDGE_ADDRESS, net: wrap(net) }, directory);
      try {
        await work(lab, net);
      } finally {
        await lab.stop();
      }
    });
  } finally {
    net.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
