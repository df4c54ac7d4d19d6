/** One volume by two protocols: who uses the one hears of what is done by the other, and sees the same. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { nameOfText } from '#core/vfs/name.ts';
import { NFS3_OK } from '#plugins/protocol/nfs/v3/status.ts';
import { type SmbTarget, smbTargetOf, WITH_SMB } from '../lab/smb-target.ts';
import { SmbFile } from '../support/smb/file.ts';
import { SmbMount } from '../support/smb/mount.ts';
import { awaitChanges } from '../support/smb/notify.ts';
import {
  FILE_CREATE,
  FILE_DIRECTORY_FILE,
  FILE_OPEN,
  FILE_OPEN_IF,
} from '../support/smb/requests.ts';
import { suite } from '../support/suite.ts';
import { onStage, type Stage } from '../takeover/stage.ts';

const test = suite('integration/smb-nfs', { secondsMax: 60 });

const ADDRESS = '127.0.20.100';
const WAIT_MS_MAX = 5_000;
/** FILETIME counts 100 ns from 1601 on. */
const FILETIME_1970 = 116_444_736_000_000_000n;
const FILE_ACTION_RENAMED_OLD_NAME = 4;
const FILE_ACTION_RENAMED_NEW_NAME = 5;

test('what is done over NFS shows in CHANGE_NOTIFY', () =>
  onBoth(async ({ nfs, root }, mount) => {
    const folder = await SmbFile.open(mount, {
      name: 'watched',
      disposition: FILE_CREATE,
      options: FILE_DIRECTORY_FILE,
    });
    const { object } = await nfs.lookup(root, 'watched');
    const directory = Buffer.from(object ?? Buffer.alloc(0));
    assert.is((await nfs.create(directory, 'before')).status, NFS3_OK);
    const changes = await changesOf(mount, folder, () =>
      nfs.rename(directory, 'before', directory, 'after'),
    );
    const renames = changes.filter(({ action }) => action >= FILE_ACTION_RENAMED_OLD_NAME);
    assert.equal(renames, [
      { action: FILE_ACTION_RENAMED_OLD_NAME, name: 'before' },
      { action: FILE_ACTION_RENAMED_NEW_NAME, name: 'after' },
    ]);
    const later = await changesOf(mount, folder, () => nfs.remove(directory, 'after'));
    assert.ok(later.some(({ action, name }) => action === 2 && name === 'after'));
  }));

test('a write over NFS takes a lease away, and what was written is what SMB reads', () =>
  onBoth(async ({ nfs, root }, mount) => {
    const call = { name: 'leased', disposition: FILE_OPEN_IF, caching: 'lease' } as const;
    const file = await SmbFile.open(mount, { ...call, durability: 'v2' });
    await file.write(0, Buffer.from('over SMB'));
    assert.is(file.caching, 7);
    const { object } = await nfs.lookup(root, 'leased');
    const handle = Buffer.from(object ?? Buffer.alloc(0));
    assert.is((await nfs.write(handle, 0, Buffer.from('over NFS'))).status, NFS3_OK);
    await until(() => file.caching === 0);
    assert.is(String(await file.read(0, 100)), 'over NFS');
    await file.write(0, Buffer.from('and back'));
    assert.is(String((await nfs.read(handle, 0, 100)).data), 'and back');
    await file.close();
  }));

test('a read over NFS waits until a writer has given its lease back, and leaves it the rest', () =>
  onBoth(async ({ nfs, root }, mount) => {
    const call = { name: 'read', disposition: FILE_OPEN_IF, caching: 'lease' } as const;
    const file = await SmbFile.open(mount, call);
    await file.write(0, Buffer.from('content'));
    const { object } = await nfs.lookup(root, 'read');
    assert.is(String((await nfs.read(Buffer.from(object ?? ''), 0, 100)).data), 'content');
    await until(() => (file.caching & 4) === 0);
    await file.close();
  }));

test('names, sizes and times are the same by both', () =>
  onBoth(async ({ nfs, root }, mount) => {
    const name = 'Größe – 大.TXT';
    const file = await SmbFile.open(mount, { name, disposition: FILE_CREATE });
    await file.write(0, Buffer.alloc(12_345, 'x'));
    await file.close();
    const found = await nfs.lookup(root, nameOfText(name));
    assert.is(found.status, NFS3_OK);
    const again = await SmbFile.open(mount, { name, disposition: FILE_OPEN });
    assert.is(found.attributes?.size, again.created.size);
    const { seconds = 0, nanoseconds = 0 } = found.attributes?.mtime ?? {};
    const filetime = BigInt(seconds) * 10_000_000n + BigInt(Math.floor(nanoseconds / 100));
    assert.is(again.created.lastWriteTime, filetime + FILETIME_1970);
    await again.close();
    await nfs.create(root, nameOfText('ÄPFEL'), 'guarded', { mode: 0o666 });
    const other = await SmbFile.open(mount, { name: 'äpfel', disposition: FILE_OPEN });
    await other.rename('Birnen');
    await other.close();
    assert.is((await nfs.lookup(root, 'Birnen')).status, NFS3_OK);
    assert.is.not((await nfs.lookup(root, nameOfText('ÄPFEL'))).status, NFS3_OK);
  }));

async function onBoth(work: (stage: Stage, mount: SmbMount) => Promise<void>): Promise<void> {
  await onStage({ ...LONE, ...WITH_SMB, address: ADDRESS }, async (stage) => {
    const target: SmbTarget = await smbTargetOf(stage.lab);
    const mount = new SmbMount({ target, dialect: 0x0311, isSealed: false });
    // The lab's export belongs to root, and so the share's root does.
    await stage.nfs.setattr(stage.root, { mode: 0o777 });
    try {
      await work(stage, mount);
    } finally {
      mount.close();
    }
  });
}

const LONE = { boxes: 1, backends: ['posix'], arbiter: 'alone' } as const;

/** What a watcher is told of `act`, which begins when the server has said that it watches. */
async function changesOf(mount: SmbMount, folder: SmbFile, act: () => Promise<unknown>) {
  let begin: () => void = () => {};
  const isWatched = new Promise<void>((done) => {
    begin = done;
  });
  const changes = awaitChanges(mount, folder.id, begin);
  await Promise.race([isWatched, changes]);
  await act();
  return changes;
}

async function until(isSo: () => boolean): Promise<void> {
  const end = performance.now() + WAIT_MS_MAX;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`not so within ${WAIT_MS_MAX} ms`);
    await sleep(5);
  }
}
