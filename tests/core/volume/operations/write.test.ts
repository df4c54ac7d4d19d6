import * as assert from 'uvu/assert';
import type { Caller } from '#core/vfs/caller.ts';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import { operationOf, write } from '#core/volume/operations.ts';
import { Reader } from '#core/wire/reader.ts';
import { suite } from '../../../support/suite.ts';
import { ALICE, BOB, Fixture, refusal, setting, value } from '../fixture.ts';

const test = suite('core/volume/operations/write');

function put(box: Fixture, file: FileId, offset: number, text: string, caller?: Caller) {
  const data = Buffer.from(text);
  return box.run(write, { file, offset, size: data.length }, { data, ...(caller && { caller }) });
}

function withFile(mode = 0o644): { box: Fixture; file: FileId } {
  const box = new Fixture();
  return { box, file: box.made('a', { set: setting({ mode, uid: 1000, gid: 1000 }) }) };
}

function text(box: Fixture, file: FileId, offset = 0, size = 100): string {
  const target = Buffer.alloc(size, '?');
  return target.toString('latin1', 0, box.volume.readNow(file, offset, target));
}

test('a write extends the file and stamps it', () => {
  const { box, file } = withFile();
  const { before, after } = value(put(box, file, 2, 'abc')).file;
  const { time, position } = box.stampAt(3);
  assert.equal(after, { ...before, size: 5, mtime: time, ctime: time, change: position });
  assert.is(text(box, file), '\0\0abc');
  assert.is(value(put(box, file, 0, 'x')).file.after.size, 5);
  assert.is(text(box, file, 4), 'c');
  assert.is(text(box, file, 5), '');
});

test('reads are bounded by the catalog and filled with zeros', () => {
  const { box, file } = withFile();
  put(box, file, 0, 'abcdef');
  box.backend.content.set(file, Buffer.from('ab'));
  assert.is(text(box, file), 'ab\0\0\0\0');
  box.backend.content.set(file, Buffer.from('abcdefgh'));
  assert.is(text(box, file), 'abcdef');
});

test('nothing written changes nothing', () => {
  const { box, file } = withFile();
  const rows = box.rows();
  const { before, after } = value(put(box, file, 9, '')).file;
  assert.is(before, after);
  assert.equal(box.rows(), rows);
});

test('the owner writes whatever the mode says, others as it says', () => {
  const { box, file } = withFile(0o444);
  assert.is(refusal(put(box, file, 0, 'a', ALICE)), 'done');
  assert.is(refusal(put(box, file, 0, 'a', BOB)), 'access');
  assert.is(refusal(put(box, 99 as FileId, 0, 'a')), 'stale');
  assert.is(refusal(put(box, ROOT_ID, 0, 'a')), 'is-directory');
  assert.is(refusal(put(box, box.made('s', { kind: 'symlink' }), 0, 'a')), 'invalid');
  assert.is(refusal(put(box, file, (1 << 20) - 1, 'ab')), 'file-too-big');
  box.hasRoom = false;
  assert.is(refusal(put(box, file, 0, 'a')), 'no-space');
});

test('a write by another than root takes setuid and setgid away and tells the backend', () => {
  const { box, file } = withFile(0o6777);
  assert.is(value(put(box, file, 0, 'a')).file.after.mode, 0o6777);
  assert.is(value(put(box, file, 0, 'ab', BOB)).file.after.mode, 0o777);
  box.commit();
  assert.equal(box.backend.calls.slice(1), [
    `set ${file} 777 1000:1000 size=2 atime=1002 mtime=1004`,
  ]);
});

test('a backend that is full leaves the tree as it was', () => {
  const { box, file } = withFile();
  const rows = box.rows();
  box.backend.full = true;
  assert.throws(() => put(box, file, 0, 'abc'), /full/);
  assert.equal(box.rows(), rows);
});

test('the extent is what the bytes fill', () => {
  const { box, file } = withFile();
  put(box, file, 7, 'abc');
  const recorded = box.log[box.log.length - 1];
  const change = operationOf(write.code)?.decode(new Reader(recorded?.bytes ?? Buffer.alloc(0)));
  assert.equal(operationOf(write.code)?.extent?.(change), { file, offset: 7, size: 3 });
});
