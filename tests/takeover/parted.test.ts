/** Boxes that do not hear one another while everybody hears both: who serves, and what happens where nobody can know. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { accepted } from '#plugins/protocol/nfs/client/nfs3-client.ts';
import { NFS3ERR_NOENT } from '#plugins/protocol/nfs/v3/status.ts';
import { BRIDGE_ADDRESS, BridgeNetwork, bridgeLack, CLIENT } from '../lab/network.ts';
import { inNamespace } from '../support/namespace.ts';
import { seedOf } from '../support/seeded.ts';
import { suite } from '../support/suite.ts';
import { playParted } from './parted-round.ts';
import { onStage, type Stage } from './stage.ts';

const COUNT = 5;
/** Milliseconds for boxes to decide, each for itself. */
const DECISION_MS_MAX = 10_000;

const test = suite('takeover/parted', { secondsMax: 120 });
const lack = bridgeLack();

for (const arbiter of ['witness', 'gateway'] as const) {
  const title = `boxes that lose one another, arbiter ${arbiter}: one of them serves`;
  if (lack !== undefined) test.skip(title, lack);
  else {
    test(title, async () => {
      const lines: string[] = [];
      const say = (line: string) => lines.push(line);
      await playParted({ arbiter, count: COUNT, seed: seedOf(), say });
      assert.is(lines.length, COUNT);
    });
  }
}

// The one case in which two boxes without a witness both acknowledge: README of cluster/arbiter/gateway.
const exposed =
  'two boxes and a gateway, parted also for ARP: both go on, and nothing is thrown away';
if (lack !== undefined) test.skip(exposed, lack);
else {
  test(exposed, async () => {
    const net = BridgeNetwork.make();
    try {
      const options = { address: BRIDGE_ADDRESS, net, arbiter: 'gateway' } as const;
      await inNamespace(net.namespace(CLIENT), () =>
        onStage(options, (stage) => playExposed(stage, net)),
      );
    } finally {
      net.close();
    }
  });
}

async function playExposed({ lab, nfs, root }: Stage, net: BridgeNetwork): Promise<void> {
  const { condition } = (await lab.status('a')).arbiter;
  assert.match(condition, /if this box and b lose sight of one another while both still reach/);
  net.part(['a', 'b'], true);
  await until(async () => (await serves(lab, 'a')) && (await serves(lab, 'b')));
  // A client that follows the one, and then the other.
  net.pin(BRIDGE_ADDRESS, net.mac('a'));
  accepted('MKDIR', await nfs.mkdir(root, 'on-a'));
  net.pin(BRIDGE_ADDRESS, net.mac('b'));
  accepted('MKDIR', await nfs.mkdir(root, 'on-b'));
  net.part(['a', 'b'], false);
  net.pin(BRIDGE_ADDRESS, undefined);
  // The higher view has its way; the other box keeps what it acknowledged, stays out, and says why.
  await until(async () => (await serves(lab, 'a')) !== (await serves(lab, 'b')));
  const winner = (await serves(lab, 'a')) ? 'a' : 'b';
  const loser = winner === 'a' ? 'b' : 'a';
  await until(async () => {
    const row = (await lab.status(loser)).boxes.find(({ name }) => name === loser);
    return row?.role === 'out' && row.sentence.includes('it holds changes that the group lost');
  });
  assert.not.match(net.addresses(loser), new RegExp(` ${BRIDGE_ADDRESS}/`));
  accepted('LOOKUP', await nfs.lookup(root, `on-${winner}`));
  assert.is((await nfs.lookup(root, `on-${loser}`)).status, NFS3ERR_NOENT);
}

async function serves(lab: Stage['lab'], name: string): Promise<boolean> {
  const { boxes } = await lab.status(name);
  return boxes.find((box) => box.name === name)?.serving ?? false;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + DECISION_MS_MAX;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`not so within ${DECISION_MS_MAX} ms`);
    await sleep(20);
  }
}
