import * as assert from 'uvu/assert';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import { Catalog } from '#core/volume/catalog.ts';
import { operationOf, setAttributes } from '#core/volume/operations.ts';
import { Volume } from '#core/volume/volume.ts';
import { suite } from '../../support/suite.ts';
import { FakeBackend } from './fake-backend.ts';
import { Fixture, recordOf, setting, VOLUME } from './fixture.ts';

const test = suite('core/volume/volume');

/** Answers a turn later, as a backend behind a network does. */
class LateBackend extends FakeBackend {
  override read(file: FileId, offset: number, target: Buffer): never {
    return Promise.resolve(super.read(file, offset, target)) as never;
  }
}

test('a new volume has a root that everybody may look into', () => {
  const box = new Fixture();
  const root = box.inode(ROOT_ID);
  assert.equal([root.mode, root.uid, root.nlink, root.parent], [0o755, 0, 2, ROOT_ID]);
  assert.equal([root.change, root.nextCookie, root.size], [1, 3, 4096]);
  assert.equal(box.catalog.entries(ROOT_ID), []);
});

test('what a late backend lacks is filled with zeros too', async () => {
  const box = new Fixture();
  const file = box.made('a', { set: setting({ size: 6 }) });
  const backend = new LateBackend();
  backend.write(file, 0, Buffer.from('abc'));
  const volume = new Volume(recordOf(), new Catalog({ volume: VOLUME }, box.staged), backend);
  const target = Buffer.alloc(10, '?');
  assert.is(await volume.read(file, 1, target), 5);
  assert.is(target.toString('latin1'), 'bc\0\0\0?????');
  assert.is(volume.read(file, 6, target), 0);
  assert.is(volume.read(ROOT_ID, 0, target), 0);
});

test('content that is done is not done again', () => {
  const box = new Fixture();
  const file = box.made('a', { set: setting({ size: 6 }) });
  const before = box.inode(file);
  const change = { ...before, file, size: 2, truncates: true, sizeBefore: 6, rare: undefined };
  box.staged.at(9);
  box.volume.apply(setAttributes, change, box.stampAt(9), undefined, true);
  assert.is(box.inode(file).size, 2);
  assert.is(box.backend.content.get(file)?.length, 6);
});

test('codes in the log never change', () => {
  const names = Array.from({ length: 14 }, (_, code) => operationOf(code)?.name ?? '-');
  assert.is(
    names.join(' '),
    [
      '- create set-attributes write remove remove-directory rename link set-extra create-stream remove-stream',
      'rename-stream release -',
    ].join(' '),
  );
});
