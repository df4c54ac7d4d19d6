/** The commands as an owner gives them, to a box that runs as a process of its own. */
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { accepted, MountClient, Nfs3Client } from '#plugins/protocol/nfs/client/nfs3-client.ts';
import { suite } from '../support/suite.ts';
import { openRpc } from '../takeover/stage.ts';
import { command, configure, freePorts, inFolder, LoneBox, type Ports } from './lone-box.ts';
import { type Outcome, outcomeOf, startUnderstudy, understudy } from './run-command.ts';

const test = suite('integration/commands', { secondsMax: 40 });

const ADDRESS = '127.0.20.90';
const DEFAULT_LINK_PORT = 2050;

if (await answers('127.0.0.1', DEFAULT_LINK_PORT)) {
  const reason = `port ${DEFAULT_LINK_PORT} is in use here; a box without box.toml takes it`;
  test.skip('serve without box.toml', reason);
} else {
  test('serve without box.toml: a box alone, named after its host, private to its owner', () =>
    inFolder(async (folder) => {
      const directory = join(folder, 'made/by/serve');
      const box = await LoneBox.start(directory);
      try {
        const { code, out } = await understudy('status', '--json', '--dir', directory);
        assert.is(code, 0);
        const status = JSON.parse(out) as Awaited<ReturnType<LoneBox['status']>>;
        assert.is(status.boxes.length, 1);
        assert.match(hostname().toLowerCase(), status.self.slice(0, 8));
        assert.is(statSync(directory).mode & 0o777, 0o700);
        assert.is(statSync(join(directory, 'control.sock')).mode & 0o777, 0o600);
      } finally {
        assert.is((await box.end()).code, 0);
      }
      assert.not.ok(existsSync(join(directory, 'control.sock')));
    }));
}

test('volumes, exports, addresses, users, shares: made, listed, kept over SIGKILL, removed', () =>
  inFolder(async (folder) => {
    const directory = join(folder, 'state');
    const data = join(folder, 'data');
    for (const path of [directory, data]) mkdirSync(path);
    const ports = await freePorts();
    configure(directory, 'box', ports);
    let box = await LoneBox.start(directory);
    try {
      await arrange(box, data);
      await refuse(box);
      await store(ports, 'kept', 'over SIGKILL');
      await box.end('SIGKILL');
      box = await LoneBox.start(directory);
      await listAll(box, data);
      assert.is(readFileSync(join(data, 'kept'), 'utf8'), 'over SIGKILL');
      await store(ports, 'more', 'afterwards');
      await removeAll(box);
      const { code } = await box.end();
      assert.is(code, 0);
    } finally {
      await box.end('SIGKILL');
    }
  }));

test('commands to a box that does not run say so', async () => {
  await inFolder(async (folder) => {
    for (const args of [['status'], ['volume', 'list'], ['move', '--to', 'b']]) {
      const { code, err } = await command(...args, '--dir', folder);
      assert.is(code, 1);
      assert.match(err, /^understudy: no box runs at .*control\.sock; start one with .*\n$/);
    }
  });
});

/** Gives the orders of README.md. */
async function arrange(box: LoneBox, data: string): Promise<void> {
  ok(await box.command('volume', 'create', 'files', '--backend', `box=posix:${data}`));
  ok(await box.command('volume', 'create', 'quick', '--backend', 'box=memory'));
  const networks = ['--networks', '127.0.0.0/8'];
  const open = ['--squash', 'no_root_squash', '--handles', 'issuer'];
  ok(await box.command('export', 'add', '/files', '--volume', 'files', ...networks, ...open));
  ok(await box.command('address', 'add', ADDRESS));
  await addUser(box);
  ok(
    await box.command('share', 'add', 'Family', '--volume', 'files', '--owner', 'ZOE', ...networks),
  );
  await listAll(box, data);
}

/** With a process of its own, whose standard input has the password. */
async function addUser(box: LoneBox): Promise<void> {
  const child = startUnderstudy('user', 'add', 'zoe', '--uid', '1234', '--dir', box.directory);
  const outcome = outcomeOf(child);
  child.stdin?.end('correct horse\n');
  const { code, out, err } = await outcome;
  assert.equal([code, out, err], [0, 'user zoe added, uid 1234\n', '']);
  const kept = readFileSync(join(box.directory, 'cluster.key'));
  assert.is(kept.length, 32);
  assert.is(statSync(join(box.directory, 'cluster.key')).mode & 0o777, 0o600);
}

async function listAll(box: LoneBox, data: string): Promise<void> {
  const json = async (...args: readonly string[]) =>
    JSON.parse((await box.command(...args, '--json')).out);
  const volumes = (await json('volume', 'list')) as { name: string; path: string }[];
  assert.equal(
    volumes.map(({ name, path }) => [name, path]),
    [
      ['files', data],
      ['quick', ''],
    ],
  );
  assert.equal(await json('export', 'list'), [
    {
      path: '/files',
      volume: 'files',
      networks: ['127.0.0.0/8'],
      squash: 'no_root_squash',
      readOnly: false,
      handles: 'issuer',
    },
  ]);
  assert.equal(await json('address', 'list'), [
    { address: ADDRESS, interface: '', held: true, condition: '' },
  ]);
  assert.equal(await json('user', 'list'), [
    { name: 'zoe', uid: 1234, gid: 1234, groups: [], disabled: false },
  ]);
  const [share] = (await json('share', 'list')) as { name: string; volume: string }[];
  assert.equal([share?.name, share?.volume], ['Family', 'files']);
  assert.match((await box.command('volume', 'list')).out, /^VOLUME +DURABILITY.*\nfiles +disk /);
  const findings = (await json('doctor')) as { level: string }[];
  assert.ok(findings.length > 3);
}

/** Each is refused in one sentence that says what to do, and changes nothing. */
async function refuse(box: LoneBox): Promise<void> {
  const before = await shape(box);
  const rows: readonly (readonly [args: readonly string[], code: number, sentence: RegExp])[] = [
    [['volume', 'create', 'files', '--backend', 'box=memory'], 1, /files.*exists/],
    [['volume', 'create', 'x', '--backend', 'box=posix:/nowhere/at/all'], 1, /does not exist/],
    [['volume', 'create', 'x', '--backend', 'box=floppy'], 1, /there are memory, posix/],
    [['volume', 'create', 'x', '--backend', 'other=memory'], 1, /no backend for box box/],
    [['volume', 'create', 'X Y', '--backend', 'box=memory'], 1, /'X Y': must be 1 to 32 of/],
    [['volume', 'create', 'x', '--backend', 'box=posix:here'], 2, /must be absolute/],
    [['export', 'add', '/x', '--volume', 'nix'], 1, /volume nix: does not exist/],
    [
      ['export', 'add', '/x', '--volume', 'files', '--networks', '10.0.0.0/99'],
      1,
      /network 10\.0\.0\.0\/99: not in CIDR form/,
    ],
    [['export', 'add', 'x', '--volume', 'files'], 1, /'x': must begin with a slash/],
    [['export', 'add', '/files', '--volume', 'files'], 1, /exists already; remove it first/],
    [['export', 'remove', '/nix'], 1, /\/nix/],
    [['address', 'add', '300.0.0.1'], 1, /300\.0\.0\.1: not an IPv4 or IPv6 address/],
    // An interface that no machine has, so that no network is asked: see address.test.ts for the rest.
    [
      ['address', 'add', '192.0.2.1', '--interface', 'none0'],
      1,
      /interface none0: this box has none of that name/,
    ],
    [['address', 'remove', '127.0.20.99'], 1, /127\.0\.20\.99/],
    [['move', '--to', 'nobody'], 1, /box nobody: not a member/],
    [['export', 'add', '/x'], 2, /volume/],
    [['share', 'add', 'FAMILY', '--volume', 'files'], 1, /share Family: exists already/],
    [['share', 'add', 'x', '--volume', 'files', '--folder', '/no'], 1, /has no folder \/no/],
    [['share', 'add', 'x', '--volume', 'files', '--owner', 'bob'], 1, /user bob: does not exist/],
    [['share', 'remove', 'nix'], 1, /share nix: does not exist/],
    [['user', 'remove', 'bob'], 1, /user bob: does not exist/],
    [['user', 'disable', 'bob'], 1, /user bob: does not exist/],
    [['volume', 'destroy', 'files'], 2, /destroy/],
  ];
  for (const [args, code, sentence] of rows) {
    const outcome = await box.command(...args);
    const what = `${args.join(' ')}: ${outcome.err}`;
    assert.is(outcome.code, code, what);
    assert.match(outcome.err, sentence, what);
    assert.is(outcome.err.trim().split('\n').length, 1, what);
    assert.is(outcome.out, '', what);
  }
  assert.equal(await shape(box), before);
}

async function shape(box: LoneBox) {
  const { volumes, exports, addresses, shares, users } = await box.status();
  return { volumes: volumes.map(({ name }) => name), exports, addresses, shares, users };
}

async function removeAll(box: LoneBox): Promise<void> {
  ok(await box.command('export', 'remove', '/files'));
  ok(await box.command('address', 'remove', ADDRESS));
  ok(await box.command('share', 'remove', 'family'));
  ok(await box.command('user', 'disable', 'Zoe'));
  assert.match((await box.command('user', 'list')).out, /zoe .*disabled/);
  ok(await box.command('user', 'remove', 'Zoe'));
  assert.match((await box.command('share', 'list')).out, /no shares yet/);
  assert.match((await box.command('user', 'list')).out, /no users yet/);
  assert.match((await box.command('export', 'list')).out, /no exports yet/);
  assert.match((await box.command('address', 'list')).out, /no addresses yet/);
}

/** Writes a file over NFS at the service address. */
async function store(ports: Ports, name: string, text: string): Promise<void> {
  const mounting = openRpc({ address: ADDRESS, port: ports.mount });
  const { handle, status } = await new MountClient(mounting).mnt('/files');
  mounting.close();
  if (handle === undefined) throw new Error(`MNT: mountstat3 ${status}`);
  const root = Buffer.from(handle);
  const nfs = new Nfs3Client(openRpc({ address: ADDRESS, port: ports.nfs }));
  const made = accepted('CREATE', await nfs.create(root, name, 'guarded'));
  accepted('WRITE', await nfs.write(made.object ?? root, 0, Buffer.from(text)));
  nfs.rpc.close();
}

function ok(outcome: Outcome): void {
  assert.is(outcome.code, 0, outcome.err);
}

function answers(address: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, address, () => socket.destroy());
    socket.once('error', () => done(false));
    socket.once('close', (hadError) => done(!hadError));
  });
}
