/** What goes wrong before and while a box serves: one clear sentence, an exit code that says so, and nothing lost. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { accepted, MountClient, Nfs3Client } from '#plugins/protocol/nfs/client/nfs3-client.ts';
import { NFS3_OK, NFS3ERR_NOSPC } from '#plugins/protocol/nfs/v3/status.ts';
import { smallDisk } from '../support/small-disk.ts';
import { suite } from '../support/suite.ts';
import { openRpc } from '../takeover/stage.ts';
import { configure, freePorts, inFolder, LoneBox, type Ports } from './lone-box.ts';
import { type Outcome, understudy } from './run-command.ts';

const test = suite('integration/bad-input', { secondsMax: 40 });

const ADDRESS = '127.0.20.100';
const CHUNK_SIZE = 256 * 1024;
const MEBIBYTE = 1024 * 1024;
/** Bytes that are more than any of the small disks takes. */
const SIZE_MAX = 50 * MEBIBYTE;

test('a box.toml that is wrong names the file, the place and the mistake', () =>
  inFolder(async (folder) => {
    const rows: readonly (readonly [text: string, sentence: RegExp])[] = [
      ['name = "box', /box\.toml: not TOML at line 1: /],
      ['\0\x01\x02', /box\.toml: not TOML at line 1: /],
      ['name = "Box One"', /box\.toml: name: must be 1 to 32 of a-z, 0-9 and hyphen/],
      ['name = "box"\nlink-port = 70000', /box\.toml: link-port: /],
      ['name = "box"\ncolour = "red"', /box\.toml: colour: /],
      ['name = "box"\nmembers = ["box", "other"]', /arbiter: "alone" fits one box/],
      ['name = "box"\n[plugin."protocol/nfz"]', /protocol\/nfz: .*did you mean protocol\/nfs\?/],
      ['name = "box"\n[plugin."protocol/nfs"]\nnfsPort = "x"', /nfsPort: 'x' must be a number/],
    ];
    await inPairs(rows, async ([text, sentence], index) => {
      const directory = join(folder, String(index));
      mkdirSync(directory);
      writeFileSync(join(directory, 'box.toml'), `${text}\n`);
      refused(await understudy('serve', '--dir', directory), 1, sentence);
      assert.is(readFileSync(join(directory, 'box.toml'), 'utf8'), `${text}\n`);
    });
  }));

test('a port in use, a directory that cannot be made, options that do not exist', () =>
  inFolder(async (folder) => {
    const ports = await freePorts();
    const busy = await listen(ports.link);
    configure(folder, 'box', ports);
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const rows: readonly (readonly [args: readonly string[], code: number, sentence: RegExp])[] = [
      [['serve', '--dir', folder], 1, new RegExp(`127\\.0\\.0\\.1:${ports.link}: another process`)],
      [['serve', '--dir', join(file, 'x')], 1, /state directory .* cannot be made/],
      [['serve', '--dir'], 2, /dir; see "understudy --help"/],
      [['serve', '--log-level', 'loud'], 2, /log-level, Given: "loud", Choices: /],
      [['demo', '--source', join(folder, 'nowhere')], 1, /--source .*nowhere: does not exist/],
    ];
    await inPairs(rows, async ([args, code, sentence]) => {
      refused(await understudy(...args), code, sentence);
    });
    busy.close();
  }));

test('a second process on one state directory leaves the first alone', () =>
  inFolder(async (folder) => {
    const ports = await freePorts();
    configure(folder, 'box', ports);
    const box = await LoneBox.start(folder);
    try {
      const { pid } = box.child;
      const second = await understudy('serve', '--dir', folder);
      refused(second, 1, new RegExp(`in use by process ${pid}; stop that one`));
      assert.is((await box.status()).boxes[0]?.serving, true);
    } finally {
      await box.end();
    }
  }));

const small = smallDisk(1);
if (small === undefined) {
  test.skip('full disks', 'making small ones needs root and the right to mount');
} else {
  small.remove();
  test('a full disk below a volume is NOSPC to the client; what was acknowledged stays', () =>
    inFolder(async (folder) => {
      const disk = smallDisk(8 * MEBIBYTE);
      assert.ok(disk);
      const ports = await freePorts();
      configure(folder, 'box', ports);
      const box = await LoneBox.start(folder);
      try {
        await offer(box, `posix:${disk.path}`);
        await fillAndEmpty(ports);
        assert.is(box.child.exitCode, null);
      } finally {
        await box.end();
        disk.remove();
      }
    }));

  test('a full state directory is NOSPC as well, before the box itself is out of room', async () => {
    // 64 MiB of it are the reserve (core/limits.ts).
    const disk = smallDisk(84 * MEBIBYTE);
    assert.ok(disk);
    const ports = await freePorts();
    configure(disk.path, 'box', ports);
    let box = await LoneBox.start(disk.path);
    try {
      await offer(box, 'memory');
      await fillAndEmpty(ports);
      // Whatever takes the rest: an owner's order is refused as a client's call is.
      writeFileSync(join(disk.path, 'ballast'), Buffer.alloc(MEBIBYTE));
      const full = await box.command('volume', 'create', 'more', '--backend', 'box=memory');
      refused(full, 1, /volume more: the disk with the state directory has less than 64 MiB free/);
      await box.end('SIGKILL');
      box = await LoneBox.start(disk.path);
      const { names } = await read(ports);
      assert.equal(names, ['first']);
    } finally {
      await box.end();
      disk.remove();
    }
  });
}

async function offer(box: LoneBox, backend: string): Promise<void> {
  for (const args of [
    ['volume', 'create', 'files', '--backend', `box=${backend}`],
    ['export', 'add', '/files', '--volume', 'files', '--squash', 'no_root_squash'],
    ['address', 'add', ADDRESS],
  ]) {
    const { code, err } = await box.command(...args);
    assert.is(code, 0, err);
  }
}

/** Writes until it is refused, reads all of it back, removes a file, and sees that life goes on. */
async function fillAndEmpty(ports: Ports): Promise<void> {
  const { nfs, root } = await mount(ports);
  const first = await fileOf(nfs, root, 'first');
  accepted('WRITE', await nfs.write(first, 0, chunk(0)));
  const big = await fileOf(nfs, root, 'big');
  let [written, status] = [0, NFS3_OK];
  while (status === NFS3_OK && written < SIZE_MAX) {
    // Where a call before was answered short, this one is for the rest.
    const [index, from] = [Math.floor(written / CHUNK_SIZE), written % CHUNK_SIZE];
    const answer = await nfs.write(big, written, chunk(index).subarray(from));
    ({ status } = answer);
    written += answer.count;
  }
  assert.is(status, NFS3ERR_NOSPC);
  assert.ok(written > 2 * CHUNK_SIZE);
  for (let at = 0; at < written; at += CHUNK_SIZE) {
    const { data } = accepted('READ', await nfs.read(big, at, CHUNK_SIZE));
    const whole = chunk(at / CHUNK_SIZE);
    assert.ok(data.equals(whole.subarray(0, written - at)), `bytes from ${at}`);
  }
  accepted('REMOVE', await nfs.remove(root, 'big'));
  nfs.rpc.close();
  assert.equal((await read(ports)).names, ['first']);
}

/** The names in the root; what `first` holds is compared. */
async function read(ports: Ports): Promise<{ readonly names: readonly string[] }> {
  const { nfs, root } = await mount(ports);
  const listed = await nfs.list(root);
  const handle = listed.find(({ name }) => name === 'first')?.handle;
  const { data } = accepted('READ', await nfs.read(handle ?? root, 0, CHUNK_SIZE));
  assert.ok(data.equals(chunk(0)));
  nfs.rpc.close();
  return { names: listed.map(({ name }) => name) };
}

async function mount({ mount: port, nfs: nfsPort }: Ports) {
  const mounting = openRpc({ address: ADDRESS, port });
  const { handle, status } = await new MountClient(mounting).mnt('/files');
  mounting.close();
  if (handle === undefined) throw new Error(`MNT: mountstat3 ${status}`);
  const nfs = new Nfs3Client(openRpc({ address: ADDRESS, port: nfsPort }));
  return { nfs, root: Buffer.from(handle) };
}

async function fileOf(nfs: Nfs3Client, root: Buffer, name: string): Promise<Buffer> {
  const { object } = accepted(`CREATE ${name}`, await nfs.create(root, name, 'guarded'));
  return Buffer.from(object ?? root);
}

function chunk(index: number): Buffer {
  return Buffer.alloc(CHUNK_SIZE, `chunk ${index}|`);
}

function refused({ code, out, err }: Outcome, wanted: number, sentence: RegExp): void {
  assert.is(code, wanted, err);
  assert.is(out, '');
  assert.match(err, sentence);
  const ours = err.split('\n').filter((line) => line.startsWith('understudy: '));
  assert.is(ours.length, 1, err);
  assert.not.match(err, /^ +at /m, 'no stack');
}

/** Two processes at once: as many as the smallest machine has cores. */
async function inPairs<T>(
  rows: readonly T[],
  work: (row: T, index: number) => Promise<void>,
): Promise<void> {
  for (let index = 0; index < rows.length; index += 2) {
    const pair = rows.slice(index, index + 2);
    await Promise.all(pair.map((row, offset) => work(row, index + offset)));
  }
}

function listen(port: number): Promise<Server> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(port, '127.0.0.1', () => done(server));
  });
}
