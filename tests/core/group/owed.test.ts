import * as assert from 'uvu/assert';
import type { Position } from '#core/group/entry.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import { SET_NOTHING } from '#core/vfs/set-attributes.ts';
import { BackendError } from '#core/volume/backend.ts';
import { remove, rename, setAttributes, write } from '#core/volume/operations.ts';
import { suite } from '../../support/suite.ts';
import { VOLUME } from '../volume/fixture.ts';
import { Bench, founded, make } from './bench.ts';

const test = suite('group/owed');
const name = (text: string): Name => text as Name;

function lazy(): Bench {
  return founded(new Bench(undefined, undefined, false, true, true));
}

function fileOf(bench: Bench, text: string): FileId {
  const entry = bench.volume().tree.child(ROOT_ID, name(text));
  assert.ok(entry);
  return entry.id;
}

function removed(bench: Bench, text: string): Position {
  return bench.seal((transaction) => {
    const args = { directory: ROOT_ID, name: name(text) };
    assert.ok(transaction.change(remove, bench.volume(), ROOT_CALLER, args).ok);
  });
}

function kinds(bench: Bench): string[] {
  return bench.backend.calls.map((call) => call.split(' ', 2).join(' '));
}

test('a file that comes and goes before the tree has followed never reaches it', () => {
  const bench = lazy();
  make(bench, 'kept');
  make(bench, 'brief');
  bench.seal((transaction) => {
    const args = { file: fileOf(bench, 'brief'), set: { ...SET_NOTHING, mode: 0o600 } };
    assert.ok(
      transaction.change(setAttributes, bench.volume(), ROOT_CALLER, { ...args, guard: undefined })
        .ok,
    );
  });
  removed(bench, 'brief');
  make(bench, 'brief');
  bench.commit();
  assert.equal(kinds(bench), ['create 1/kept', 'create 1/brief']);
});

test('what was written for it goes with it', () => {
  const bench = lazy();
  make(bench, 'brief');
  const file = fileOf(bench, 'brief');
  bench.seal((transaction) => {
    const options = { data: Buffer.from('data') };
    const args = { file, offset: 0, size: 4 };
    assert.ok(transaction.change(write, bench.volume(), ROOT_CALLER, args, options).ok);
  });
  removed(bench, 'brief');
  bench.commit();
  assert.equal(kinds(bench), []);
  assert.is(bench.backend.content.size, 0);
});

test('a file that had another name meanwhile, or whose removal is not committed, is made', () => {
  const bench = lazy();
  make(bench, 'moved');
  bench.seal((transaction) => {
    const source = { directory: ROOT_ID, name: name('moved') };
    const target = { directory: ROOT_ID, name: name('there') };
    assert.ok(transaction.change(rename, bench.volume(), ROOT_CALLER, { source, target }).ok);
  });
  removed(bench, 'there');
  const committed = make(bench, 'late');
  removed(bench, 'late');
  bench.state.commit(committed);
  bench.state.settle();
  assert.equal(kinds(bench), [
    'create 1/moved',
    'rename 1/moved',
    'remove 1/there',
    'create 1/late',
  ]);
});

test('whoever touches the content of a file lets the tree follow first', () => {
  const bench = lazy();
  make(bench, 'one');
  make(bench, 'two');
  bench.state.commit(bench.state.staged);
  assert.equal(kinds(bench), []);
  const volume = bench.state.volume(VOLUME);
  volume?.backend.readNow(99 as FileId, 0, Buffer.alloc(1));
  assert.equal(kinds(bench), []);
  volume?.backend.readNow(fileOf(bench, 'two'), 0, Buffer.alloc(1));
  assert.equal(kinds(bench), ['create 1/one', 'create 1/two']);
});

test('what was left out stays left out when calls are made some at a time, or one between is refused', () => {
  for (const isRefused of [false, true]) {
    const bench = lazy();
    make(bench, 'brief');
    for (let count = 0; count < 40; count += 1) make(bench, `kept ${count}`);
    removed(bench, 'brief');
    bench.state.commit(bench.state.staged);
    if (isRefused) refuseOnce(bench, 'kept 5');
    if (isRefused) assert.throws(() => bench.state.settle(), /refused/);
    else bench.deferred.shift()?.();
    assert.ok(bench.backend.calls.length < 40);
    bench.commit();
    assert.is(bench.backend.calls.length, 40);
    assert.is(kinds(bench).filter((call) => call.includes('brief')).length, 0);
  }
});

function refuseOnce({ backend }: Bench, refused: string): void {
  const { create } = backend;
  backend.create = (directory, at, node) => {
    if (at === refused) {
      backend.create = create;
      throw new BackendError('refused', 'no-space');
    }
    create.call(backend, directory, at, node);
  };
}
