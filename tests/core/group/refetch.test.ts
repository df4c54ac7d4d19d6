import * as assert from 'uvu/assert';
import { Refetch } from '#core/group/refetch.ts';
import { SimDisk } from '../../sim/disk.ts';
import { suite } from '../../support/suite.ts';

const test = suite('core/group/refetch');
const extent = (file: number) => ({ volume: 1, file, offset: 0, size: 4 });

function load(disk: SimDisk, unlogged: readonly number[]): Refetch {
  const refetch = new Refetch(disk);
  refetch.load(unlogged.map(extent));
  return refetch;
}

test('what is to be fetched is known to the next process, and added to by what it had under way', () => {
  const disk = new SimDisk((done) => done());
  assert.equal(load(disk, [2, 3]).extents, [extent(2), extent(3)]);
  assert.equal(load(disk, [3, 4]).extents, [extent(2), extent(3), extent(4)]);
});

test('what was fetched is known until it is safe', () => {
  const disk = new SimDisk((done) => done());
  const refetch = load(disk, [2]);
  refetch.synced();
  assert.is(load(disk, []).extents.length, 1);
  refetch.fetched();
  assert.is(load(disk, []).extents.length, 1);
  refetch.synced();
  assert.equal(refetch.extents, []);
  assert.equal(load(disk, []).extents, []);
});

test('what another attempt to join is to fetch was not fetched by the one before', () => {
  const refetch = load(new SimDisk((done) => done()), [2]);
  refetch.fetched();
  refetch.put([extent(3)]);
  refetch.synced();
  assert.equal(refetch.extents, [extent(3)]);
});
