import * as assert from 'uvu/assert';
import type { Entry, Position, View } from '#core/group/entry.ts';
import type { VolumeRecord } from '#core/group/registry.ts';
import type { LoggedEntries } from '#core/group/state-machine.ts';
import { UNDER_WAY_SIZE, UnderWay } from '#core/group/under-way.ts';
import { DiskError } from '#core/ports/disk.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import { BackendError } from '#core/volume/backend.ts';
import type { MemoryStore } from '#core/volume/memory-store.ts';
import { create, write } from '#core/volume/operations.ts';
import { suite } from '../../support/suite.ts';
import { FakeBackend } from '../volume/fake-backend.ts';
import { createArgs, recordOf, VOLUME } from '../volume/fixture.ts';
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

/** A process that found in its log what another one made, and there that it is committed up to `commit`. */
function restarted(
  bench: Bench,
  store: MemoryStore,
  commit: number,
  rebooted = false,
  entries = bench.entries,
): Bench {
  const again = new Bench(store, bench.backend, rebooted);
  bench.backend.calls.length = 0;
  again.state.restage(loggedOf(entries, commit));
  again.entries.push(...entries);
  return again;
}

function loggedOf(entries: readonly Entry[], commit: number): LoggedEntries {
  const last = entries.at(-1)?.position ?? (0 as Position);
  return {
    first: 1 as Position,
    last,
    commit: commit as Position,
    each: (from, to, visit) => {
      for (const entry of entries) if (entry.position >= from && entry.position <= to) visit(entry);
    },
  };
}

test('after the end of the process the tree is mended once, and what is behind the commit is mirrored when it comes', () => {
  const bench = founded(new Bench());
  for (const name of ['one', 'two', 'three']) make(bench, name);
  const before = bench.store.clone();
  bench.state.commit(3 as Position);
  const again = restarted(bench, before, 3);
  assert.equal(bench.backend.calls, [
    'mend files 2,3,4 names 1/one=2,1/two=3,1/three made 2,3 coming 4 going ',
  ]);
  assert.is(again.state.applied, 3);
  assert.is(again.state.staged, 4);
  again.commit();
  make(again, 'four');
  again.commit();
  assert.equal(
    bench.backend.calls.slice(1).map((call) => call.split(' ', 3).join(' ')),
    ['create 1/three 4', 'create 1/four 5'],
  );
});

test('the tree of a volume that is not known to be committed is mended as well', () => {
  const bench = new Bench();
  const before = bench.store.clone();
  founded(bench);
  make(bench, 'file');
  bench.commit();
  const again = restarted(bench, before, 0);
  assert.equal(bench.backend.calls, ['mend files 2 names 1/file made  coming 2 going ']);
  again.commit();
  assert.match(String(bench.backend.calls[1]), /^create 1\/file 2/);
});

test('a process that ends while it starts leaves everything to the next', () => {
  const bench = founded(new Bench());
  for (const name of ['one', 'two']) make(bench, name);
  const before = bench.store.clone();
  bench.commit();
  const { mend } = bench.backend;
  bench.backend.mend = () => {
    throw new BackendError('the disk is gone', 'io');
  };
  assert.throws(() => restarted(bench, before, 3), /gone/);
  bench.backend.mend = mend;
  const again = restarted(bench, before, 3);
  assert.equal(bench.backend.calls, [
    'mend files 2,3 names 1/one=2,1/two=3 made 2,3 coming  going ',
  ]);
  assert.is(again.volume().tree.entries(ROOT_ID).length, 2);
});

/** One file that gets these bytes, each stable write in the log with its bytes, the others without. */
function written(bench: Bench, writes: readonly (readonly [string, number, boolean])[]): FileId {
  make(bench, 'file');
  const [file] = bench.volume().tree.entries(ROOT_ID);
  assert.ok(file);
  for (const [text, offset, stable] of writes) {
    bench.seal((transaction) => {
      const args = { file: file.id, offset, size: text.length };
      const options = { data: Buffer.from(text), stable };
      assert.ok(transaction.change(write, bench.volume(), ROOT_CALLER, args, options).ok);
    });
  }
  return file.id;
}

function asLogged(entries: readonly Entry[]): Entry[] {
  return entries.map((entry) => (entry.stable ? entry : { ...entry, data: undefined }));
}

test('what a backend kept is not written again, and after a power cut newer bytes stay', () => {
  const writes = [
    ['stable', 0, true],
    ['LOOSE', 3, false],
    ['end', 12, true],
  ] as const;
  const bench = founded(new Bench());
  const before = bench.store.clone();
  const file = written(bench, writes);
  assert.is(String(bench.backend.content.get(file)), 'staLOOSE\0\0\0\0end');
  const last = bench.state.staged;
  restarted(bench, before.clone(), last, false, asLogged(bench.entries));
  assert.is(String(bench.backend.content.get(file)), 'staLOOSE\0\0\0\0end');
  // The power took all but what a COMMIT had synced, and left something of an older file.
  bench.backend.content.set(file, Buffer.from('???LOOSE?????????????'));
  restarted(bench, before.clone(), last, true, asLogged(bench.entries));
  assert.is(String(bench.backend.content.get(file)), 'staLOOSE\0\0\0\0end');
});

test('after a power cut a box that rejoins mends its tree when it has what the group has', () => {
  const bench = founded(new Bench());
  const before = bench.store.clone();
  for (const name of ['one', 'two', 'three']) make(bench, name);
  bench.commit();
  // Its log ends earlier than its tree.
  const own = bench.entries.slice(0, 2);
  const again = restarted(bench, before, 2, true, own);
  again.state.discard();
  bench.backend.calls.length = 0;
  for (const entry of bench.entries.slice(2)) again.state.stage(entry);
  again.commit();
  assert.equal(bench.backend.calls, []);
  again.state.caughtUp(loggedOf(bench.entries, 4));
  assert.equal(bench.backend.calls, [
    'mend files 2,3,4 names 1/one=2,1/two=3,1/three=4 made 2,3,4 coming  going ',
  ]);
  make(again, 'four');
  again.commit();
  assert.is(bench.backend.calls.length, 2);
});

test('content is noted before it is written, until its entry is in the log', () => {
  const bytes = Buffer.alloc(UNDER_WAY_SIZE);
  const bench = founded(new Bench(undefined, undefined, false, true, false, new UnderWay(bytes)));
  const file = written(bench, [['text', 2, false]]);
  const extent = { volume: VOLUME, file, offset: 2, size: 4 };
  assert.equal(bench.state.unlogged, [extent]);
  assert.equal(new UnderWay(bytes).extents, [extent]);
  bench.state.logged();
  assert.equal(new UnderWay(bytes).extents, []);
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
  assert.throws(() => new Bench(store, backend, false, false), /ends here/);
  store.commit = commit;
  const again = new Bench(store, backend, false, false);
  assert.is(again.state.applied, 0);
  assert.is(again.state.registry.volumes.length, 0);
});

test('a tree whose log was begun anew, because another volume keeps nothing, is not told all once more', () => {
  const bench = founded(new Bench());
  make(bench, 'one');
  const record: VolumeRecord = { ...recordOf(), id: 2, name: 'forgets', durability: 'disk' };
  bench.seal((transaction) => transaction.registry({ kind: 'put-volume', record }));
  bench.commit();
  const followed = bench.state.staged;
  make(bench, 'two');
  bench.state.commit(bench.state.staged);
  bench.backend.calls.length = 0;
  const again = new Bench(
    bench.store,
    bench.backend,
    false,
    true,
    false,
    undefined,
    new FakeBackend(),
  );
  assert.is(again.state.applied, 0);
  again.state.restage(loggedOf([], 0));
  again.state.discard();
  for (const entry of bench.entries) {
    again.state.stage(entry);
    again.state.commit(entry.position);
  }
  again.state.caughtUp(loggedOf(bench.entries, bench.state.staged));
  assert.equal(bench.backend.calls, [`mend files 3 names 1/two=3 made 3 coming  going `]);
  assert.is(again.state.followed, followed + 1);
  make(again, 'three');
  again.commit();
  assert.is(bench.backend.calls.length, 2);
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
  return founded(new Bench(undefined, undefined, false, true, true));
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
  bench.backend.create = (directory, name, node) => {
    if (name === 'two') throw new BackendError('full', 'no-space');
    made.call(bench.backend, directory, name, node);
  };
  for (const name of ['one', 'two']) make(bench, name);
  bench.state.commit(3 as Position);
  for (let round = 0; round < 3; round += 1) assert.throws(() => bench.state.settle(), /full/);
  assert.is(bench.backend.calls.length, 1);
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
  const again = new Bench(bench.store.clone());
  assert.is(again.volume().tree.entries(ROOT_ID).length, 1);
});

test('of an extent there is what the file has: less at its end, nothing behind it or when it is gone', () => {
  const bench = founded(new Bench());
  make(bench, 'file');
  const file = bench.volume().tree.entries(ROOT_ID)[0]?.id as FileId;
  bench.seal((transaction) => {
    const data = Buffer.from('0123456789');
    const args = { file, offset: 0, size: data.length };
    assert.ok(transaction.change(write, bench.volume(), ROOT_CALLER, args, { data }).ok);
  });
  const volume = bench.volume().record.id;
  const had = (offset: number, size: number, of: number = file): string =>
    String(bench.state.contentOf({ volume, file: of, offset, size }));
  assert.is(had(2, 3), '234');
  assert.is(had(8, 1 << 20), '89');
  assert.is(had(2 ** 52, 1 << 20), '');
  assert.is(had(0, 10, 999), '');
});
