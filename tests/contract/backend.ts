/**
 * What every backend must do (core/volume/backend.ts). A plugin's test calls `backendContract` once, with a way to
 * make a place for a volume; each test gets a place of its own.
 */
import * as assert from 'uvu/assert';
import { LOCAL_HANDLE_SIZE_MAX } from '#core/vfs/handle.ts';
import { type FileKind, ROOT_ID } from '#core/vfs/inode.ts';
import { type Backend, BackendError } from '#core/volume/backend.ts';
import { suite, type Test } from '../support/suite.ts';

import { mendTests } from './backend-mend.ts';
import {
  type BackendSubject,
  expectContents,
  fileId,
  type InPlace,
  inPlace,
  MEBIBYTE,
  makeFile,
  nodeOf,
  readBytes,
  readText,
  rename,
} from './backend-stage.ts';

export function backendContract(subject: BackendSubject): void {
  const test = suite(`contract/backend ${subject.name}`);
  const inside = inPlace(() => subject.make());
  contentTests(test, inside);
  stagingTests(test, inside);
  sizeTests(test, inside);
  nameTests(test, inside);
  linkTests(test, inside);
  namelessTests(test, inside);
  handleTests(test, inside);
  mendTests(test, inside);
  spaceTests(test, subject);
  reopenTests(test, inside);
}

function contentTests(test: Test, inside: InPlace): void {
  test(
    'what was written is read, and no more than that',
    inside(async (backend) => {
      makeFile(backend, 2, 'a', 'hello');
      assert.is(await readText(backend, 2), 'hello');
      const target = Buffer.alloc(10);
      assert.is(backend.readNow(fileId(2), 1, target), 4);
      assert.is(target.toString('latin1', 0, 4), 'ello');
      assert.is((await readBytes(backend, 2, 3, 10)).toString(), 'lo');
      assert.is((await readBytes(backend, 2, 5, 10)).length, 0);
      assert.is((await readBytes(backend, 2, 500, 10)).length, 0);
    }),
  );

  test(
    'holes read as zeros',
    inside(async (backend) => {
      makeFile(backend, 2, 'a');
      backend.write(fileId(2), 200_000, Buffer.from('end'));
      const bytes = await readBytes(backend, 2, 0, 300_000);
      assert.is(bytes.length, 200_003);
      assert.is(
        bytes.subarray(0, 200_000).every((byte) => byte === 0),
        true,
      );
      assert.is(bytes.subarray(200_000).toString(), 'end');
    }),
  );

  test(
    'overlapping writes leave the later bytes, as in a plain array',
    inside(async (backend) => {
      makeFile(backend, 2, 'a');
      const model = Buffer.alloc(300_000);
      const writes = [
        [0, 1000],
        [65_530, 12],
        [500, 100_000],
        [131_072, 65_536],
        [131_071, 2],
        [299_999, 1],
        [60_000, 200_000],
        [7, 1],
      ] as const;
      writes.forEach(([offset, size], index) => {
        const data = Buffer.alloc(size, index + 1);
        data.copy(model, offset);
        backend.write(fileId(2), offset, data);
      });
      const bytes = await readBytes(backend, 2, 0, 400_000);
      assert.is(bytes.equals(model), true);
    }),
  );

  test(
    'large offsets are exact',
    inside(async (backend) => {
      makeFile(backend, 2, 'a');
      const offset = 1024 ** 4 + 12_345;
      backend.write(fileId(2), offset, Buffer.from('far'));
      assert.is((await readBytes(backend, 2, offset - 2, 10)).toString(), '\0\0far');
    }),
  );
}

function stagingTests(test: Test, inside: InPlace): void {
  test(
    'a written buffer may be used anew at once',
    inside(async (backend) => {
      makeFile(backend, 2, 'a');
      const data = Buffer.from('first');
      backend.write(fileId(2), 0, data);
      data.fill('x');
      assert.is(await readText(backend, 2), 'first');
    }),
  );

  test(
    'content may come before the create that names its file',
    inside(async (backend) => {
      backend.write(fileId(2), 0, Buffer.from('early'));
      assert.is(await readText(backend, 2), 'early');
      backend.create(ROOT_ID, 'a', nodeOf(2, 'file'));
      backend.write(fileId(2), 5, Buffer.from(' bird'));
      assert.is(await readText(backend, 2), 'early bird');
      await backend.sync(fileId(2));
    }),
  );

  test(
    'content under an id whose entry never counted is not that of the next file with the id',
    inside(async (backend) => {
      backend.write(fileId(2), 0, Buffer.from('discarded'));
      backend.clear(fileId(2));
      backend.write(fileId(2), 2, Buffer.from('new'));
      backend.create(ROOT_ID, 'a', nodeOf(2, 'file'));
      assert.is(await readText(backend, 2), '\0\0new');
      backend.write(fileId(3), 0, Buffer.from('discarded'));
      backend.clear(fileId(3));
      backend.create(ROOT_ID, 'd', nodeOf(3, 'directory'));
      backend.create(fileId(3), 'in', nodeOf(4, 'file'));
    }),
  );

  test(
    'sync and checkpoint resolve, also for files that have no content',
    inside(async (backend) => {
      makeFile(backend, 2, 'a', 'hello');
      backend.create(ROOT_ID, 'b', nodeOf(3, 'file'));
      await Promise.all([2, 2, 2, 3, 99].map((id) => backend.sync(fileId(id))));
      await backend.checkpoint();
      assert.is(await readText(backend, 2), 'hello');
    }),
  );
}

function sizeTests(test: Test, inside: InPlace): void {
  test(
    'truncate cuts, and what comes back after growing is zeros',
    inside(async (backend) => {
      makeFile(backend, 2, 'a');
      backend.write(fileId(2), 0, Buffer.alloc(150_000, 7));
      for (const size of [140_000, 65_536, 65_535, 3, 0]) {
        backend.truncate(fileId(2), size);
        assert.is((await readBytes(backend, 2, 0, 200_000)).length, size);
        backend.truncate(fileId(2), 150_000);
        const bytes = await readBytes(backend, 2, 0, 200_000);
        assert.is(bytes.length, 150_000);
        assert.is(bytes.lastIndexOf(7), size - 1);
      }
    }),
  );

  test(
    'a small file that grew by truncation can be read and cut anywhere behind its bytes',
    inside(async (backend) => {
      makeFile(backend, 2, 'a', 'bytes');
      backend.truncate(fileId(2), 3_000);
      assert.is((await readBytes(backend, 2, 2_171, 64)).join(''), '0'.repeat(64));
      backend.truncate(fileId(2), 2_500);
      backend.write(fileId(2), 2_500, Buffer.from('end'));
      assert.is((await readBytes(backend, 2, 2_499, 64)).toString(), '\0end');
      assert.is(await readText(backend, 2, 6), 'bytes\0');
    }),
  );

  test(
    'a file can be larger than the medium, and is created with the size that its content has',
    inside(async (backend) => {
      const size = 2 ** 43;
      backend.truncate(fileId(2), size);
      backend.create(ROOT_ID, 'a', nodeOf(2, 'file', { size: 2 * size }));
      assert.is((await readBytes(backend, 2, size - 3, 10)).toString(), '\0\0\0');
      backend.truncate(fileId(2), 1);
      assert.is((await readBytes(backend, 2, 0, 10)).length, 1);
    }),
  );

  test(
    'limits are those that clients need, and are kept',
    inside((backend) => {
      const { limits } = backend.abilities;
      assert.is(limits.nameSizeMax, 255);
      assert.ok(limits.fileSizeMax >= 2 ** 32 - 1);
      assert.ok(limits.symlinkSizeMax >= 255);
      assert.ok(limits.linksMax >= 1000);
      backend.truncate(fileId(2), limits.fileSizeMax);
      const target = 'x'.repeat(limits.symlinkSizeMax);
      backend.create(ROOT_ID, 'n'.repeat(255), nodeOf(3, 'symlink', { target }));
    }),
  );
}

const KINDS: readonly FileKind[] = [
  'file',
  'directory',
  'symlink',
  'fifo',
  'socket',
  'character',
  'block',
];

function nameTests(test: Test, inside: InPlace): void {
  test(
    'names are bytes: any but slash and NUL',
    inside(async (backend) => {
      const bytes = Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1));
      const odd = bytes.filter((byte) => byte !== '/').join('');
      const names = [odd.slice(0, 127), odd.slice(127), 'a b', '-rf', '\xff\xfe', 'x'.repeat(255)];
      names.push('.understudy', '...', '\n');
      for (const [index, name] of names.entries()) makeFile(backend, index + 2, name, name);
      for (const [index, name] of names.entries()) {
        assert.is(await readText(backend, index + 2, 300), name);
        const target = { directory: ROOT_ID, name: `moved-${index}` };
        backend.rename({ directory: ROOT_ID, name }, target, fileId(index + 2), undefined);
        backend.remove(ROOT_ID, target.name, fileId(index + 2), true);
        assert.is(await readText(backend, index + 2, 300), '');
      }
    }),
  );

  test(
    'every kind can be made, changed, moved and removed',
    inside((backend) => {
      KINDS.forEach((kind, index) => {
        const id = fileId(index + 2);
        backend.create(ROOT_ID, kind, nodeOf(id, kind, { target: 'to/\xff' }));
        backend.setAttributes(id, nodeOf(id, kind, { mode: 0o700 }));
        const moved = { directory: ROOT_ID, name: `${kind}-moved` };
        backend.rename({ directory: ROOT_ID, name: kind }, moved, id, undefined);
        backend.remove(ROOT_ID, moved.name, id, true);
      });
    }),
  );

  test(
    'files in directories follow them when these move, at any depth',
    inside(async (backend) => {
      let directory = ROOT_ID;
      for (let id = 10; id < 40; id += 1) {
        backend.create(directory, 'd'.repeat(200), nodeOf(id, 'directory'));
        directory = fileId(id);
      }
      backend.create(directory, 'leaf', nodeOf(2, 'file'));
      backend.write(fileId(2), 0, Buffer.from('deep'));
      const source = { directory: ROOT_ID, name: 'd'.repeat(200) };
      backend.rename(source, { directory: ROOT_ID, name: 'top' }, fileId(10), undefined);
      backend.create(directory, 'second', nodeOf(3, 'file'));
      const leaf = { directory, name: 'leaf' };
      backend.rename(leaf, { directory: ROOT_ID, name: 'leaf' }, fileId(2), undefined);
      assert.is(await readText(backend, 2), 'deep');
      backend.remove(directory, 'second', fileId(3), true);
    }),
  );

  test(
    'a rename replaces a file, and an empty directory',
    inside(async (backend) => {
      makeFile(backend, 2, 'a', 'new');
      makeFile(backend, 3, 'b', 'old');
      rename(backend, 'a', 'b', 2, { file: fileId(3), last: true });
      assert.is(await readText(backend, 2), 'new');
      assert.is(await readText(backend, 3), '');
      backend.create(ROOT_ID, 'd', nodeOf(4, 'directory'));
      backend.create(ROOT_ID, 'e', nodeOf(5, 'directory'));
      backend.create(fileId(4), 'in', nodeOf(6, 'file'));
      backend.write(fileId(6), 0, Buffer.from('inside'));
      rename(backend, 'd', 'e', 4, { file: fileId(5), last: true });
      assert.is(await readText(backend, 6), 'inside');
    }),
  );
}

function linkTests(test: Test, inside: InPlace): void {
  test(
    'a file lives until its last name goes',
    inside(async (backend) => {
      makeFile(backend, 2, 'a', 'hello');
      backend.link(fileId(2), ROOT_ID, 'b');
      backend.remove(ROOT_ID, 'a', fileId(2), false);
      backend.write(fileId(2), 5, Buffer.from(' you'));
      assert.is(await readText(backend, 2), 'hello you');
      backend.remove(ROOT_ID, 'b', fileId(2), true);
      assert.is(await readText(backend, 2), '');
    }),
  );

  test(
    'a file without names lives on while the volume knows it',
    inside(async (backend) => {
      makeFile(backend, 2, 'a', 'hello');
      backend.remove(ROOT_ID, 'a', fileId(2), false);
      makeFile(backend, 3, 'a', 'other');
      backend.write(fileId(2), 5, Buffer.from('!'));
      assert.is(await readText(backend, 2), 'hello!');
      makeFile(backend, 4, 'c', 'third');
      rename(backend, 'c', 'a', 4, { file: fileId(3), last: false });
      assert.is(await readText(backend, 3), 'other');
      backend.link(fileId(2), ROOT_ID, 'again');
      assert.is(await readText(backend, 2), 'hello!');
      backend.remove(ROOT_ID, 'again', fileId(2), true);
      assert.is(await readText(backend, 2), '');
    }),
  );

  test(
    'a rename onto another link of the same file takes one name away',
    inside(async (backend) => {
      makeFile(backend, 2, 'a', 'hello');
      backend.link(fileId(2), ROOT_ID, 'b');
      rename(backend, 'a', 'b', 2, { file: fileId(2), last: false });
      makeFile(backend, 3, 'a', 'other');
      assert.is(await readText(backend, 2), 'hello');
      backend.remove(ROOT_ID, 'b', fileId(2), true);
      assert.is(await readText(backend, 2), '');
    }),
  );
}

function namelessTests(test: Test, inside: InPlace): void {
  test(
    'content that never gets a name is kept, cut and dropped like any other, and stands nowhere',
    inside(async (backend, place) => {
      makeFile(backend, 2, 'a', 'file');
      const before = place.list?.().tree;
      backend.clear(fileId(3));
      assert.is(await readText(backend, 3), '');
      backend.write(fileId(3), 0, Buffer.from('stream of a'));
      backend.truncate(fileId(3), 6);
      assert.is(await readText(backend, 3), 'stream');
      await backend.sync(fileId(3));
      assert.equal(place.list?.().tree, before);
      backend.drop(fileId(3));
      assert.is(await readText(backend, 3), '');
      assert.is(await readText(backend, 2), 'file');
      assert.equal(place.list?.().corners ?? [], []);
    }),
  );

  test(
    'a file whose last name was taken goes when it is dropped; one that never had an object, too',
    inside(async (backend, place) => {
      makeFile(backend, 2, 'a', 'hello');
      backend.localHandle(fileId(2));
      backend.remove(ROOT_ID, 'a', fileId(2), false);
      backend.setAttributes(fileId(2), nodeOf(2, 'file', { mode: 0o600 }));
      assert.is(await readText(backend, 2), 'hello');
      backend.drop(fileId(2));
      backend.drop(fileId(9));
      assert.is(await readText(backend, 2), '');
      assert.equal(place.list?.() ?? { tree: [], corners: [] }, { tree: [], corners: [] });
    }),
  );
}

function handleTests(test: Test, inside: InPlace): void {
  test(
    'a reserved object becomes the file, and keeps its handle',
    inside(async (backend) => {
      const handles = new Set<string>();
      for (const [index, kind] of KINDS.entries()) {
        const reserved = backend.reserve(kind);
        assert.ok(reserved.length > 0 && reserved.length <= LOCAL_HANDLE_SIZE_MAX);
        handles.add(reserved);
        const node = nodeOf(index + 2, kind, { reserved, target: 't' });
        backend.create(ROOT_ID, kind, node);
        assert.is(backend.localHandle(node.id), reserved);
      }
      assert.is(handles.size, KINDS.length);
      backend.write(fileId(2), 0, Buffer.from('hello'));
      assert.is(await readText(backend, 2), 'hello');
    }),
  );

  test(
    'every object has one local handle of its own',
    inside((backend) => {
      const handles = new Map<number, string>();
      KINDS.forEach((kind, index) => {
        const id = index + 2;
        backend.create(ROOT_ID, kind, nodeOf(id, kind, { target: 't' }));
        handles.set(id, backend.localHandle(fileId(id)));
      });
      handles.set(ROOT_ID, backend.localHandle(ROOT_ID));
      assert.is(new Set(handles.values()).size, KINDS.length + 1);
      for (const [id, handle] of handles) {
        assert.ok(handle.length > 0 && handle.length <= LOCAL_HANDLE_SIZE_MAX);
        assert.is(backend.localHandle(fileId(id)), handle);
      }
    }),
  );
}

function spaceTests(test: Test, subject: BackendSubject): void {
  const { makeSmall } = subject;
  test(
    'space is told in whole numbers that make sense',
    inPlace(() => subject.make())((backend) => {
      const space = backend.space();
      for (const number of Object.values(space)) assert.ok(Number.isSafeInteger(number));
      assert.ok(space.sizeFree > 0 && space.sizeFree <= space.sizeTotal);
      assert.ok(space.filesFree <= space.filesTotal);
    }),
  );
  const title =
    'a full medium refuses with no-space, says what it took all the same, and takes more after a removal';
  if (makeSmall === undefined) {
    test.skip(title, 'no small medium can be made here');
    return;
  }
  test(
    title,
    inPlace(() => makeSmall())(async (backend) => {
      makeFile(backend, 2, 'a', 'hello');
      makeFile(backend, 3, 'b');
      const { offset, written } = fill(backend, 3);
      assert.is(await readText(backend, 2), 'hello');
      const end = await readBytes(backend, 3, offset, MEBIBYTE);
      assert.ok(end.equals(Buffer.alloc(written, 'data ')), `${written} of ${end.length} bytes`);
      backend.remove(ROOT_ID, 'b', fileId(3), true);
      backend.write(fileId(2), 5, Buffer.alloc(MEBIBYTE, 2));
      assert.is((await readBytes(backend, 2, 0, 2 * MEBIBYTE)).length, MEBIBYTE + 5);
    }),
  );
}

/** Writes until that is refused: where, and what the last write left there. */
function fill(backend: Backend, file: number): { offset: number; written: number } {
  const data = Buffer.alloc(MEBIBYTE, 'data ');
  for (let offset = 0; offset < 16 * MEBIBYTE; offset += MEBIBYTE) {
    try {
      backend.write(fileId(file), offset, data);
    } catch (error) {
      assert.ok(error instanceof BackendError && error.reason === 'no-space', String(error));
      return { offset, written: error.written };
    }
  }
  throw new Error('it takes more than a small medium has');
}

function reopenTests(test: Test, inside: InPlace): void {
  test(
    'after a new start everything is there, or, where the medium forgets, nothing is',
    inside(async (backend, place, table) => {
      makeFile(backend, 2, 'a', 'hello');
      backend.create(ROOT_ID, 'd', nodeOf(3, 'directory'));
      backend.create(fileId(3), 'in', nodeOf(4, 'file'));
      backend.write(fileId(4), 0, Buffer.from('inside'));
      makeFile(backend, 5, 'open', 'nameless');
      backend.remove(ROOT_ID, 'open', fileId(5), false);
      const handles = [2, 3, 4].map((id) => backend.localHandle(fileId(id)));
      await backend.checkpoint();
      await backend.close();
      const again = place.open(table);
      const { persistent } = backend.abilities;
      const expected = persistent ? { 2: 'hello', 4: 'inside', 5: 'nameless' } : { 2: '', 4: '' };
      await expectContents(again, expected);
      if (persistent) {
        const now = [2, 3, 4].map((id) => again.localHandle(fileId(id)));
        assert.equal(now, handles);
        again.remove(fileId(3), 'in', fileId(4), true);
        again.remove(ROOT_ID, 'd', fileId(3), true);
      }
      await again.close();
    }),
  );
}
