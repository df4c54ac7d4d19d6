import * as assert from 'uvu/assert';
import type { Caller } from '#core/vfs/caller.ts';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import { link, rename } from '#core/volume/operations.ts';
import { suite } from '../../../support/suite.ts';
import { ALICE, BOB, Fixture, refusal, setting, value } from '../fixture.ts';

const test = suite('core/volume/operations/rename');

interface Move {
  readonly from: string;
  readonly to: string;
  readonly source?: FileId;
  readonly target?: FileId;
  readonly caller?: Caller;
}

function move(box: Fixture, { from, to, source = ROOT_ID, target = ROOT_ID, caller }: Move) {
  const args = {
    source: { directory: source, name: from },
    target: { directory: target, name: to },
  };
  return box.run(rename, args, caller ? { caller } : {});
}

test('within a directory the name gets a new cookie and the directory one change', () => {
  const box = new Fixture();
  const file = box.made('a');
  box.made('b');
  const outcome = value(move(box, { from: 'a', to: 'c' }));
  assert.is(outcome.source, outcome.target);
  assert.equal([outcome.inode.id, outcome.inode.ctime.seconds], [file, 1004]);
  assert.equal(box.names(ROOT_ID), ['b', 'c']);
  assert.equal(box.child(ROOT_ID, 'c'), { cookie: 5, name: 'c', id: file });
  assert.is(box.child(ROOT_ID, 'a'), undefined);
  assert.is(outcome.source.after.nextCookie, 6);
});

test('over a file: the replaced one goes with its last name', () => {
  const box = new Fixture();
  const [first, second, third] = [box.made('a'), box.made('b'), box.made('c')];
  box.run(link, { file: third, directory: ROOT_ID, name: 'd' });
  move(box, { from: 'a', to: 'b' });
  assert.is(box.catalog.inode(second), undefined);
  move(box, { from: 'b', to: 'd' });
  assert.is(box.inode(third).nlink, 1);
  assert.equal(box.names(ROOT_ID), ['c', 'd']);
  box.commit();
  assert.equal(box.backend.calls.slice(-2), [
    `rename 1/a 1/b ${first} over ${second} last`,
    `rename 1/b 1/d ${first} over ${third} more`,
  ]);
});

test('two names of one file: nothing happens', () => {
  const box = new Fixture();
  const file = box.made('a');
  box.run(link, { file, directory: ROOT_ID, name: 'b' });
  box.commit();
  const rows = box.rows();
  const calls = box.backend.calls.length;
  for (const to of ['a', 'b']) {
    const outcome = value(move(box, { from: 'a', to }));
    assert.is(outcome.source.before, outcome.source.after);
    assert.is(outcome.inode.nlink, 2);
  }
  box.commit();
  assert.equal(box.rows(), rows);
  assert.is(box.backend.calls.length, calls);
});

test('a directory takes its place in the counts of both parents, and its parent changes', () => {
  const box = new Fixture();
  const source = box.folder('source');
  const target = box.folder('target');
  const folder = box.folder('d', { directory: source });
  const empty = box.folder('d', { directory: target });
  const outcome = value(move(box, { from: 'd', to: 'd', source, target }));
  assert.equal([outcome.source.after.nlink, outcome.target.after.nlink], [2, 3]);
  assert.is(outcome.inode.parent, target);
  assert.is(box.catalog.inode(empty), undefined);
  assert.is(box.child(target, 'd')?.id, folder);
  const back = value(move(box, { from: 'd', to: 'e', source: target, target: source }));
  assert.equal([back.source.after.nlink, back.target.after.nlink], [2, 3]);
});

test('a directory over an empty one beside it', () => {
  const box = new Fixture();
  box.folder('a');
  box.folder('b');
  assert.is(value(move(box, { from: 'a', to: 'b' })).target.after.nlink, 3);
  assert.equal(box.names(ROOT_ID), ['b']);
});

test('kinds must fit and a replaced directory be empty', () => {
  const box = new Fixture();
  const full = box.folder('full');
  box.made('x', { directory: full });
  box.folder('d');
  box.made('f');
  assert.is(refusal(move(box, { from: 'd', to: 'full' })), 'not-empty');
  assert.is(refusal(move(box, { from: 'd', to: 'f' })), 'not-directory');
  assert.is(refusal(move(box, { from: 'f', to: 'd' })), 'is-directory');
  assert.is(refusal(move(box, { from: 'none', to: 'd' })), 'not-found');
  assert.is(refusal(move(box, { from: 'f', to: '..' })), 'invalid');
  assert.is(refusal(move(box, { from: '.', to: 'g' })), 'invalid');
});

test('a directory never goes below itself', () => {
  const box = new Fixture();
  const top = box.folder('top');
  const middle = box.folder('middle', { directory: top });
  const low = box.folder('low', { directory: middle });
  assert.is(refusal(move(box, { from: 'top', to: 'x', target: low })), 'invalid');
  assert.is(refusal(move(box, { from: 'top', to: 'x', target: top })), 'invalid');
  assert.is(refusal(move(box, { from: 'low', to: 'top', source: middle })), 'not-empty');
});

test('sticky on either side, and write permission on a directory that changes its parent', () => {
  const box = new Fixture();
  const sticky = box.folder('sticky', { set: setting({ mode: 0o1777 }) });
  const open = box.folder('open', { set: setting({ mode: 0o777 }) });
  box.made('a', { directory: sticky }, ALICE);
  box.made('b', { directory: open }, BOB);
  const to = { source: sticky, target: open, caller: BOB };
  assert.is(refusal(move(box, { from: 'a', to: 'c', ...to })), 'not-permitted');
  const over = { source: open, target: sticky, caller: BOB };
  assert.is(refusal(move(box, { from: 'b', to: 'a', ...over })), 'not-permitted');
  assert.is(refusal(move(box, { from: 'b', to: 'd', ...over })), 'done');
  box.folder('mine', { directory: open, set: setting({ mode: 0o555 }) }, BOB);
  assert.is(refusal(move(box, { from: 'mine', to: 'x', ...over })), 'access');
  assert.is(refusal(move(box, { from: 'mine', to: 'x', ...over, target: open })), 'done');
  assert.is(refusal(move(box, { from: 'x', to: 'x', source: open, caller: BOB })), 'access');
});
