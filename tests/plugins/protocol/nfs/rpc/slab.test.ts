import * as assert from 'uvu/assert';
import { SlabPool } from '#plugins/protocol/nfs/rpc/slab.ts';
import { suite } from '../../../../support/suite.ts';

const test = suite('nfs/rpc/slab');

const LARGE_SLABS = 96;

test('a slab goes back when its last holder lets go', () => {
  const pool = new SlabPool();
  const slab = pool.takeSmall();
  slab.hold();
  slab.release();
  assert.not.ok(slab.shared);
  assert.is.not(pool.takeSmall(), slab);
  slab.release();
  assert.is(pool.takeSmall(), slab);
});

test('large slabs are given in the order in which they were waited for', async () => {
  const pool = new SlabPool();
  const taken = Array.from({ length: LARGE_SLABS }, () => pool.takeLarge());
  assert.ok(pool.exhausted);
  const served: number[] = [];
  for (const who of [1, 2, 3]) {
    pool.whenFree(() => {
      // The second one is gone and takes nothing: the third must not wait for ever.
      if (who === 2) return;
      pool.takeLarge();
      served.push(who);
    });
  }
  taken.pop()?.release();
  // Promised to the first: who comes by now must wait.
  assert.ok(pool.exhausted);
  await new Promise((later) => setImmediate(later));
  assert.equal(served, [1]);
  taken.pop()?.release();
  await new Promise((later) => setImmediate(later));
  assert.equal(served, [1, 3]);
  assert.ok(pool.exhausted);
});
