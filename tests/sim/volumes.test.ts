import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import type { Broken } from './machine.ts';
import { type SimResult, simulate } from './simulation.ts';

const test = suite('sim/volumes', { secondsMax: 60 });

const SEEDS_PER_TEST = 10;
const STEPS = 150;
const CLOCK_SEEDS = 12;

/** Seeds with a volume, as they come; each of the rules below is broken in one where that shows. */
async function run(seed: number, steps: number, broken?: Broken): Promise<SimResult> {
  return simulate({ seed, steps, state: 'volume', broken });
}

for (let part = 0; part < 4; part += 1) {
  const first = part * SEEDS_PER_TEST + 1;
  const last = first + SEEDS_PER_TEST - 1;
  test(`seeds ${first} to ${last} keep every promise over real catalogs`, async () => {
    for (let seed = first; seed <= last; seed += 1) {
      const { failure } = await run(seed, STEPS);
      assert.is(
        failure,
        undefined,
        `npm run sim -- --state volume --seed ${seed} --steps ${STEPS}`,
      );
    }
  });
}

test('processes that end in the middle of a write leave the same on every box', async () => {
  for (const seed of [103, 108, 113, 118, 130, 138]) {
    const { failure } = await simulate({ seed, steps: 2 * STEPS, state: 'volume', tears: true });
    assert.is(failure, undefined, `npm run sim -- --tears --state volume --seed ${seed}`);
  }
});

test('wall clocks set hours forward and back change nothing but times, and those only forward', async () => {
  for (let seed = 1; seed <= CLOCK_SEEDS; seed += 1) {
    const options = { seed, steps: STEPS, state: 'volume' } as const;
    const { failure, trace, views, changes, timeMs } = await simulate(options);
    const set = await simulate({ ...options, setsClocks: true });
    // Who served from when to when, what was cut and killed, what was said: the same to the hundredth.
    assert.equal(set.trace, trace, `npm run sim -- --sets-clocks --state volume --seed ${seed}`);
    assert.equal([set.views, set.changes, set.timeMs], [views, changes, timeMs]);
    assert.is(set.failure, failure);
  }
});

test('the same seed gives the same run', async () => {
  assert.equal(await run(8, STEPS), await run(8, STEPS));
});

/** What is broken, how the checkers say it, and the first seed of a few of which one must show it. */
const BROKEN: readonly [Broken, string, RegExp, number][] = [
  [
    'reply-before-backup',
    'a box answers before its backup has the entry',
    /, not |answers in|which | sees/,
    31,
  ],
  [
    'forget-replies',
    'backups forget the replies of entries',
    /executed twice|exists|not-found/,
    26,
  ],
  ['skip-refetch', 'content of discarded entries is not fetched again', / at \d+ of /, 168],
  ['skip-sync', 'COMMIT syncs nothing', / at \d+ of /, 27],
  ['skip-rows', 'a backup applies an entry otherwise than its primary', /catalogs differ/, 7],
];

for (const [broken, what, failure, first] of BROKEN) {
  test(`the checkers see it when ${what}`, async () => {
    const failures: (string | undefined)[] = [];
    for (let seed = first; seed < first + 10; seed += 1) {
      failures.push((await run(seed, 2 * STEPS, broken)).failure);
      if (failures.at(-1) !== undefined) break;
    }
    const said = failures.at(-1);
    assert.ok(said !== undefined && failure.test(said), `${broken}: ${said}`);
  });
}
