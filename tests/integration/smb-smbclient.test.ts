/** Samba's smbclient at a lab: what a person does with it, in each dialect, signed and encrypted. */
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { SmbTarget } from '../lab/smb-target.ts';
import { suite } from '../support/suite.ts';
import { onSmbShare } from './smb-share.ts';
import { Smbclient, smbclientPath, WAYS, type Way } from './smbclient.ts';

const test = suite('integration/smb-smbclient', { secondsMax: 90 });

const ADDRESS = '127.0.20.60';
/** Bytes of a file: several of the largest reads and writes, and a last short one. */
const SIZE = 3_000_001;
const NOTIFY_MS_MAX = 10_000;

if (smbclientPath === undefined) {
  test.skip('smbclient', 'not installed; Debian has it in a package of that name');
} else {
  test('files and folders come and go in each dialect, signed and encrypted', () =>
    onSmbShare(ADDRESS, async (target, folder) => {
      await listed(new Smbclient(target, folder));
      for (const way of WAYS) await worked(target, folder, way);
    }));
  test('a wrong password, an unknown user and an unknown share are refused', () =>
    onSmbShare(ADDRESS, refused));
  test('a change shows to who waits for one', () => onSmbShare(ADDRESS, notified));
}

async function listed(client: Smbclient): Promise<void> {
  for (const way of WAYS) {
    const { code, out, err } = await client.lists(way);
    assert.is(code, 0, `${way.dialect} ${way.protection}: ${out}${err}`);
    assert.match(out, /^\s+files\s+Disk/m);
    assert.match(out, /^\s+IPC\$\s+IPC/m);
  }
}

async function worked(target: SmbTarget, parent: string, way: Way): Promise<void> {
  const name = `${way.dialect}-${way.protection}`;
  const folder = join(parent, name);
  makeTree(folder);
  const client = new Smbclient(target, folder);
  const inFolder = (commands: string) => client.does(`cd ${name}; ${commands}`, way);
  await client.does(`mkdir ${name}`, way);
  await inFolder('put file; get file back');
  assert.is(sumOf(join(folder, 'back')), sumOf(join(folder, 'file')), name);
  await inFolder('recurse; prompt; mput tree');
  mkdirSync(join(folder, 'got'));
  await inFolder('lcd got; recurse; prompt; mget tree');
  assert.equal(sumsOf(join(folder, 'got/tree')), sumsOf(join(folder, 'tree')), name);
  assert.match(await inFolder('ls'), new RegExp(`^  file +A? +${SIZE} `, 'm'));
  const info = await inFolder('allinfo file');
  for (const row of [
    /^create_time: /m,
    /^write_time: /m,
    /^stream: \[::\$DATA\], 3000001 bytes/m,
  ]) {
    assert.match(info, row, name);
  }
  await inFolder('setmode file +rhs');
  assert.match(await inFolder('allinfo file'), /^attributes: A?R?.*\(7|27\)/m, name);
  await inFolder('setmode file -rhs');
  await inFolder('rename file moved');
  const names = await inFolder('ls');
  assert.match(names, /^ {2}moved /m);
  assert.not.match(names, /^ {2}file /m);
  await inFolder('del moved; deltree tree');
  assert.not.match(await inFolder('ls'), /moved|tree/);
  const gone = await client.tries(`cd ${name}; get moved`, way);
  assert.match(gone.out + gone.err, /NT_STATUS_OBJECT_NAME_NOT_FOUND/, name);
  await client.does(`rmdir ${name}`, way);
}

function makeTree(folder: string): void {
  mkdirSync(join(folder, 'tree/deep/deeper'), { recursive: true });
  const bytes = Buffer.alloc(SIZE);
  for (let at = 0; at + 4 <= SIZE; at += 4)
    bytes.writeUInt32LE(Math.imul(at, 0x9e37_79b1) >>> 0, at);
  writeFileSync(join(folder, 'file'), bytes);
  for (let index = 0; index < 12; index += 1) {
    const place = ['tree', 'tree/deep', 'tree/deep/deeper'][index % 3] ?? '';
    writeFileSync(join(folder, place, `Größe ${index}`), bytes.subarray(index, index * 9_000));
  }
}

function sumsOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => `${path.slice(folder.length)} ${sumOf(path)}`)
    .sort();
}

function sumOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

async function refused(target: SmbTarget, folder: string): Promise<void> {
  for (const way of WAYS) {
    const client = new Smbclient(target, folder);
    const { code, out, err } = await client.tries('ls', way, `${target.password}x`);
    assert.is(code, 1, way.dialect);
    assert.match(out + err, /NT_STATUS_LOGON_FAILURE/, way.dialect);
  }
  const stranger = new Smbclient({ ...target, user: 'nobody-here' }, folder);
  assert.match((await stranger.tries('ls')).out, /NT_STATUS_LOGON_FAILURE/);
  const elsewhere = new Smbclient({ ...target, share: 'no-such-share' }, folder);
  assert.match((await elsewhere.tries('ls')).out, /NT_STATUS_BAD_NETWORK_NAME/);
  await new Smbclient(target, folder).does('ls');
}

async function notified(target: SmbTarget, folder: string): Promise<void> {
  const client = new Smbclient(target, folder);
  await client.does('mkdir watched');
  const watcher = client.goesOn('notify watched');
  try {
    const shown = sayings(watcher);
    // Nothing says when the watcher waits: changes go on until one shows.
    const until = performance.now() + NOTIFY_MS_MAX;
    for (let turn = 0; !/made\d/.test(shown()) && performance.now() < until; turn += 1) {
      await client.does(`mkdir watched\\made${turn}`);
    }
    await client.does(
      'mkdir watched\\last; rename watched\\last watched\\renamed; rmdir watched\\renamed',
    );
    while (!/^0002 renamed/m.test(shown()) && performance.now() < until) await sleep(20);
    for (const row of [/^0001 last/m, /^0004 last/m, /^0005 renamed/m, /^0002 renamed/m]) {
      assert.match(shown(), row);
    }
  } finally {
    watcher.kill('SIGKILL');
    await once(watcher, 'close');
  }
}

/** What it has printed so far. */
function sayings(child: ChildProcess): () => string {
  let text = '';
  child.stdout?.on('data', (bytes) => {
    text += String(bytes);
  });
  return () => text;
}
