/** What the bench makes of its samples: a wrong ratio here would pass for a fast server. */
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { type Cell, cellsOf } from './matrix.ts';
import type { Sample } from './measure.ts';
import { median, spread } from './statistics.ts';
import { find, judge, summarize } from './summary.ts';
import type { SystemName } from './systems.ts';

const test = suite('bench/summary');

const [shallow, deep] = cellsOf(['create']) as [Cell, Cell];

function samples(
  system: SystemName,
  { operation, depth }: Cell,
  figures: readonly number[],
): Sample[] {
  return figures.map(
    (ops_s, round): Sample => ({
      system,
      operation: operation.name,
      depth,
      round,
      result: {
        seconds: 1,
        ops_s,
        calls_s: 0,
        MB_s: 0,
        p50_us: 1,
        p99_us: 2,
        p999_us: 3,
        max_us: 4,
        errors: 0,
      },
    }),
  );
}

test('the median of an even count lies between the middle two', () => {
  assert.is(median([4, 1, 3, 2]), 2.5);
  assert.is(median([5, 1, 3]), 3);
  assert.is(spread([5, 10, 15]), 1);
});

test('a ratio compares samples of the same round, so that a slow minute counts on both sides', () => {
  const summaries = summarize([
    ...samples('ganesha', deep, [100, 10, 100]),
    ...samples('box-memory', deep, [200, 20, 200]),
  ]);
  assert.is(find(summaries, 'box-memory', deep)?.ratio, 2);
  assert.is(find(summaries, 'ganesha', deep)?.ratio, undefined);
});

test('a sample that failed counts for nothing but as failed', () => {
  const [first, ...rest] = samples('box-memory', deep, [1, 30, 40]);
  const { result: _, ...failed } = first as Sample;
  const [summary] = summarize([{ ...failed, error: 'no answer' }, ...rest]);
  assert.is(summary?.value, 35);
  assert.is(summary?.failed, 1);
});

test('CREATE+REMOVE is judged by durability memory, for one box and for the pair', () => {
  const summaries = summarize([
    ...samples('ganesha', deep, [100]),
    ...samples('box-memory', deep, [150]),
    ...samples('box-disk', deep, [20]),
    ...samples('pair-memory', deep, [90]),
  ]);
  const verdicts = judge(summaries, [deep]);
  assert.equal(
    verdicts.map(({ who, ratio, otherRatio, verdict }) => [who, ratio, otherRatio, verdict]),
    [
      ['one box', 1.5, 0.2, 'met'],
      ['pair', 0.9, undefined, 'missed'],
    ],
  );
});

test('GETATTR has to reach three times nfs-ganesha when calls are outstanding, and once at depth 1', () => {
  const cells = cellsOf(['getattr']);
  assert.equal(
    judge([], cells).map(({ cell, floor, verdict }) => [cell.depth, floor, verdict]),
    [
      [1, 1, 'not measured'],
      [32, 3, 'not measured'],
    ],
  );
  assert.is(shallow.depth, 1);
});
