import * as assert from 'uvu/assert';
import type { BoxId } from '#core/group/entry.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import { ROOT_ID } from '#core/vfs/inode.ts';
import { create } from '#core/volume/operations.ts';
import { suite } from '../../support/suite.ts';
import { createArgs, recordOf } from '../volume/fixture.ts';
import { Bench, BOX, founded, make } from './bench.ts';

const test = suite('group/service');

test('a volume that cannot be opened here changes nothing', () => {
  const bench = new Bench();
  bench.opens = false;
  const record = recordOf();
  const transaction = bench.group.begin();
  assert.throws(() => transaction.registry({ kind: 'put-volume', record }), /cannot be opened/);
  bench.group.abandon();
  assert.equal(bench.state.registry.volumes, []);
  assert.is(bench.state.staging.size, 0);
  bench.opens = true;
  founded(bench);
  assert.is(bench.state.registry.volumes.length, 1);
});

test('a record that is larger than an entry is refused before anything is changed', () => {
  const bench = founded(new Bench());
  const transaction = bench.group.begin();
  const record = { address: 'x'.repeat(70_000), interface: '' };
  assert.throws(() => transaction.registry({ kind: 'put-address', record }), /at most/);
  bench.group.abandon();
  assert.equal(bench.state.registry.addresses, []);
});

test('who waits for a commit hears it when this box is replaced', async () => {
  const bench = founded(new Bench());
  const waits = bench.group.committing(make(bench, 'file'));
  bench.replace();
  const reason = await waits.then(
    () => 'committed',
    (error: Error) => error.message,
  );
  assert.match(reason, /serves no longer/);
});

test('a sync on a box that cannot be reached ends with the part of the primary', async () => {
  const bench = founded(new Bench());
  make(bench, 'file');
  bench.commit();
  let asked = 0;
  bench.inSync = [BOX, 'b' as BoxId];
  bench.ask = () => {
    asked += 1;
    return Promise.reject(new Error('no link'));
  };
  const file = bench.volume().tree.entries(ROOT_ID)[0];
  assert.ok(file);
  void bench.group.sync(bench.volume().record.id, file.id);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(asked > 1);
  bench.replace();
  await new Promise((resolve) => setTimeout(resolve, 10));
  const before = asked;
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.is(asked, before);
});

test('a file system that does not count its files has room for one more', () => {
  const bench = founded(new Bench());
  const space = { sizeTotal: 1e9, sizeFree: 1e9, filesTotal: 0, filesFree: 0 };
  bench.backend.space = () => space;
  bench.seal((transaction) => {
    const made = transaction.change(create, bench.volume(), ROOT_CALLER, createArgs('file'));
    assert.ok(made.ok);
  });
  bench.backend.space = () => ({ ...space, filesTotal: 100 });
  bench.seal((transaction) => {
    const made = transaction.change(create, bench.volume(), ROOT_CALLER, createArgs('more'));
    assert.equal(made, { ok: false, error: 'no-space' });
  });
});
