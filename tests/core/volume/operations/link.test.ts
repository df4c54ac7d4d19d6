import * as assert from 'uvu/assert';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import { link } from '#core/volume/operations.ts';
import { suite } from '../../../support/suite.ts';
import { ALICE, Fixture, refusal, setting, value } from '../fixture.ts';

const test = suite('core/volume/operations/link');

test('a second name for the same file', () => {
  const box = new Fixture();
  const file = box.made('a');
  const { file: changed, directory } = value(
    box.run(link, { file, directory: ROOT_ID, name: 'b' }),
  );
  assert.equal([changed.before.nlink, changed.after.nlink], [1, 2]);
  assert.is(changed.after.ctime.seconds, 1003);
  assert.is(changed.after.mtime.seconds, 1002);
  assert.is(directory.after.nextCookie, 5);
  assert.is(box.child(ROOT_ID, 'b')?.id, file);
  box.commit();
  assert.is(box.backend.calls.at(-1), `link ${file} 1/b`);
});

test('what may not be linked', () => {
  const box = new Fixture({ limits: { linksMax: 3 } });
  const file = box.made('a');
  const folder = box.folder('d', { set: setting({ mode: 0o755 }) });
  const place = { directory: ROOT_ID, name: 'b' };
  assert.is(refusal(box.run(link, { file: 99 as FileId, ...place })), 'stale');
  assert.is(refusal(box.run(link, { file, directory: file, name: 'b' })), 'not-directory');
  assert.is(refusal(box.run(link, { file: folder, ...place })), 'not-permitted');
  assert.is(refusal(box.run(link, { file, directory: ROOT_ID, name: 'd' })), 'exists');
  assert.is(
    refusal(box.run(link, { file, directory: folder, name: 'b' }, { caller: ALICE })),
    'access',
  );
  assert.is(refusal(box.run(link, { file, directory: ROOT_ID, name: '..' })), 'exists');
  box.hasRoom = false;
  assert.is(refusal(box.run(link, { file, ...place })), 'no-space');
  box.hasRoom = true;
  assert.is(refusal(box.run(link, { file, ...place })), 'done');
  assert.is(refusal(box.run(link, { file, directory: ROOT_ID, name: 'c' })), 'done');
  assert.is(refusal(box.run(link, { file, directory: ROOT_ID, name: 'e' })), 'too-many-links');
});
