/** Takeovers between namespaces on a bridge, a few of each kind; `npm run test:takeover -- --net bridge` is the long run. */
import * as assert from 'uvu/assert';
import { BRIDGE_ADDRESS, bridgeLack, SERVICE_6 } from '../lab/network.ts';
import { seedOf } from '../support/seeded.ts';
import { suite } from '../support/suite.ts';
import { aboveBar, printStalls } from './bars.ts';
import { EVENTS, playOnBridge } from './bridge-round.ts';

const COUNT = 5;
/** The test runs beside others, on whatever machine there is; the long run holds the bars themselves. */
const BUSY = 2;

const test = suite('takeover/bridge', { secondsMax: 400 });
const lack = bridgeLack();
const ROUNDS = [
  ['over IPv4', BRIDGE_ADDRESS, 'witness'],
  ['over IPv6', SERVICE_6, 'witness'],
  ['over IPv4, arbiter gateway', BRIDGE_ADDRESS, 'gateway'],
] as const;

for (const [how, address, arbiter] of ROUNDS) {
  const title = `boxes killed, frozen, cut off and moved from, ${how}: clients see no error, and little of a stall`;
  if (lack !== undefined) test.skip(title, lack);
  else {
    test(title, async () => {
      const lines: string[] = [];
      const say = (line: string) => lines.push(line);
      const options = { events: EVENTS, count: COUNT, seed: seedOf(), connections: 2 };
      const stalls = await playOnBridge({ ...options, address, lab: { arbiter }, say });
      process.stdout.write(printStalls(stalls));
      assert.equal(aboveBar(stalls, BUSY), [], lines.join('\n'));
    });
  }
}
