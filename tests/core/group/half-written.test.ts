import * as assert from 'uvu/assert';
import type { Extent } from '#core/group/state-machine.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import { write } from '#core/volume/operations.ts';
import { suite } from '../../support/suite.ts';
import { VOLUME } from '../volume/fixture.ts';
import { Bench, founded, make } from './bench.ts';

const test = suite('core/group/half-written');

/** A box that was alone and killed while it wrote, and another that has what was logged. */
function killed(found: string, extent: Pick<Extent, 'offset' | 'size'>) {
  const bench = founded(new Bench());
  make(bench, 'file');
  const file = bench.volume().tree.entries(ROOT_ID)[0]?.id as FileId;
  bench.seal((transaction) => {
    const data = Buffer.from('0123456789');
    const args = { file, offset: 0, size: data.length };
    assert.ok(transaction.change(write, bench.volume(), ROOT_CALLER, args, { data }).ok);
  });
  bench.commit();
  const other = new Bench();
  const follow = (): void => {
    for (const entry of bench.entries.slice(other.state.staged)) other.state.stage(entry);
    other.commit();
  };
  follow();
  bench.backend.content.set(file, Buffer.from(found));
  bench.refetch.put([{ volume: VOLUME, file, ...extent }]);
  const before = bench.volume().tree.inode(file)?.change as number;
  bench.serve();
  follow();
  const size = bench.volume().tree.inode(file)?.size as number;
  return { bench, other, file, before, size };
}

function expectSame(found: string, extent: Pick<Extent, 'offset' | 'size'>, same: string): void {
  const { bench, other, file, before, size } = killed(found, extent);
  assert.is(String(bench.backend.content.get(file)), same);
  assert.is(String(other.backend.content.get(file)), same);
  assert.is(size, 10);
  assert.ok((bench.volume().tree.inode(file)?.change as number) > before);
  assert.is(bench.refetch.extents.length, 1);
  bench.commit();
  assert.is(bench.refetch.extents.length, 0);
}

test('bytes that only the box has that serves are given to all, and seen as a change', () =>
  expectSame('01xxxx6789', { offset: 2, size: 4 }, '01xxxx6789'));

test('bytes behind the end of the file do not come to light later', () =>
  expectSame('01234567xxxx', { offset: 8, size: 4 }, '01234567xx'));

test('what was cut is zeros everywhere', () =>
  expectSame('0123', { offset: 4, size: 6 }, '0123\0\0\0\0\0\0'));

test('of a file that is gone nothing is made', () => {
  const bench = founded(new Bench());
  bench.refetch.put([{ volume: VOLUME, file: 99, offset: 0, size: 4 }]);
  const { staged } = bench.state;
  bench.serve();
  assert.is(bench.state.staged, staged);
  bench.commit();
  assert.is(bench.refetch.extents.length, 0);
});
