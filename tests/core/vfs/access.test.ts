import * as assert from 'uvu/assert';
import {
  allowed,
  grantedMode,
  mayReadContent,
  mayWriteContent,
  refuseAttributes,
  refuseRemoval,
  withoutSetId,
} from '#core/vfs/access.ts';
import type { Caller } from '#core/vfs/caller.ts';
import type { FileKind, Inode } from '#core/vfs/inode.ts';
import { SET_NOTHING } from '#core/vfs/set-attributes.ts';
import { suite } from '../../support/suite.ts';
import { Fixture } from '../volume/fixture.ts';

const test = suite('core/vfs/access');

const OWNER: Caller = { uid: 10, gid: 1, groups: [] };
const MEMBER: Caller = { uid: 11, gid: 1, groups: [20] };
const PRIMARY: Caller = { uid: 12, gid: 20, groups: [] };
const OTHER: Caller = { uid: 13, gid: 1, groups: [2, 3] };
const ROOT: Caller = { uid: 0, gid: 0, groups: [] };

const sample = new Fixture().inode(1 as never);
const inode = (mode: number, kind: FileKind = 'file'): Inode => ({
  ...sample,
  kind,
  mode,
  uid: 10,
  gid: 20,
});

test('one class of the mode counts, even where another gives more', () => {
  const file = inode(0o147);
  assert.is(allowed(file, OWNER), 1);
  assert.is(allowed(file, MEMBER), 4);
  assert.is(allowed(file, PRIMARY), 4);
  assert.is(allowed(file, OTHER), 7);
});

test('root may all but execute what nobody may', () => {
  assert.is(allowed(inode(0), ROOT), 6);
  assert.is(allowed(inode(0o001), ROOT), 7);
  assert.is(allowed(inode(0, 'directory'), ROOT), 7);
});

test('the owner reads and writes on without an open; who may execute may read', () => {
  assert.ok(mayReadContent(inode(0), OWNER) && mayWriteContent(inode(0), OWNER));
  assert.ok(mayReadContent(inode(0o001), OTHER));
  assert.not(mayReadContent(inode(0o002), OTHER));
  assert.not(mayWriteContent(inode(0o004), OTHER));
});

test('the sticky rule', () => {
  const directory = { ...inode(0o1777, 'directory'), uid: 12 };
  assert.is(refuseRemoval(directory, inode(0o666), OTHER), 'not-permitted');
  assert.is(refuseRemoval(directory, inode(0o666), OWNER), undefined);
  assert.is(refuseRemoval(directory, inode(0o666), PRIMARY), undefined, 'the directory is theirs');
  assert.is(refuseRemoval(inode(0o755, 'directory'), inode(0o666), OTHER), 'access');
  assert.is(refuseRemoval(inode(0o777), inode(0o666), OTHER), 'not-directory');
});

test('a mixed change of times needs the owner as soon as one is given', () => {
  const time = { seconds: 1, nanoseconds: 0 };
  const mixed = { ...SET_NOTHING, atime: 'now', mtime: time } as const;
  assert.is(refuseAttributes(inode(0o666), OTHER, mixed), 'not-permitted');
  assert.is(refuseAttributes(inode(0o666), OWNER, mixed), undefined);
});

test('setgid without group execute is no program and stays', () => {
  assert.is(withoutSetId(0o6755), 0o755);
  assert.is(withoutSetId(0o6745), 0o2745);
  assert.is(grantedMode(0o102755, 20, false, MEMBER), 0o2755);
  assert.is(grantedMode(0o2755, 20, false, OTHER), 0o755);
  assert.is(grantedMode(0o2755, 20, true, OTHER), 0o2755);
});
