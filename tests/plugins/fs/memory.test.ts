/** fs/memory: the contract, and what only RAM has. */
import * as assert from 'uvu/assert';
import { ROOT_ID } from '#core/vfs/inode.ts';
import { memoryFactory } from '#plugins/fs/memory/factory.ts';
import { backendContract } from '../../contract/backend.ts';
import { type BackendPlace, fileId, nodeOf } from '../../contract/backend-stage.ts';
import { MapTable } from '../../support/local-table.ts';
import { suite } from '../../support/suite.ts';

const MEBIBYTE = 1024 * 1024;
const VOLUME = { volume: 7, volumeName: 'files', path: '' };

let seed = 0;
const random = {
  bytes: (size: number) => {
    seed += 1;
    return Buffer.alloc(size, seed);
  },
  u32: () => seed,
};

function placeOf(sizeMax: number): BackendPlace {
  const factory = memoryFactory({ sizeMax }, random);
  return { open: (table) => factory.open(VOLUME, table), clean() {} };
}

backendContract({
  name: 'fs/memory',
  make: () => placeOf(64 * MEBIBYTE),
  makeSmall: () => placeOf(4 * MEBIBYTE),
});

const test = suite('plugins/fs/memory');

test('a small file takes little of the bound, a hole nothing, and removal gives all back', () => {
  const backend = placeOf(MEBIBYTE).open(new MapTable());
  backend.write(fileId(2), 0, Buffer.from('small'));
  assert.is(backend.space().sizeFree, MEBIBYTE - 512);
  backend.truncate(fileId(2), 1024 ** 4);
  assert.is(backend.space().sizeFree, MEBIBYTE - 512);
  backend.write(fileId(2), 1024 ** 3, Buffer.from('x'));
  assert.is(backend.space().sizeFree, MEBIBYTE - 512 - 64 * 1024);
  backend.remove(ROOT_ID, 'a', fileId(2), true);
  assert.is(backend.space().sizeFree, MEBIBYTE);
});

test('a write that does not fit takes nothing and says which option to raise', () => {
  const backend = placeOf(MEBIBYTE).open(new MapTable());
  const { sizeFree } = backend.space();
  assert.throws(() => backend.write(fileId(2), 10, Buffer.alloc(MEBIBYTE)), /sizeMax/);
  assert.is(backend.space().sizeFree, sizeFree);
  assert.is(backend.read(fileId(2), 0, Buffer.alloc(10)), 0);
});

test('memory taken from a removed file does not show what was in it', () => {
  const backend = placeOf(MEBIBYTE).open(new MapTable());
  backend.write(fileId(2), 0, Buffer.alloc(128 * 1024, 0x61));
  backend.remove(ROOT_ID, 'a', fileId(2), true);
  backend.write(fileId(3), 64 * 1024 + 5, Buffer.from('x'));
  const target = Buffer.alloc(128 * 1024);
  assert.is(backend.read(fileId(3), 0, target), 64 * 1024 + 6);
  assert.is(target.includes(0x61), false);
});

test('handles of an earlier start never come again', () => {
  const place = placeOf(MEBIBYTE);
  const before = place.open(new MapTable());
  const after = place.open(new MapTable());
  const handles = new Set<string>();
  for (let count = 0; count < 300; count += 1) {
    handles.add(before.reserve('file'));
    handles.add(after.reserve('file'));
  }
  assert.is(handles.size, 600);
  after.create(ROOT_ID, 'a', nodeOf(2, 'file'));
});
