import * as assert from 'uvu/assert';
import type { Position, View } from '#core/group/entry.ts';
import { DiskError } from '#core/ports/disk.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import { ROOT_ID } from '#core/vfs/inode.ts';
import { BackendError } from '#core/volume/backend.ts';
import { MemoryStore } from '#core/volume/memory-store.ts';
import { create, write } from '#core/volume/operations.ts';
import { suite } from '../../support/suite.ts';
import { FakeBackend } from '../volume/fake-backend.ts';
import { createArgs } from '../volume/fixture.ts';
import { Bench, founded, make } from './bench.ts';

const test = suite('group/state');

test('a box that stages and commits the same entries has the same rows', () => {
  const one = founded(new Bench());
  for (const name of ['one', 'two', 'three']) make(one, name, `call ${name}`);
  one.commit();
  const other = new Bench();
  for (const entry of one.entries) {
    other.state.stage(entry);
    other.state.commit(entry.position);
  }
  other.state.fold();
  assert.equal(other.rows(), one.rows());
  assert.ok(other.state.replies.find('call two'));
  assert.equal(
    other
      .volume()
      .tree.entries(ROOT_ID)
      .map((entry) => entry.name),
    ['one', 'two', 'three'],
  );
});

test('what is staged is seen, and forgotten when discarded', () => {
  const bench = founded(new Bench());
  make(bench, 'kept');
  bench.commit();
  const before = bench.rows();
  make(bench, 'lost', 'call lost');
  assert.is(bench.volume().tree.entries(ROOT_ID).length, 2);
  assert.ok(bench.state.replies.find('call lost'));
  bench.state.discard();
  assert.is(bench.volume().tree.entries(ROOT_ID).length, 1);
  assert.is(bench.state.replies.find('call lost'), undefined);
  assert.equal(bench.rows(), before);
  assert.is(bench.state.staged, bench.state.applied);
});

test('a file has nothing of a discarded one that had its id', () => {
  const bench = founded(new Bench());
  const put = (name: string, offset: number) =>
    bench.seal((transaction) => {
      const made = transaction.change(create, bench.volume(), ROOT_CALLER, createArgs(name));
      assert.ok(made.ok);
      const data = Buffer.from(name);
      const args = { file: made.value.inode.id, offset, size: data.length };
      transaction.change(write, bench.volume(), ROOT_CALLER, args, { data });
    });
  put('lost', 0);
  bench.state.discard();
  // Another box took over, which never heard of the first file.
  const other = founded(new Bench());
  other.seal((transaction) =>
    transaction.change(create, other.volume(), ROOT_CALLER, createArgs('kept')),
  );
  const entry = other.entries.at(-1);
  assert.ok(entry);
  bench.state.stage({ ...entry, view: 2 as View });
  bench.commit();
  assert.is(bench.volume().tree.entries(ROOT_ID)[0]?.name, 'kept');
  assert.equal([...bench.backend.content.values()].map(String), []);
});

test('a refused call is an entry with its reply', () => {
  const bench = founded(new Bench());
  make(bench, 'there');
  const position = make(bench, 'there', 'again');
  assert.is(bench.state.staged, position);
  assert.is(bench.state.replies.find('again')?.reply.toString(), 'first');
  assert.is(bench.entries.at(-1)?.body[0], 0);
});

test('a call without change and reply is no entry', () => {
  const bench = founded(new Bench());
  const staged = bench.state.staged;
  bench.group.begin();
  assert.is(bench.group.seal(undefined), staged);
});

test('a full backend answers the client and leaves no trace', () => {
  const bench = founded(new Bench());
  make(bench, 'file');
  const file = bench.volume().tree.entries(ROOT_ID)[0];
  assert.ok(file);
  bench.backend.full = true;
  bench.seal((transaction) => {
    const args = { file: file.id, offset: 0, size: 4 };
    const options = { data: Buffer.from('data') };
    const written = transaction.change(write, bench.volume(), ROOT_CALLER, args, options);
    assert.equal(written, { ok: false, error: 'no-space' });
  });
  assert.is(bench.volume().tree.inode(file.id)?.size, 0);
});

test('after the end of the process mirror calls that were made are not made again', () => {
  const bench = founded(new Bench());
  for (const name of ['one', 'two']) make(bench, name);
  const before = bench.store.clone();
  bench.commit();
  const made = bench.backend.calls.length;
  // The mark reached the disk, the store's transaction did not.
  const again = new Bench(before, bench.mark, bench.backend);
  again.state.restaging(3 as Position);
  for (const entry of bench.entries.slice(1)) again.state.stage(entry);
  again.state.commit(3 as Position);
  const replayed = bench.backend.calls.slice(made);
  assert.ok(replayed.length > 0);
  assert.ok(
    replayed.every((call) => call.includes('done')),
    replayed.join('; '),
  );
});

/** A process that found in its log what another one made. */
function restaged(bench: Bench, store: MemoryStore, rebooted = false): Bench {
  const again = new Bench(store, bench.mark, bench.backend, rebooted);
  bench.backend.calls.length = 0;
  again.state.restaging(bench.entries.at(-1)?.position as Position);
  for (const entry of bench.entries) {
    if (entry.position > again.state.applied) again.state.stage(entry);
  }
  return again;
}

test('what was mirrored counts as applied after the end of the process, and nothing behind it', () => {
  const bench = founded(new Bench());
  for (const name of ['one', 'two', 'three']) make(bench, name);
  const before = bench.store.clone();
  bench.state.commit(3 as Position);
  const again = restaged(bench, before);
  assert.is(again.state.applied, 3);
  assert.is(again.state.staged, 4);
  again.state.discard();
  assert.is(again.volume().tree.entries(ROOT_ID).length, 2);
});

test('an entry of two changes is mirrored when both are', () => {
  const bench = founded(new Bench());
  bench.seal((transaction) => {
    for (const name of ['one', 'two']) {
      transaction.change(create, bench.volume(), ROOT_CALLER, createArgs(name));
    }
  });
  const before = bench.store.clone();
  const { create: made } = bench.backend;
  bench.backend.create = (directory, name, node, replay) => {
    if (name === 'two') throw new Error('the process ends here');
    made.call(bench.backend, directory, name, node, replay);
  };
  assert.throws(() => bench.commit(), /ends here/);
  bench.backend.create = made;
  const again = restaged(bench, before);
  again.commit();
  assert.equal(
    bench.backend.calls.map((call) => call.split(' ').at(-1)),
    ['maybe', 'maybe'],
  );
});

test('only the call that was under way when the process ended is in doubt', () => {
  const bench = founded(new Bench());
  for (const name of ['one', 'two', 'three', 'four']) make(bench, name);
  const before = bench.store.clone();
  bench.state.commit(3 as Position);
  const again = restaged(bench, before);
  again.commit();
  make(again, 'five');
  again.commit();
  assert.equal(
    bench.backend.calls.map((call) => call.split(' ').at(-1)),
    ['done', 'done', 'last', 'fresh', 'fresh'],
  );
});

test('after a power cut every call of a view that the box had a part in may have been made', () => {
  const bench = founded(new Bench());
  for (const name of ['one', 'two', 'three', 'four']) make(bench, name);
  bench.commit();
  // The tree is as it was in the end; the store and the mark came back older.
  const store = new MemoryStore();
  bench.mark.value = 2;
  const again = restaged(bench, store, true);
  again.commit();
  make(again, 'five');
  const [entry] = again.entries;
  assert.ok(entry);
  again.state.discard();
  again.state.stage({ ...entry, position: 6 as Position, view: 2 as View });
  again.commit();
  assert.equal(
    bench.backend.calls.map((call) => call.split(' ').at(-1)),
    ['maybe', 'maybe', 'maybe', 'maybe', 'fresh'],
  );
});

test('a store that is emptied because a backend lost its content can be emptied in two goes', () => {
  const bench = new Bench();
  Object.assign(bench.backend.abilities, { persistent: false });
  founded(bench);
  make(bench, 'file');
  bench.commit();
  const store = bench.store.clone();
  let commits = 0;
  const commit = store.commit.bind(store);
  store.commit = (writes) => {
    if (commits > 0) throw new Error('the process ends here');
    commits += 1;
    commit(writes);
  };
  const backend = new FakeBackend();
  assert.throws(() => new Bench(store, bench.mark, backend, false, false), /ends here/);
  store.commit = commit;
  const again = new Bench(store, bench.mark, backend, false, false);
  assert.is(again.state.applied, 0);
  assert.equal(again.rows(), []);
});

test('a store is never safe ahead of the backends', async () => {
  const bench = founded(new Bench());
  make(bench, 'first');
  bench.commit();
  bench.backend.checkpoint = async () => {
    await Promise.resolve();
    // Comes while the backend is waited for.
    make(bench, 'second');
    bench.commit();
  };
  await bench.state.checkpoint();
  const again = new Bench(bench.store.crash());
  assert.is(again.state.applied, 2);
  assert.is(again.volume().tree.entries(ROOT_ID).length, 1);
});

function lazyBench(): Bench {
  return founded(new Bench(undefined, undefined, undefined, false, true, true));
}

test('mirror calls that were put off are made before their entry is applied, and not forgotten with what is discarded', () => {
  const bench = lazyBench();
  make(bench, 'folded');
  bench.state.commit(2 as Position);
  assert.is(bench.backend.calls.length, 0);
  bench.state.fold();
  assert.is(bench.backend.calls.length, 1);
  make(bench, 'committed');
  bench.state.commit(3 as Position);
  make(bench, 'discarded');
  bench.state.discard();
  assert.is(bench.backend.calls.length, 2);
  for (const run of bench.deferred) run();
  assert.is(bench.backend.calls.length, 2);
});

test('a mirror call that was made is not made again when the next one is refused', () => {
  const bench = lazyBench();
  const { create: made } = bench.backend;
  bench.backend.create = (directory, name, node, replay) => {
    if (name === 'two') throw new BackendError('full', 'no-space');
    made.call(bench.backend, directory, name, node, replay);
  };
  for (const name of ['one', 'two']) make(bench, name);
  bench.state.commit(3 as Position);
  for (let round = 0; round < 3; round += 1) assert.throws(() => bench.state.settle(), /full/);
  assert.is(bench.backend.calls.length, 1);
  assert.is(bench.mark.value, 2);
});

test('what the store could not take when it was full is there when it can', () => {
  const bench = founded(new Bench());
  make(bench, 'file');
  const commit = bench.store.commit.bind(bench.store);
  bench.store.commit = () => {
    throw new DiskError('full', true);
  };
  assert.throws(() => bench.commit(), /full/);
  bench.store.commit = commit;
  bench.state.fold();
  assert.is(bench.volume().tree.entries(ROOT_ID).length, 1);
  const again = new Bench(bench.store.clone(), bench.mark);
  assert.is(again.volume().tree.entries(ROOT_ID).length, 1);
});
