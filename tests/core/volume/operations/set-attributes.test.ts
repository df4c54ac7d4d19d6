import * as assert from 'uvu/assert';
import { type Caller, ROOT_CALLER } from '#core/vfs/caller.ts';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import type { SetAttributes } from '#core/vfs/set-attributes.ts';
import { setAttributes } from '#core/volume/operations.ts';
import { suite } from '../../../support/suite.ts';
import { ALICE, BOB, Fixture, refusal, setting, value } from '../fixture.ts';

const test = suite('core/volume/operations/set-attributes');

const MEMBER: Caller = { uid: 1002, gid: 2000, groups: [] };

function set(box: Fixture, file: FileId, change: Partial<SetAttributes>, caller?: Caller) {
  const args = { file, set: setting(change), guard: undefined };
  return box.run(setAttributes, args, caller ? { caller } : {});
}

/** A file of Alice's, mode 0644. */
function withFile(mode = 0o644): { box: Fixture; file: FileId } {
  const box = new Fixture();
  return { box, file: box.made('a', { set: setting({ mode, uid: 1000, gid: 1000 }) }) };
}

test('every attribute is set alone, and times come from the server or the client', () => {
  const { box, file } = withFile();
  const before = box.inode(file);
  const given = { seconds: -5, nanoseconds: 7 };
  const { file: changed } = value(set(box, file, { mode: 0o7600, atime: given }));
  const { time, position } = box.stampAt(3);
  assert.equal(changed.before, before);
  assert.equal(changed.after, {
    ...before,
    mode: 0o7600,
    atime: given,
    ctime: time,
    change: position,
  });
  const later = value(set(box, file, { mtime: 'now' })).file.after;
  assert.equal([later.atime, later.mtime], [given, box.stampAt(4).time]);
  box.commit();
  assert.equal(box.backend.calls.slice(1), [
    `set ${file} 7600 1000:1000 size=0 atime=-5 mtime=1002`,
    `set ${file} 7600 1000:1000 size=0 atime=-5 mtime=1004`,
  ]);
  assert.equal(box.restarted().inode(file), later);
});

test('a guard with another ctime refuses', () => {
  const { box, file } = withFile();
  const wanted = { file, set: setting({ mode: 0 }) };
  const guard = { seconds: 1, nanoseconds: 1 };
  assert.is(refusal(box.run(setAttributes, { ...wanted, guard })), 'not-synchronized');
  const { ctime } = box.inode(file);
  assert.is(refusal(box.run(setAttributes, { ...wanted, guard: { ...ctime } })), 'done');
  assert.is(refusal(set(box, 99 as FileId, {})), 'stale');
});

test('mode and owner are for the owner; giving a file away is for root', () => {
  const { box, file } = withFile();
  assert.is(refusal(set(box, file, { mode: 0o777 }, BOB)), 'not-permitted');
  assert.is(refusal(set(box, file, { uid: 1001 }, ALICE)), 'not-permitted');
  assert.is(refusal(set(box, file, { gid: 3000 }, ALICE)), 'not-permitted');
  assert.is(refusal(set(box, file, { uid: 1000, gid: 2000 }, ALICE)), 'done');
  assert.is(refusal(set(box, file, { gid: 2000 }, MEMBER)), 'not-permitted');
  assert.is(refusal(set(box, file, { uid: 1001, gid: 3000 })), 'done');
});

test('a change of owner takes setuid and setgid away, also beside a mode that sets them', () => {
  const { box, file } = withFile(0o6755);
  assert.is(value(set(box, file, { gid: 1000 }, ALICE)).file.after.mode, 0o755);
  assert.is(value(set(box, file, { uid: 5, mode: 0o6755 })).file.after.mode, 0o755);
  const folder = box.folder('d', { set: setting({ mode: 0o2755 }) });
  assert.is(value(set(box, folder, { uid: 5 })).file.after.mode, 0o2755);
});

test('setgid is for members of the group', () => {
  const { box, file } = withFile();
  set(box, file, { gid: 3000 });
  assert.is(value(set(box, file, { mode: 0o2755 }, ALICE)).file.after.mode, 0o755);
});

test('who may write may touch with the server time, only the owner with his own', () => {
  const { box, file } = withFile(0o666);
  assert.is(refusal(set(box, file, { atime: 'now', mtime: 'now' }, BOB)), 'done');
  const given = { seconds: 1, nanoseconds: 0 };
  assert.is(refusal(set(box, file, { mtime: given }, BOB)), 'not-permitted');
  set(box, file, { mode: 0o644 });
  assert.is(refusal(set(box, file, { mtime: 'now' }, BOB)), 'access');
});

test('the size is set in content at once, and the extent says what was touched', () => {
  const { box, file } = withFile(0o4666);
  assert.is(value(set(box, file, { size: 100 }, ALICE)).file.after.size, 100);
  const shrunk = value(set(box, file, { size: 40 }, BOB)).file.after;
  assert.equal([shrunk.size, shrunk.mode, shrunk.mtime], [40, 0o666, box.stampAt(4).time]);
  assert.is(box.backend.content.get(file)?.length, 40);
  const change = value(
    box.volume.check(
      setAttributes,
      ALICE,
      { file, set: setting({ size: 10 }), guard: undefined },
      {
        issuer: '',
        random: { bytes: (size) => Buffer.alloc(size), u32: () => 0 },
        hasRoom: () => true,
      },
    ),
  );
  assert.equal(setAttributes.extent?.(change), { file, offset: 10, size: 30 });
});

test('only files have a size to set, for who may write, within the limit', () => {
  const { box, file } = withFile(0o400);
  assert.is(refusal(set(box, file, { size: 1 }, ALICE)), 'done', 'the owner has no open to show');
  assert.is(refusal(set(box, file, { size: 1 }, BOB)), 'access');
  assert.is(refusal(set(box, file, { size: (1 << 20) + 1 })), 'file-too-big');
  assert.is(refusal(set(box, ROOT_ID, { size: 1 })), 'is-directory');
  assert.is(refusal(set(box, box.made('s', { kind: 'symlink' }), { size: 1 })), 'invalid');
  box.hasRoom = false;
  assert.is(refusal(set(box, file, { size: 2 })), 'no-space');
  assert.is(refusal(set(box, file, { size: 0 })), 'done');
});

test('DOS attributes and the times that only SMB sets', () => {
  const box = new Fixture();
  const born = { seconds: 5, nanoseconds: 6 };
  const changed = { seconds: 7, nanoseconds: 8 };
  const file = box.made('a', { set: setting({ dos: 0xffff, btime: born }) });
  assert.equal([box.inode(file).dos, box.inode(file).btime], [0x2227, born]);
  const change = (more: object, caller: Caller = ROOT_CALLER) =>
    refusal(box.run(setAttributes, { file, set: setting(more), guard: undefined }, { caller }));
  assert.is(change({ dos: 2, ctime: changed }), 'done');
  assert.equal([box.inode(file).dos, box.inode(file).ctime], [2, changed]);
  assert.is(change({ mode: 0o600, ctime: 'keep' }), 'done');
  assert.equal([box.inode(file).dos, box.inode(file).ctime], [2, changed]);
  assert.is(change({ mode: 0o644 }), 'done');
  assert.is(box.inode(file).ctime.seconds, 1000 + box.position);
  assert.is(change({ btime: { seconds: 1, nanoseconds: 0 } }), 'done');
  assert.equal(box.inode(file).btime, { seconds: 1, nanoseconds: 0 });
  assert.is(change({ dos: 1 }, BOB), 'access');
  assert.is(change({ btime: born }, BOB), 'not-permitted');
  const other = new Fixture();
  other.replay(box.log);
  assert.equal(other.rows(), box.rows());
  box.commit();
  assert.equal(box.restarted().inode(file), box.inode(file));
});

test('whoever was held against the file’s own rules already is not held against its mode', () => {
  const box = new Fixture();
  const file = box.made('a', { set: setting({ mode: 0o400, uid: ALICE.uid }) });
  const args = { file, set: setting({ size: 4, mtime: { seconds: 1, nanoseconds: 0 } }) };
  const resize = (granted: boolean) =>
    refusal(box.run(setAttributes, { ...args, guard: undefined, granted }, { caller: BOB }));
  assert.is(resize(false), 'access');
  assert.is(resize(true), 'done');
});
