import * as assert from 'uvu/assert';
import type { BoxId } from '#core/group/entry.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import { SET_NOTHING } from '#core/vfs/set-attributes.ts';
import { create, setAttributes, write as writeTo } from '#core/volume/operations.ts';
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

test('a write that the backend takes in part is a short one, here and on every other box', () => {
  const [bench, other] = [founded(new Bench()), new Bench()];
  make(bench, 'file');
  const file = bench.volume().tree.entries(ROOT_ID)[0]?.id as FileId;
  const write = (offset: number, data: Buffer) => {
    const before = bench.entries.length;
    let answer = 0;
    bench.seal((transaction) => {
      const args = { file, offset, size: data.length };
      const made = transaction.change(writeTo, bench.volume(), ROOT_CALLER, args, { data });
      answer = made.ok ? made.value.size : -1;
    });
    return [answer, bench.entries.length - before];
  };
  bench.backend.room = 7;
  assert.equal(write(2, Buffer.from('0123456789')), [7, 1]);
  assert.is(bench.volume().tree.inode(file)?.size, 9);
  assert.is(bench.entries.at(-1)?.dataSize, 7);
  // Nothing fits: the client is refused, and there is nothing to tell the others.
  assert.equal(write(9, Buffer.from('789')), [-1, 0]);
  bench.backend.room = 1;
  assert.equal(write(0, Buffer.from('ab')), [1, 1]);
  for (const entry of bench.entries) other.state.stage(entry);
  other.commit();
  assert.equal(other.backend.content.get(file), bench.backend.content.get(file));
  assert.is(String(other.backend.content.get(file)), 'a\0' + '0123456');
  assert.equal(other.volume().tree.inode(file), bench.volume().tree.inode(file));
});

test('a short write that takes setuid away tells the tree of the size that the file has', () => {
  const bench = founded(new Bench());
  make(bench, 'file');
  const file = bench.volume().tree.entries(ROOT_ID)[0]?.id as FileId;
  const set = { ...SET_NOTHING, mode: 0o4777 };
  bench.seal((transaction) => {
    transaction.change(setAttributes, bench.volume(), ROOT_CALLER, { file, set, guard: undefined });
  });
  bench.backend.room = 3;
  const data = Buffer.from('01234');
  bench.seal((transaction) => {
    const args = { file, offset: 0, size: data.length };
    const caller = { uid: 5, gid: 5, groups: [] };
    assert.ok(transaction.change(writeTo, bench.volume(), caller, args, { data }).ok);
  });
  bench.commit();
  assert.match(bench.backend.calls.at(-1) ?? '', /^set \d+ 777 0:0 size=3 /);
});

test('frontends hear of each change in its turn, and not of one that was refused', () => {
  const bench = founded(new Bench());
  const heard: unknown[] = [];
  bench.group.onChange(({ operation, volume, stamp }) => {
    heard.push([operation.name, volume.record.id, stamp.position]);
  });
  make(bench, 'file');
  const { position } = bench.entries[bench.entries.length - 1] ?? {};
  bench.seal((transaction) => {
    const args = { ...createArgs('file'), how: 'guarded' as const };
    assert.not.ok(transaction.change(create, bench.volume(), ROOT_CALLER, args).ok);
  });
  assert.equal(heard, [['create', bench.volume().record.id, position]]);
});
