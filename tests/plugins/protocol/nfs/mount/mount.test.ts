import * as assert from 'uvu/assert';
import { exportRecord } from '../../../../support/fake-group.ts';
import { suite } from '../../../../support/suite.ts';
import { onStage } from '../stage.ts';

const test = suite('nfs/mount');

test('MNT gives the root of an export, or a folder below it (RFC 1813 §5.2.1)', () =>
  onStage(async (stage) => {
    const mount = stage.mount();
    const nfs = stage.nfs();
    const root = await stage.root();
    const folder = (await nfs.mkdir(root, 'sub')).object;
    assert.equal((await mount.mnt('/files/')).handle, root);
    const below = await mount.mnt('/files/sub');
    assert.equal(below.handle, folder);
    assert.equal(below.flavors, [1, 0]);
    await nfs.create(root, 'file');
    assert.is((await mount.mnt('/files/file')).status, 20);
    assert.is((await mount.mnt('/files/none')).status, 2);
    assert.is((await mount.mnt('/files/sub/..')).status, 2);
    assert.is((await mount.mnt('/filesystem')).status, 2);
    assert.is((await mount.mnt('/')).status, 2);
    assert.is((await mount.mnt(`/files/${'n'.repeat(300)}`)).status, 63);
  }));

test('MNT refuses clients of other networks (RFC 1813 §5.2.1)', () =>
  onStage(async (stage) => {
    stage.group.register([exportRecord({ networks: ['192.168.0.0/16'] })]);
    assert.is((await stage.mount().mnt('/files')).status, 13);
  }));

test('of nested exports the longest one answers', () =>
  onStage(async (stage) => {
    const made = await stage.nfs().mkdir(await stage.root(), 'sub');
    const root = made.attributes?.fileid ?? 0;
    stage.group.register([exportRecord(), exportRecord({ id: 8, path: '/files/sub', root })]);
    const inner = await stage.mount().mnt('/files/sub');
    assert.is(inner.handle?.readUInt16BE(2), 8);
  }));

test('DUMP, UMNT, UMNTALL and EXPORT tell and forget (RFC 1813 §5.2.2 to §5.2.5)', () =>
  onStage(async (stage) => {
    const mount = stage.mount();
    await stage.nfs().mkdir(await stage.root(), 'sub');
    await mount.mnt('/files/sub');
    const host = '127.0.0.1';
    const rows = [
      { host, path: '/files' },
      { host, path: '/files/sub' },
    ];
    assert.equal(await mount.dump(), rows);
    await mount.umnt('/files/sub/');
    assert.equal(await mount.dump(), rows.slice(0, 1));
    await mount.umntall();
    assert.equal(await mount.dump(), []);
    assert.equal(await mount.exports(), [{ path: '/files', groups: ['127.0.0.0/8'] }]);
  }));
