import * as assert from 'uvu/assert';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import { link, remove, removeDirectory } from '#core/volume/operations.ts';
import { suite } from '../../../support/suite.ts';
import { ALICE, BOB, BOX, Fixture, refusal, setting, value } from '../fixture.ts';

const test = suite('core/volume/operations/remove');

const at = (name: string, directory: FileId = ROOT_ID) => ({ directory, name });

test('with its last name the file goes, and its issuer handle with it', () => {
  const box = new Fixture();
  box.issuer = BOX;
  const file = box.made('a', { strategy: 'issuer' });
  box.run(link, { file, ...at('b') });
  const first = value(box.run(remove, at('a')));
  assert.equal([first.last, first.file.nlink, box.inode(file).nlink], [false, 2, 1]);
  assert.is(box.inode(file).ctime.seconds, 1004);
  const second = value(box.run(remove, at('b')));
  assert.ok(second.last);
  assert.is(box.catalog.inode(file), undefined);
  assert.is(box.volume.issued(BOX, 'file-1'), undefined);
  assert.equal(box.names(ROOT_ID), []);
  assert.is(second.directory.after.mtime.seconds, 1005);
  box.commit();
  assert.equal(box.backend.calls.slice(2), [`remove 1/a ${file} more`, `remove 1/b ${file} last`]);
  assert.is(refusal(box.run(remove, at('a'))), 'not-found');
});

test('directories have their own operation', () => {
  const box = new Fixture();
  box.folder('d');
  box.made('f');
  assert.is(refusal(box.run(remove, at('d'))), 'is-directory');
  assert.is(refusal(box.run(removeDirectory, at('f'))), 'not-directory');
  assert.is(refusal(box.run(remove, at('.'))), 'invalid');
  assert.is(refusal(box.run(removeDirectory, at('.'))), 'invalid');
  assert.is(refusal(box.run(removeDirectory, at('..'))), 'exists');
});

test('only an empty directory goes', () => {
  const box = new Fixture();
  const folder = box.folder('d');
  box.made('f', { directory: folder });
  assert.is(refusal(box.run(removeDirectory, at('d'))), 'not-empty');
  box.run(remove, at('f', folder));
  assert.is(box.inode(ROOT_ID).nlink, 3);
  const { directory } = value(box.run(removeDirectory, at('d')));
  assert.is(directory.after.nlink, 2);
  assert.is(refusal(box.make('g', { directory: folder })), 'stale');
  box.commit();
  assert.is(box.backend.calls.at(-1), `remove 1/d ${folder} last`);
});

test('in a sticky directory names go only with their owners', () => {
  const box = new Fixture();
  const shared = box.folder('tmp', { set: setting({ mode: 0o1777 }) });
  box.made('a', { directory: shared }, ALICE);
  box.folder('d', { directory: shared }, ALICE);
  assert.is(refusal(box.run(remove, at('a', shared), { caller: BOB })), 'not-permitted');
  assert.is(refusal(box.run(removeDirectory, at('d', shared), { caller: BOB })), 'not-permitted');
  assert.is(refusal(box.run(remove, at('a', shared), { caller: ALICE })), 'done');
  assert.is(refusal(box.run(removeDirectory, at('d', shared))), 'done');
  box.made('b');
  assert.is(refusal(box.run(remove, at('b'), { caller: ALICE })), 'access');
});
