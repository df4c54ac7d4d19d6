/** How long the event loop stays awake, and that it goes to sleep again. */
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setImmediate, setTimeout } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { linger } from '#plugins/host/linger.ts';
import { suite } from '../../support/suite.ts';

const test = suite('plugins/host/linger');
const check =
  availableParallelism() > 1
    ? test
    : (title: string) => test.skip(title, 'a machine with one processor never waits awake');

check(
  'the loop turns without sleeping while it lingers, and sleeps when that is over',
  async () => {
    linger(40);
    await setImmediate();
    const awake = performance.eventLoopUtilization();
    await setTimeout(20);
    assert.ok(performance.eventLoopUtilization(awake).utilization > 0.9);

    await setTimeout(60);
    const asleep = performance.eventLoopUtilization();
    await setTimeout(60);
    assert.ok(performance.eventLoopUtilization(asleep).utilization < 0.5);
  },
);

check('a shorter wish does not end a longer one', async () => {
  linger(60);
  linger(1);
  await setTimeout(10);
  const awake = performance.eventLoopUtilization();
  await setTimeout(20);
  assert.ok(performance.eventLoopUtilization(awake).utilization > 0.9);
  await setTimeout(60);
});
