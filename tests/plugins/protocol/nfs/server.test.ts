import { type ChildProcess, execFile, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { Nfs3Client } from '#plugins/protocol/nfs/client/nfs3-client.ts';
import { read } from '#plugins/protocol/nfs/v3/read.ts';
import { exportRecord, FakeGroup } from '../../../support/fake-group.ts';
import { suite } from '../../../support/suite.ts';
import { call, callOf, NFS_NULL, RawPeer } from './raw.ts';
import { ALICE, freePorts, onStage, ROOT, Stage } from './stage.ts';

const test = suite('nfs/server');

test('a file is created, written, read and found again', () =>
  onStage(async (stage) => {
    const root = await stage.root();
    const nfs = stage.nfs();
    const file = (await nfs.create(root, 'hello')).object as Buffer;
    const big = randomBytes(1024 * 1024);
    assert.is((await nfs.write(file, 0, big)).count, big.length);
    assert.ok((await nfs.read(file, 0, big.length)).data.equals(big));
    assert.equal((await nfs.lookup(root, 'hello')).object, file);
    const listed = await nfs.list(root);
    assert.equal(
      listed.map(({ name }) => name),
      ['hello'],
    );
    const info = await nfs.fsinfo(root);
    assert.is(info.rtmax, 1024 * 1024);
    assert.is(info.properties, 0x1b);
    assert.is((await nfs.pathconf(root)).nameMax, 255);
    assert.ok((await nfs.fsstat(root)).space.sizeTotal > 0);
    const clients = stage.stats.rows().filter(({ name }) => name === 'client_calls_total');
    assert.equal(clients[0]?.labels, { address: '127.0.0.1', protocol: 'nfs3' });
    assert.ok((clients[0]?.value ?? 0) > 5);
  }));

test('root is squashed where the export says so, and everybody where it says that', () =>
  onStage(async (stage) => {
    const root = await stage.root();
    await stage.nfs().setattr(root, { mode: 0o777 });
    const uidOf = async (credential: typeof ROOT | undefined, name: string) =>
      (await stage.nfs(credential).create(root, name)).attributes?.uid;
    assert.is(await uidOf(ROOT, 'a'), 0);
    stage.group.register([exportRecord({ squash: 'root_squash' })]);
    assert.is(await uidOf(ROOT, 'b'), 65_534);
    assert.is(await uidOf(ALICE, 'c'), 1000);
    stage.group.register([exportRecord({ squash: 'all_squash' })]);
    assert.is(await uidOf(ALICE, 'd'), 65_534);
  }));

test('an export that is gone, read-only or for other networks is refused call by call', () =>
  onStage(async (stage) => {
    const root = await stage.root();
    const nfs = stage.nfs();
    stage.group.register([exportRecord({ readOnly: true })]);
    assert.is((await nfs.create(root, 'a')).status, 30);
    assert.is((await nfs.access(root, 0x1f)).access, 0x03);
    stage.group.register([exportRecord({ networks: ['10.0.0.0/8', 'fd00::/8', 'nonsense'] })]);
    assert.is((await nfs.getattr(root)).status, 13);
    stage.group.register([]);
    assert.is((await nfs.getattr(root)).status, 70);
    stage.group.register([exportRecord()]);
    assert.is((await nfs.getattr(root)).status, 0);
  }));

test('dot-dot of an export that is a folder stays in it', () =>
  onStage(async (stage) => {
    const nfs = stage.nfs();
    const made = await nfs.mkdir(await stage.root(), 'inner');
    const root = made.attributes?.fileid ?? 0;
    stage.group.register([exportRecord(), exportRecord({ id: 9, path: '/inner', root })]);
    const inner = await stage.root('/inner');
    const up = await nfs.lookup(inner, '..');
    assert.equal(up.object, inner);
    const page = await nfs.readdirplus(inner);
    assert.equal(
      page.names.map(({ id }) => id),
      [root, root],
    );
  }));

test('handles that were altered or are none are NFS3ERR_BADHANDLE', () =>
  onStage(async (stage) => {
    const root = await stage.root();
    const nfs = stage.nfs();
    for (let at = 0; at < root.length; at += 1) {
      const forged = Buffer.from(root);
      forged.writeUInt8(forged.readUInt8(at) ^ 1, at);
      assert.is((await nfs.getattr(forged)).status, 10_001, `byte ${at}`);
    }
    for (const size of [0, 1, 27, 29, 64]) {
      assert.is((await nfs.getattr(Buffer.alloc(size))).status, 10_001, `${size} bytes`);
    }
  }));

test('a port in use is told once and tried again', async () => {
  const [nfs = 0, mount = 0, portmap = 0] = await freePorts(3);
  const blocker = createServer();
  await new Promise<void>((done) => blocker.listen(nfs, '127.0.0.1', done));
  const group = new FakeGroup();
  const stage = new Stage(group, { nfs, mount, portmap });
  group.serve(true);
  await stage.mount().exports();
  await new Promise((done) => blocker.close(done));
  assert.is(stage.errors.length, 1);
  assert.match(stage.errors[0] ?? '', `cannot connect to 127.0.0.1 port ${nfs}`);
  const { attributes } = await stage.nfs().getattr(await stage.root());
  assert.is(attributes?.fileid, 1);
  stage.close();
});

test('a client that takes no replies is held back and the others are served', () =>
  onStage(async (stage) => {
    const root = await stage.root();
    const nfs = stage.nfs();
    const file = (await nfs.create(root, 'big')).object as Buffer;
    await nfs.write(file, 0, Buffer.alloc(1024 * 1024));
    const CALLS = 60;
    const greedy = new RawPeer(stage.ports.nfs);
    greedy.socket.pause();
    for (let xid = 0; xid < CALLS; xid += 1) {
      greedy.send(callOf(xid, read, { file, offset: 0, count: 1024 * 1024 }));
    }
    for (let round = 0; round < 50; round += 1) assert.is((await nfs.getattr(root)).status, 0);
    const { value } = stage.counters.read;
    assert.ok(value < (CALLS / 2) * 1024 * 1024, `${value} bytes read ahead`);
    greedy.socket.resume();
    for (let xid = 0; xid < CALLS; xid += 1) {
      assert.ok(((await greedy.reply())?.length ?? 0) > 1024 * 1024);
    }
    greedy.end();
  }));

test('many connections that begin a large record and stop do not keep others from theirs', () =>
  onStage(async (stage) => {
    const root = await stage.root();
    const nfs = stage.nfs();
    const idle = Array.from({ length: 40 }, () => new RawPeer(stage.ports.nfs));
    for (const peer of idle) peer.socket.write(Buffer.from('80100000', 'hex'));
    const file = (await nfs.create(root, 'a')).object as Buffer;
    assert.is((await nfs.write(file, 0, Buffer.alloc(1024 * 1024))).status, 0);
    for (const peer of idle) peer.end();
  }));

test('when there are too many connections the silent ones make room', () =>
  onStage(async (stage) => {
    const crowd = Array.from({ length: 530 }, () => new RawPeer(stage.ports.nfs));
    while (stage.server.connections < 500) await new Promise((later) => setTimeout(later, 10));
    // Two looks, a second each, tell who is silent.
    await new Promise((later) => setTimeout(later, 2200));
    const root = await stage.root();
    assert.is((await stage.nfs().getattr(root)).status, 0);
    assert.ok(stage.server.connections <= 528, `${stage.server.connections} connections`);
    for (const peer of crowd) peer.end();
  }));

test('a call that waits for its commit is dropped with its connection', () =>
  onStage(async (stage) => {
    const root = await stage.root();
    stage.group.holding = true;
    const client = stage.nfs();
    const lost = client.mkdir(root, 'd').catch((error: Error) => error.message);
    while (stage.group.sealed.length === 0) await new Promise((later) => setImmediate(later));
    client.rpc.close();
    assert.match(String(await lost), 'closed');
    stage.group.release();
    const peer = new RawPeer(stage.ports.nfs);
    assert.ok((await peer.ask(call(NFS_NULL))) !== undefined);
    peer.end();
  }));

/** Debian's own clients, where they are installed. */
function has(tool: string): boolean {
  const isThere = spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
  if (!isThere) process.stdout.write(`  skipped: ${tool} is not installed\n`);
  return isThere;
}

function run(tool: string, args: readonly string[]): Promise<Buffer> {
  return new Promise((done, fail) => {
    const options = { encoding: 'buffer', timeout: 4000, maxBuffer: 1 << 24 } as const;
    const child: ChildProcess = execFile(tool, args, options, (error, out, said) => {
      if (error) fail(new Error(`${tool}: ${error.message} ${said}`));
      else done(out);
    });
    child.stdin?.end();
  });
}

test('libnfs copies a file in and out', async () => {
  if (!has('nfs-cp') || !has('nfs-cat') || !has('nfs-ls')) return;
  const folder = mkdtempSync(join(tmpdir(), 'understudy-'));
  try {
    await onStage(async (stage) => {
      const ports = `nfsport=${stage.ports.nfs}&mountport=${stage.ports.mount}`;
      const url = (path: string) => `nfs://127.0.0.1/files${path}?${ports}`;
      await stage.nfs().setattr(await stage.root(), { mode: 0o777 });
      const data = randomBytes(3_000_000);
      writeFileSync(join(folder, 'source'), data);
      await run('nfs-cp', [join(folder, 'source'), url('/copied')]);
      const back = await run('nfs-cat', [url('/copied')]);
      const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
      assert.is(sum(back), sum(data));
      assert.match((await run('nfs-ls', [url('')])).toString(), /3000000 copied/);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('rpcinfo finds the programs at their ports', async () => {
  if (!has('rpcinfo')) return;
  await onStage(async (stage) => {
    const { ports } = stage;
    for (const port of Object.values(ports))
      await new Nfs3Client(stage.rpc(port)).null().catch(() => {});
    const address = (port: number) => `127.0.0.1.${port >> 8}.${port & 255}`;
    const ask = async (port: number, program: string, version: string) => {
      const out = await run('rpcinfo', ['-a', address(port), '-T', 'tcp', program, version]);
      assert.match(out.toString(), 'ready and waiting');
    };
    await ask(ports.nfs, '100003', '3');
    await ask(ports.mount, '100005', '3');
    await ask(ports.portmap, '100000', '4');
  });
});
