import * as assert from 'uvu/assert';
import { IO_SIZE_MAX } from '#core/limits.ts';
import { BackendError } from '#core/volume/backend.ts';
import { FakeGroup, memoryBackend } from '../../../../support/fake-group.ts';
import { suite } from '../../../../support/suite.ts';
import { ALICE, BOB, onStage } from '../stage.ts';

const test = suite('nfs/v3/read-write');

test('READ gives what there is, and says where it ends (RFC 1813 §3.3.6)', () =>
  onStage(async (stage) => {
    const nfs = stage.nfs();
    const file = (await nfs.create(await stage.root(), 'a')).object as Buffer;
    const data = Buffer.from('0123456789');
    await nfs.write(file, 3, data);
    const whole = await nfs.read(file, 0, 100);
    assert.equal(whole.data, Buffer.concat([Buffer.alloc(3), data]));
    assert.is(whole.eof, true);
    const middle = await nfs.read(file, 3, 4);
    assert.is(middle.data.toString(), '0123');
    assert.is(middle.eof, false);
    assert.is((await nfs.read(file, 9, 4)).eof, true);
    const beyond = await nfs.read(file, 1000, 4);
    assert.is(beyond.data.length, 0);
    assert.is(beyond.eof, true);
    assert.is((await nfs.read(await stage.root(), 0, 4)).status, 22);
    await nfs.setattr(file, { size: 2 * IO_SIZE_MAX });
    const most = await nfs.read(file, 0, 2 * IO_SIZE_MAX);
    assert.is(most.data.length, IO_SIZE_MAX);
    assert.is(most.eof, false);
  }));

test('a backend that answers later is waited for, one that fails is NFS3ERR_IO', () => {
  const backend = memoryBackend();
  const read = backend.read.bind(backend);
  let fails = false;
  backend.read = async (file, offset, target) => {
    await new Promise((later) => setImmediate(later));
    if (fails) throw new BackendError('gone', 'io');
    return read(file, offset, target);
  };
  return onStage(async (stage) => {
    const nfs = stage.nfs();
    const root = await stage.root();
    const file = (await nfs.create(root, 'a')).object as Buffer;
    for (const size of [10, 5000, 300_000]) {
      const data = Buffer.alloc(size, size);
      await nfs.write(file, 0, data);
      const asked = [nfs.read(file, 0, size), nfs.getattr(root), nfs.read(file, 5, size)];
      const [first, , second] = (await Promise.all(asked)) as { readonly data: Buffer }[];
      assert.ok(first?.data.equals(data));
      assert.ok(second?.data.equals(data.subarray(5)));
    }
    fails = true;
    assert.is((await nfs.read(file, 0, 10)).status, 5);
  }, new FakeGroup(backend));
});

test('WRITE says how far it is committed, with the verifier of the volume (RFC 1813 §3.3.7)', () =>
  onStage(async (stage) => {
    const nfs = stage.nfs();
    const file = (await nfs.create(await stage.root(), 'a')).object as Buffer;
    const data = Buffer.from('data');
    const levels = [0, 1, 2].map((stable) => nfs.write(file, 0, data, stable));
    const answers = await Promise.all(levels);
    assert.equal(
      answers.map(({ committed }) => committed),
      [0, 2, 2],
    );
    for (const { verifier } of answers) assert.equal(verifier, stage.group.served.writeVerifier);
    const committed = await nfs.commit(file);
    assert.equal(committed.verifier, stage.group.served.writeVerifier);
    assert.is(stage.group.syncs, 1);
    const { wcc } = await nfs.write(file, 2, Buffer.alloc(10));
    assert.is(wcc.before?.size, 4);
    assert.is(wcc.after?.size, 12);
    assert.is((await nfs.write(file, 0, Buffer.alloc(0))).count, 0);
    assert.is((await nfs.write(file, Number.MAX_SAFE_INTEGER - 10, data)).status, 27);
  }));

test('data of a write stays as it was sent until its commit, whatever comes behind it', () =>
  onStage(async (stage) => {
    const nfs = stage.nfs();
    const root = await stage.root();
    const files = await Promise.all(
      Array.from({ length: 40 }, (_, index) => nfs.create(root, `f${index}`)),
    );
    const kept: { readonly data: Buffer; readonly was: string }[] = [];
    const { served } = stage.group;
    const apply = served.apply.bind(served);
    served.apply = (operation, change, stamp, data, done) => {
      if (data !== undefined) kept.push({ data, was: data.toString('latin1') });
      return apply(operation, change, stamp, data, done);
    };
    stage.group.holding = true;
    const writes = files.map(({ object }, index) =>
      nfs.write(object as Buffer, 0, Buffer.alloc(1000 + (index % 4) * 40_000, index)),
    );
    while (kept.length < files.length) await new Promise((later) => setImmediate(later));
    for (const { data, was } of kept) assert.ok(data.toString('latin1') === was);
    stage.group.release();
    for (const { status } of await Promise.all(writes)) assert.is(status, 0);
  }));

test('ACCESS agrees with what READ, WRITE and LOOKUP then say (RFC 1813 §3.3.4)', () =>
  onStage(async (stage) => {
    const root = await stage.root();
    const nfs = stage.nfs();
    const owner = { mode: 0o640, uid: 1000, gid: 1000 };
    const file = (await nfs.create(root, 'a', 'guarded', owner)).object as Buffer;
    assert.is((await stage.nfs(ALICE).access(file, 0x3f)).access, 0x0d);
    assert.is((await stage.nfs(BOB).access(file, 0x3f)).access, 0);
    assert.is((await stage.nfs(BOB).read(file, 0, 1)).status, 13);
    assert.is((await stage.nfs(BOB).write(file, 0, Buffer.from('x'))).status, 13);
    const dir = (await nfs.mkdir(root, 'd', { mode: 0o711 })).object as Buffer;
    assert.is((await stage.nfs(BOB).access(dir, 0x3f)).access, 0x02);
    assert.is((await stage.nfs(BOB).lookup(dir, 'none')).status, 2);
    assert.is((await stage.nfs(BOB).readdir(dir)).status, 13);
    assert.is((await nfs.access(dir, 0x3f)).access, 0x1f);
    await nfs.setattr(dir, { mode: 0o744 });
    assert.is((await stage.nfs(BOB).lookup(dir, 'none')).status, 13);
  }));

test('SETATTR with a guard changes only what the client knows (RFC 1813 §3.3.2)', () =>
  onStage(async (stage) => {
    const nfs = stage.nfs();
    const made = await nfs.create(await stage.root(), 'a');
    const file = made.object as Buffer;
    const ctime = made.attributes?.ctime ?? { seconds: 0, nanoseconds: 0 };
    assert.is((await nfs.setattr(file, { mode: 0o600 }, ctime)).status, 0);
    assert.is((await nfs.setattr(file, { mode: 0o644 }, ctime)).status, 10_002);
    assert.is((await nfs.getattr(file)).attributes?.mode, 0o600);
  }));
