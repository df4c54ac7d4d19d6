import * as assert from 'uvu/assert';
import { suite } from '../../../../support/suite.ts';
import { ALICE, BOB, onStage } from '../stage.ts';

const test = suite('nfs/v3/create');

const OK = 0;
const PERM = 1;
const NOENT = 2;
const ACCES = 13;
const EXIST = 17;
const NOTDIR = 20;
const INVAL = 22;
const NAMETOOLONG = 63;
const BADTYPE = 10_007;

test('GUARDED refuses a name that exists, UNCHECKED takes it (RFC 1813 §3.3.8)', () =>
  onStage(async (stage) => {
    const root = await stage.root();
    const nfs = stage.nfs();
    const first = await nfs.create(root, 'a', 'guarded', { mode: 0o600 });
    assert.is(first.status, OK);
    assert.is(first.attributes?.mode, 0o600);
    assert.is((await nfs.create(root, 'a', 'guarded')).status, EXIST);
    const again = await nfs.create(root, 'a', 'unchecked');
    assert.equal(again.object, first.object);
  }));

test('EXCLUSIVE answers its own retry and nobody else (RFC 1813 §3.3.8)', () =>
  onStage(async (stage) => {
    const root = await stage.root();
    const nfs = stage.nfs();
    const mine = Buffer.from('12345678');
    const first = await nfs.createExclusive(root, 'x', mine);
    const retry = await nfs.createExclusive(root, 'x', mine);
    assert.equal(retry.object, first.object);
    assert.is((await nfs.createExclusive(root, 'x', Buffer.from('87654321'))).status, EXIST);
  }));

test('wcc_data tells the directory before and after (RFC 1813 §2.6)', () =>
  onStage(async (stage) => {
    const root = await stage.root();
    const nfs = stage.nfs();
    const before = (await nfs.getattr(root)).attributes;
    const { dir } = await nfs.mkdir(root, 'd');
    assert.equal(dir.before?.mtime, before?.mtime);
    assert.is(dir.after?.nlink, 3);
    const now = (await nfs.getattr(root)).attributes;
    assert.equal(dir.after, now);
    const refused = await nfs.mkdir(root, 'd');
    assert.is(refused.status, EXIST);
    assert.equal(refused.dir.before?.mtime, now?.mtime);
    assert.equal(refused.dir.after, now);
  }));

test('names that may not be are refused', () =>
  onStage(async (stage) => {
    const root = await stage.root();
    const nfs = stage.nfs();
    assert.is((await nfs.create(root, 'n'.repeat(256))).status, NAMETOOLONG);
    assert.is((await nfs.create(root, 'a/b')).status, INVAL);
    assert.is((await nfs.create(root, '')).status, INVAL);
    assert.is((await nfs.mkdir(root, '..')).status, EXIST);
    const file = (await nfs.create(root, 'file')).object as Buffer;
    assert.is((await nfs.create(file, 'below')).status, NOTDIR);
  }));

test('who may not write a directory makes nothing in it', () =>
  onStage(async (stage) => {
    const root = await stage.root();
    assert.is((await stage.nfs(ALICE).create(root, 'a')).status, ACCES);
    const home = await stage.nfs().mkdir(root, 'home', { mode: 0o755, uid: 1000, gid: 1000 });
    const dir = home.object as Buffer;
    const made = await stage.nfs(ALICE).create(dir, 'a', 'guarded', { mode: 0o640 });
    assert.is(made.attributes?.uid, 1000);
    assert.is((await stage.nfs(BOB).create(dir, 'b')).status, ACCES);
  }));

test('a symbolic link keeps its target to the byte (RFC 1813 §3.3.10)', () =>
  onStage(async (stage) => {
    const root = await stage.root();
    const nfs = stage.nfs();
    const target = '../\xff\xfe elsewhere';
    const made = await nfs.symlink(root, 'l', target);
    assert.is(made.attributes?.type, 'symlink');
    assert.is((await nfs.readlink(made.object as Buffer)).target, target);
    assert.is((await nfs.readlink(root)).status, INVAL);
    assert.is((await nfs.symlink(root, 'long', 't'.repeat(5000))).status, NAMETOOLONG);
  }));

test('MKNOD makes sockets, fifos and, for root, devices (RFC 1813 §3.3.11)', () =>
  onStage(async (stage) => {
    const root = await stage.root();
    const nfs = stage.nfs();
    assert.is((await nfs.mknod(root, 's', 'socket')).attributes?.type, 'socket');
    assert.is((await nfs.mknod(root, 'f', 'fifo')).attributes?.type, 'fifo');
    const disk = await nfs.mknod(root, 'b', 'block', {}, { major: 8, minor: 1 });
    assert.equal(disk.attributes?.rdev, { major: 8, minor: 1 });
    assert.is((await nfs.mknod(root, 'r', 'file')).status, BADTYPE);
    await nfs.setattr(root, { mode: 0o777 });
    assert.is((await stage.nfs(ALICE).mknod(root, 'c', 'character')).status, PERM);
    assert.is((await stage.nfs(ALICE).mknod(root, 'p', 'fifo')).status, OK);
  }));

test('REMOVE, RMDIR, RENAME and LINK (RFC 1813 §3.3.12 to §3.3.15)', () =>
  onStage(async (stage) => {
    const root = await stage.root();
    const nfs = stage.nfs();
    const file = (await nfs.create(root, 'a')).object as Buffer;
    const dir = (await nfs.mkdir(root, 'd')).object as Buffer;
    const linked = await nfs.link(file, dir, 'b');
    assert.is(linked.status, OK);
    assert.is(linked.attributes?.nlink, 2);
    assert.is((await nfs.rmdir(root, 'd')).status, 66);
    assert.is((await nfs.remove(root, 'd')).status === OK, false);
    const renamed = await nfs.rename(root, 'a', dir, 'c');
    assert.is(renamed.status, OK);
    assert.ok(renamed.from.after !== undefined && renamed.to.after !== undefined);
    assert.equal((await nfs.lookup(dir, 'c')).object, file);
    assert.is((await nfs.lookup(root, 'a')).status, NOENT);
    assert.is((await nfs.remove(dir, 'b')).status, OK);
    assert.is((await nfs.remove(dir, 'c')).status, OK);
    assert.is((await nfs.getattr(file)).status, 70);
    assert.is((await nfs.rmdir(root, 'd')).status, OK);
    assert.is((await nfs.rmdir(root, 'd')).status, NOENT);
  }));
