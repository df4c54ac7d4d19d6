import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { DiskError } from '#core/ports/disk.ts';
import { createDisk } from '#plugins/host/disk.ts';
import { diskContract } from '../../contract/disk.ts';
import { suite } from '../../support/suite.ts';
import { folder } from './folder.ts';

const test = suite('plugins/host/disk');

diskContract({ name: 'files', create: () => createDisk(folder()) });

test('a path outside of the root is refused', () => {
  const disk = createDisk(join(folder(), 'state'));
  for (const path of ['../other', '/etc/passwd', '.', 'a/../..', '../state-2/x']) {
    assert.throws(() => disk.replace(path, Buffer.from('x')), /outside of/);
    assert.throws(() => disk.open(path), /outside of/);
  }
});

test('files and folders are for this user only', () => {
  const root = folder();
  const disk = createDisk(root);
  disk.replace('a/one', Buffer.from('x'));
  disk.open('b/two').close();
  for (const path of ['a/one', 'b/two']) assert.is(statSync(join(root, path)).mode & 0o777, 0o600);
  for (const path of ['a', 'b']) assert.is(statSync(join(root, path)).mode & 0o777, 0o700);
});

test('replacing leaves no file beside', () => {
  const root = folder();
  createDisk(root).replace('state', Buffer.from('x'));
  assert.is(existsSync(join(root, 'state.new')), false);
});

test('more pieces than one system call takes are written, in order', () => {
  const root = folder();
  const file = createDisk(root).open('log');
  const pieces = Array.from({ length: 3000 }, (_, at) => Buffer.from(`${at},`));
  file.append(pieces);
  file.close();
  assert.is(readFileSync(join(root, 'log'), 'latin1'), Buffer.concat(pieces).toString('latin1'));
});

test('a file opened again goes on at its end', () => {
  const disk = createDisk(folder());
  const first = disk.open('log');
  first.append([Buffer.from('one')]);
  first.close();
  const second = disk.open('log');
  assert.is(second.size, 3);
  second.append([Buffer.from('two')]);
  const all = Buffer.alloc(6);
  assert.is(second.read(0, all), 6);
  assert.is(String(all), 'onetwo');
  second.close();
});

test('a full disk is said to be full, and nothing half-written stays', () => {
  // Every write to /dev/full fails like one to a full disk.
  const disk = createDisk('/dev');
  if (!existsSync('/dev/full')) return;
  try {
    disk.open('full').append([Buffer.from('x')]);
    assert.unreachable();
  } catch (error) {
    assert.instance(error, DiskError);
    assert.ok(error instanceof DiskError && error.full, String(error));
    assert.match(String(error), /disk is full/);
  }
});
