/** What every `Disk` must do, whatever it is made of; each kind runs it in one call. */
import * as assert from 'uvu/assert';
import type { AppendFile, Disk } from '#core/ports/disk.ts';
import { suite } from '../support/suite.ts';

export interface DiskKind {
  readonly name: string;
  /** A new, empty disk. */
  create(): Disk;
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

export function diskContract(kind: DiskKind): void {
  const test = suite(`contract/disk: ${kind.name}`);
  appends((title, body) => test(title, () => body(kind.create())));
  reserves((title, body) => test(title, () => body(kind.create())));
  replaces((title, body) => test(title, () => body(kind.create())));
}

type WithDisk = (title: string, body: (disk: Disk) => void | Promise<void>) => void;

function appends(test: WithDisk): void {
  test('what was appended is read back, by any piece', (disk) => {
    const file = disk.open('log/1');
    assert.is(file.size, 0);
    file.append([bytes('abc'), bytes(''), bytes('defg')]);
    file.append([bytes('hi')]);
    assert.is(file.size, 9);
    const target = Buffer.alloc(4);
    assert.is(file.read(2, target), 4);
    assert.is(String(target), 'cdef');
    file.close();
  });

  test('reading at the end gives fewer bytes, and beyond it none', (disk) => {
    const file = disk.open('log/1');
    file.append([bytes('abc')]);
    const target = Buffer.alloc(8);
    assert.is(file.read(1, target), 2);
    assert.is(file.read(3, target), 0);
    assert.is(file.read(100, target), 0);
    file.close();
  });

  test('after truncating, appending goes on at the new end', (disk) => {
    const file = disk.open('log/1');
    file.append([bytes('abcdef')]);
    file.truncate(2);
    assert.is(file.size, 2);
    file.append([bytes('XY')]);
    const target = Buffer.alloc(8);
    assert.is(file.read(0, target), 4);
    assert.is(target.toString('latin1', 0, 4), 'abXY');
    file.close();
  });

  test('sync resolves, for everyone who waits at once', async (disk) => {
    const file = disk.open('log/1');
    file.append([bytes('abc')]);
    const first = file.sync();
    file.append([bytes('def')]);
    await Promise.all([first, file.sync(), file.sync(), file.sync()]);
    await file.sync();
    file.close();
  });

  test('what was appended is there when the file is opened again', (disk) => {
    const file = disk.open('log/1');
    file.append([bytes('abc')]);
    file.close();
    const again = disk.open('log/1');
    assert.is(again.size, 3);
    again.close();
    assert.is(disk.read('log/1')?.toString('latin1'), 'abc');
  });
}

function reserves(test: WithDisk): void {
  test('room taken ahead is no part of the file, and is used up by what is appended', (disk) => {
    const file = disk.open('log/1');
    file.append([bytes('abc')]);
    file.reserve(8);
    assert.is(file.size, 3);
    assert.is(file.read(0, Buffer.alloc(16)), 3);
    file.append([bytes('defg')]);
    assert.is(file.reserved, 4);
    file.append([bytes('hijklmn')]);
    assert.is(file.reserved, 0);
    const target = Buffer.alloc(16);
    assert.is(file.read(0, target), 14);
    assert.is(target.toString('latin1', 0, 14), 'abcdefghijklmn');
    file.close();
  });

  const ends: Record<string, (file: AppendFile) => void> = {
    sealing: (file) => file.seal(),
    truncating: (file) => file.truncate(3),
    closing: (file) => file.close(),
  };
  for (const [name, end] of Object.entries(ends)) {
    test(`${name} gives room taken ahead back`, (disk) => {
      const file = disk.open('log/1');
      file.append([bytes('abc')]);
      file.reserve(8);
      end(file);
      assert.is(file.reserved, 0);
      const again = disk.open('log/1');
      assert.is(again.size, 3);
      again.append([bytes('d')]);
      assert.is(disk.read('log/1')?.toString('latin1'), 'abcd');
      again.close();
    });
  }

  test('room of a file that nobody closed is zeros at its end', (disk) => {
    const file = disk.open('log/1');
    file.append([bytes('abc')]);
    file.reserve(8);
    file.append([bytes('de')]);
    const again = disk.open('log/1');
    assert.is(again.size, 11);
    const target = Buffer.alloc(16);
    assert.is(again.read(0, target), 11);
    assert.is(target.toString('latin1', 0, 11), 'abcde\0\0\0\0\0\0');
    again.close();
  });
}

function replaces(test: WithDisk): void {
  test('a file that is not there reads as undefined, and its folder lists as empty', (disk) => {
    assert.is(disk.read('a/b'), undefined);
    assert.equal(disk.list('a'), []);
  });

  test('replacing makes a file and replaces it', (disk) => {
    disk.replace('a/b', bytes('old'));
    disk.replace('a/b', bytes('new and longer'));
    assert.is(disk.read('a/b')?.toString('latin1'), 'new and longer');
    disk.replace('a/b', bytes(''));
    assert.is(disk.read('a/b')?.length, 0);
  });

  test('a folder lists its names in order, and removing takes one away', (disk) => {
    for (const name of ['s/3', 's/1', 's/2', 't']) disk.replace(name, bytes('x'));
    assert.equal(disk.list('s'), ['1', '2', '3']);
    disk.remove('s/2');
    disk.remove('s/2');
    assert.equal(disk.list('s'), ['1', '3']);
    assert.is(disk.read('s/2'), undefined);
  });

  test('the checksum is the one of gzip', (disk) => {
    assert.is(disk.checksum(bytes('123456789')), 0xcbf43926);
    assert.is(disk.checksum(bytes('')), 0);
  });

  test('there is some room', (disk) => {
    assert.ok(disk.free() > 0);
  });
}
