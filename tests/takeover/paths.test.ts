/** Boxes with two networks between them: losing either is nothing to clients, and no reason to take over. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Lab } from '#packaging/lab/processes.ts';
import { BRIDGE_ADDRESS, BridgeNetwork, bridgeLack, CLIENT } from '../lab/network.ts';
import { inNamespace } from '../support/namespace.ts';
import { seedOf } from '../support/seeded.ts';
import { suite } from '../support/suite.ts';
import { Crew } from './crew.ts';
import { startLab } from './stage.ts';

const test = suite('takeover/paths', { secondsMax: 60 });
/** Milliseconds that a path is away: longer than the silence after which a box takes over, and a link is given up. */
const AWAY_MS = 5_000;
/** Milliseconds that a client may wait: until the dead path is left, and what was lost on it is sent again. */
const STALL_MS_MAX = 800;

const title = 'the loss of either network between boxes is no takeover, and clients hardly wait';
const lack = bridgeLack();
if (lack !== undefined) test.skip(title, lack);
else {
  test(title, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'understudy-paths-'));
    const net = BridgeNetwork.make(2);
    try {
      await inNamespace(net.namespace(CLIENT), async () => {
        const lab = await startLab({ address: BRIDGE_ADDRESS, net }, directory);
        try {
          await play(lab, net);
        } finally {
          await lab.stop();
        }
      });
      rmSync(directory, { recursive: true, force: true });
    } finally {
      net.close();
    }
  });
}

async function play(lab: Lab, net: BridgeNetwork): Promise<void> {
  const crew = await Crew.start(lab, 2, seedOf());
  try {
    const { view } = await lab.status('a');
    // The backup's, because the clients are on the first network: of the primary they need it.
    for (const port of ['b', 'b-2']) {
      await crew.answered();
      crew.takeStallMs();
      net.cut(port);
      await crew.during(sleep(AWAY_MS));
      await crew.answered();
      const stallMs = crew.takeStallMs();
      process.stdout.write(`stall without path ${port}: ${stallMs.toFixed(0)} ms\n`);
      assert.ok(stallMs <= STALL_MS_MAX, `${stallMs} ms`);
      const status = await lab.status('a');
      assert.is(status.view, view);
      assert.ok(status.boxes.every(({ inSync, up }) => inSync && up));
      net.heal(port);
      await crew.during(sleep(AWAY_MS / 2));
    }
    await crew.compared();
    await crew.stop();
  } finally {
    crew.close();
  }
}
