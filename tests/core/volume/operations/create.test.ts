import * as assert from 'uvu/assert';
import { ROOT_ID } from '#core/vfs/inode.ts';
import { suite } from '../../../support/suite.ts';
import { ALICE, BOB, BOX, Fixture, refusal, setting, value } from '../fixture.ts';

const test = suite('core/volume/operations/create');

const VERIFIER = '12345678';

test('a new file has the stamp, the caller and the next cookie', () => {
  const box = new Fixture();
  const before = box.inode(ROOT_ID);
  const { inode, directory, created } = value(
    box.make('a', { set: setting({ mode: 0o640, uid: 5, gid: 6 }) }),
  );
  assert.ok(created);
  const { time, position } = box.stampAt(2);
  assert.is(inode.change, position);
  assert.is(inode.nlink, 1);
  assert.is(inode.mode, 0o640);
  assert.equal([inode.uid, inode.gid, inode.generation], [5, 6, 77]);
  for (const stamp of [inode.atime, inode.mtime, inode.ctime, inode.btime])
    assert.equal(stamp, time);
  assert.equal(directory.before, before);
  assert.equal(directory.after, { ...before, mtime: time, ctime: time, change: 2, nextCookie: 4 });
  assert.equal(box.child(ROOT_ID, 'a'), { cookie: 3, name: 'a', id: inode.id });
  assert.equal(box.catalog.entriesAfter(ROOT_ID, 3, 10), []);
});

test('only a directory that the caller may write and search takes names', () => {
  const box = new Fixture();
  const file = box.made('file');
  const locked = box.folder('locked', { set: setting({ mode: 0o700 }) });
  assert.is(refusal(box.make('a', { directory: file })), 'not-directory');
  assert.is(refusal(box.make('a', { directory: (file + 9) as never })), 'stale');
  assert.is(refusal(box.make('a', { directory: locked }, ALICE)), 'access');
  assert.is(refusal(box.make('a', {}, ALICE)), 'access');
});

test('names are checked', () => {
  const box = new Fixture({ limits: { nameSizeMax: 4 } });
  assert.is(refusal(box.make('')), 'invalid');
  assert.is(refusal(box.make('a/b')), 'invalid');
  assert.is(refusal(box.make('a\0')), 'invalid');
  assert.is(refusal(box.make('.')), 'exists');
  assert.is(refusal(box.make('..', { kind: 'directory' })), 'exists');
  assert.is(refusal(box.make('abcde')), 'name-too-long');
  assert.is(refusal(box.make('abcd')), 'done');
});

// RFC 1813 §3.3.8
test('GUARDED refuses a name that exists, UNCHECKED takes the file and sets its size alone', () => {
  const box = new Fixture();
  const file = box.made('a', { set: setting({ mode: 0o600, size: 10 }) });
  assert.is(refusal(box.make('a', { how: 'guarded' })), 'exists');
  const { inode, created, directory } = value(
    box.make('a', { set: setting({ mode: 0o777, size: 4 }) }),
  );
  assert.not(created);
  assert.is(directory.before, directory.after);
  assert.equal([inode.id, inode.size, inode.mode], [file, 4, 0o600]);
  assert.is(box.backend.content.get(file)?.length, 4);
  assert.is(refusal(box.make('a', { set: setting({ size: 0 }) }, ALICE)), 'access');
  assert.is(value(box.make('a', {}, ALICE)).inode.size, 4);
});

test('what is no regular file is never taken for one', () => {
  const box = new Fixture();
  box.folder('d');
  box.made('s', { kind: 'symlink' });
  for (const name of ['d', 's']) assert.is(refusal(box.make(name)), 'exists');
  assert.is(refusal(box.make('d', { kind: 'directory' })), 'exists');
});

test('EXCLUSIVE with the same verifier succeeds and changes nothing', () => {
  const box = new Fixture();
  const args = { how: 'exclusive', verifier: VERIFIER } as const;
  const first = value(box.make('a', args)).inode;
  assert.is(first.mode, 0);
  const rows = box.rows();
  const again = value(box.make('a', args));
  assert.equal(again.inode, first);
  assert.not(again.created);
  assert.equal(box.rows(), rows);
  assert.is(refusal(box.make('a', { how: 'exclusive', verifier: '87654321' })), 'exists');
  assert.is(refusal(box.make('b', { how: 'exclusive', verifier: '' })), 'invalid');
  box.commit();
  assert.is(box.backend.calls.length, 1);
});

test('a setgid directory hands down its group, and setgid itself to directories', () => {
  const box = new Fixture();
  const shared = box.folder('shared', { set: setting({ mode: 0o2777, gid: 50 }) });
  const at = { directory: shared };
  const file = value(box.make('f', { ...at, set: setting({ mode: 0o2755 }) }, ALICE)).inode;
  assert.equal([file.uid, file.gid, file.mode], [1000, 50, 0o755]);
  const folder = value(
    box.make('d', { ...at, kind: 'directory', set: setting({ mode: 0o750 }) }, ALICE),
  );
  assert.equal([folder.inode.gid, folder.inode.mode], [50, 0o2750]);
  assert.equal([folder.inode.parent, folder.inode.nlink], [shared, 2]);
  assert.is(folder.directory.after.nlink, 3);
});

test('a caller other than root owns what he makes, whomever he names', () => {
  const box = new Fixture();
  const open = box.folder('open', { set: setting({ mode: 0o777 }) });
  const set = setting({ uid: 0, gid: 2000 });
  const mine = value(box.make('a', { directory: open, set }, ALICE)).inode;
  assert.equal([mine.uid, mine.gid], [1000, 2000]);
  const others = value(box.make('b', { directory: open, set }, BOB)).inode;
  assert.equal([others.uid, others.gid], [1001, 1001]);
});

test('symlinks, nodes and limits', () => {
  const box = new Fixture({ limits: { linksMax: 3 } });
  const link = value(box.make('s', { kind: 'symlink', target: 'to/here' })).inode;
  assert.equal([link.target, link.size, link.mode], ['to/here', 7, 0o777]);
  assert.is(refusal(box.make('t', { kind: 'symlink', target: 'x'.repeat(65) })), 'name-too-long');
  assert.is(refusal(box.make('t', { kind: 'symlink', target: '' })), 'invalid');
  const device = { major: 8, minor: 1 };
  assert.equal(value(box.make('n', { kind: 'block', device })).inode.device, device);
  const open = box.folder('open', { set: setting({ mode: 0o777 }) });
  const node = { directory: open, kind: 'character', device } as const;
  assert.is(refusal(box.make('n', node, ALICE)), 'not-permitted');
  assert.is(refusal(box.make('p', { ...node, kind: 'fifo' }, ALICE)), 'done');
  assert.is(refusal(box.make('e', { kind: 'directory' })), 'too-many-links');
  assert.is(refusal(box.make('f', { set: setting({ size: (1 << 20) + 1 }) })), 'file-too-big');
  box.hasRoom = false;
  assert.is(refusal(box.make('g')), 'no-space');
});

test('an issuer handle is reserved, remembered, and mirrored only on its own box', () => {
  const box = new Fixture();
  box.issuer = BOX;
  const file = box.made('a', { strategy: 'issuer' });
  assert.is(box.volume.issued(BOX, 'file-1'), file);
  assert.is(box.inode(file).issuerHandle, 'file-1');
  box.issuer = 'b';
  const other = box.made('b', { strategy: 'issuer' });
  box.commit();
  assert.equal(box.backend.calls, [
    `create 1/a ${file} file 644 reserved=file-1 atime=1002 mtime=1002`,
    `create 1/b ${other} file 644 atime=1003 mtime=1003`,
  ]);
  assert.is(box.restarted().issued('b', 'file-2'), other);
  box.backend.full = true;
  assert.is(refusal(box.make('c', { strategy: 'issuer' })), 'no-space');
});

test('an id is never given twice: not after a removal, a rollback or a restart', () => {
  const box = new Fixture();
  const first = box.made('a');
  box.commit();
  const second = box.made('b');
  box.discard();
  const third = box.made('c');
  assert.ok(second > first && third > second);
  box.commit();
  assert.ok(box.restarted().mintFile() > third);
});
