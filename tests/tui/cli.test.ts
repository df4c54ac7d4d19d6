import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { decodeRequest, encodeResponse, Lines, REQUEST_SIZE_MAX } from '#core/control.ts';
import type { Status } from '#core/status.ts';
import { run } from '#tui/cli.ts';
import type { Runner } from '#tui/runner.ts';
import { suite } from '../support/suite.ts';

const test = suite('tui/cli');

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** What the runner was asked for. */
  readonly asked: readonly unknown[];
}

async function understudy(
  line: string,
  environment: Record<string, string> = {},
  input = '',
): Promise<Outcome> {
  let out = '';
  let err = '';
  const asked: unknown[] = [];
  const note =
    (code: number) =>
    async (options: unknown): Promise<number> => {
      asked.push(options);
      return code;
    };
  const runner: Runner = {
    plugins: [],
    version: '1.2.3',
    wall: () => ({ seconds: 2_000_000_000, nanoseconds: 0 }),
    serve: note(0),
    witness: note(0),
    demo: note(1),
  };
  const terminal = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    input: {
      async *[Symbol.asyncIterator]() {
        yield input;
      },
    },
  };
  const words = line.split(' ').filter((word) => word !== '');
  const code = await run(words, runner, terminal, environment);
  return { code, out, err, asked };
}

type Answer = (method: string, params: unknown) => { result: unknown } | { error: string };

/** A box that answers as told, at `$UNDERSTUDY_CONTROL`. */
async function withBox(
  answer: Answer,
  body: (environment: Record<string, string>) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-cli-'));
  const path = join(folder, 'c.sock');
  const server = createServer((socket) => {
    const lines = new Lines(REQUEST_SIZE_MAX);
    socket.on('data', (bytes) => {
      for (const line of lines.push(bytes as Buffer)) {
        const { id, method, params } = decodeRequest(line);
        socket.write(encodeResponse({ id, ...answer(method, params) }));
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(path, () => resolve());
  });
  try {
    await body({ UNDERSTUDY_CONTROL: path });
  } finally {
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  }
}

const positions = { staged: 9, committed: 8, applied: 8, received: 9 };

const STATUS: Status = {
  cluster: { id: 'c1', name: 'home' },
  self: 'a',
  view: 3,
  committed: 8,
  arbiter: { mode: 'witness', condition: 'the witness answers' },
  boxes: [
    {
      name: 'a',
      address: '10.0.0.1',
      role: 'primary',
      up: true,
      inSync: true,
      primary: true,
      serving: true,
      positions,
      lag: 0,
      leaseMs: 120.4,
      sentence: '',
    },
    {
      name: 'b',
      address: '10.0.0.2',
      role: 'waiting',
      up: false,
      inSync: false,
      primary: false,
      serving: false,
      positions: { staged: 0, committed: 0, applied: 0, received: 5 },
      lag: 3,
      sentence: 'its cable is out\u001b[2J',
    },
  ],
  addresses: [{ address: '127.0.0.10', interface: '', held: true, condition: '' }],
  volumes: [
    {
      id: 1,
      name: 'files',
      durability: 'disk',
      backend: 'posix',
      path: '/srv/files',
      files: 12,
      sizeTotal: 2_000_000_000_000,
      sizeFree: 1024,
    },
  ],
  exports: [],
  shares: [
    {
      name: 'family',
      volume: 'files',
      readOnly: false,
      encrypted: true,
      comment: 'of us',
      networks: ['10.0.0.0/8'],
    },
  ],
  users: [{ name: 'zoe', uid: 1000, gid: 1000, groups: [100], disabled: false }],
  clients: [{ address: '10.0.0.9', protocol: 'nfs3', calls: 77 }],
  aside: [],
  statistics: {},
};

test('status is a table for people', () =>
  withBox(
    () => ({ result: STATUS }),
    async (environment) => {
      const { code, out } = await understudy('status', environment);
      assert.is(code, 0);
      assert.is(
        out,
        [
          'cluster home, view 3, committed 8, asked box a',
          'arbiter witness: the witness answers',
          '',
          'BOX  ADDRESS   ROLE     CONDITION         STAGED  COMMITTED  APPLIED  LAG   LEASE',
          'a    10.0.0.1  primary  in sync, serving       9          8        8    0  120 ms',
          'b    10.0.0.2  waiting  down                   0          0        0    3       -',
          'box b: its cable is out?[2J',
          '',
          'ADDRESS     INTERFACE   HERE  CONDITION',
          '127.0.0.10  (loopback)  yes   -',
          '',
          'VOLUME  DURABILITY  BACKEND           FILES     FREE       OF',
          'files   disk        posix:/srv/files     12  1.0 KiB  1.8 TiB',
          '',
          'SHARE   VOLUME  ACCESS       ENCRYPTED  NETWORKS    COMMENT',
          'family  files   read, write  demanded   10.0.0.0/8  of us',
          '',
          'USER   UID   GID  GROUPS  STATE',
          'zoe   1000  1000  100     may log on',
          '',
          'CLIENT    PROTOCOL  CALLS',
          '10.0.0.9  nfs3         77',
          '',
        ].join('\n'),
      );
    },
  ));

test('status is one line of JSON for programs', () =>
  withBox(
    () => ({ result: STATUS }),
    async (environment) => {
      const { out } = await understudy('status --json', environment);
      assert.equal(JSON.parse(out), STATUS);
      assert.is(out.split('\n').length, 2);
      assert.equal(
        JSON.parse((await understudy('volume list --json', environment)).out),
        STATUS.volumes,
      );
      assert.is((await understudy('export list', environment)).out, 'no exports yet\n');
    },
  ));

test('commands become methods with plain parameters', async () => {
  const asked: unknown[] = [];
  await withBox(
    (method, params) => {
      asked.push([method, params]);
      return { result: null };
    },
    async (environment) => {
      const lines = [
        'volume create files --backend a=posix:/srv/files --backend b=memory --durability memory',
        'export add /files --volume files --networks 10.0.0.0/8,fd00::/8 --squash all_squash --read-only',
        'export add /plain --volume files',
        'export remove /files',
        'address add 192.168.1.10 --interface eth0',
        'address remove 192.168.1.10',
        'move --to b',
      ];
      for (const line of lines) {
        const { code, err } = await understudy(line, environment);
        assert.is(code, 0, `${line}: ${err}`);
      }
    },
  );
  const plain = { squash: 'root_squash', readOnly: false, handles: 'generic' };
  assert.equal(asked, [
    [
      'volume.create',
      { name: 'files', backends: { a: 'posix:/srv/files', b: 'memory' }, durability: 'memory' },
    ],
    [
      'export.add',
      {
        path: '/files',
        volume: 'files',
        networks: ['10.0.0.0/8', 'fd00::/8'],
        squash: 'all_squash',
        readOnly: true,
        handles: 'generic',
      },
    ],
    ['export.add', { path: '/plain', volume: 'files', ...plain }],
    ['export.remove', { path: '/files' }],
    ['address.add', { address: '192.168.1.10', interface: 'eth0' }],
    ['address.remove', { address: '192.168.1.10' }],
    ['move', { to: 'b' }],
  ]);
});

test("the box's own sentence is the error", () =>
  withBox(
    () => ({ error: 'box c: not a member; members are a, b' }),
    async (environment) => {
      const { code, out, err } = await understudy('move --to c', environment);
      assert.is(code, 1);
      assert.is(out, '');
      assert.is(err, 'understudy: box c: not a member; members are a, b\n');
    },
  ));

test('no box, and what is no box, are told in a sentence', async () => {
  const { code, err } = await understudy('status --control /nonexistent/control.sock');
  assert.is(code, 1);
  assert.match(err, 'no box runs at /nonexistent/control.sock; start one with "understudy serve"');
  await withBox(
    () => {
      throw new Error('not reached');
    },
    async ({ UNDERSTUDY_CONTROL: path = '' }) => {
      const folder = path.replace('/c.sock', '');
      assert.match(
        (await understudy(`status --dir ${folder}`)).err,
        `no box runs at ${folder}/control.sock`,
      );
    },
  );
});

test('a command line that is not understood is one sentence and exit code 2', async () => {
  const cases: readonly [string, RegExp][] = [
    ['', /say what to do/],
    ['volume', /say create or list/],
    ['statsu', /status/],
    ['status --jsno', /[Uu]nknown argument: jsno/],
    ['move', /[Mm]issing required argument: to/],
    ['demo --handles big', /handles/],
    ['serve --dir /a --dir /b', /--dir is given more than once/],
    ['volume create x --backend posix:/srv', /must look like BOX=posix:\/PATH or BOX=memory/],
    ['volume create x --backend a=posix:srv', /must be absolute/],
    ['volume create x --backend a=posix:/srv/../etc', /must be absolute, without/],
    ['volume create x --backend a=memory --backend a=memory', /box a is named twice/],
  ];
  for (const [line, expected] of cases) {
    const { code, out, err } = await understudy(line);
    assert.is(code, 2, line);
    assert.is(out, '', line);
    assert.match(err, expected);
    assert.is(err.trimEnd().split('\n').length, 1, err);
  }
});

test('serve, witness and demo hand over what was said, and their exit code is the exit code', async () => {
  assert.equal((await understudy('serve --dir /srv/a --log-level debug')).asked, [
    { directory: '/srv/a', control: '/srv/a/control.sock', logLevel: 'debug' },
  ]);
  const environment = { UNDERSTUDY_DIR: '/srv/b', UNDERSTUDY_CONTROL: '/run/b.sock' };
  assert.equal((await understudy('serve', environment)).asked, [
    { directory: '/srv/b', control: '/run/b.sock', logLevel: undefined },
  ]);
  assert.equal((await understudy('witness --dir /srv/w')).asked, [
    { directory: '/srv/w', logLevel: undefined },
  ]);
  const demo = await understudy('demo --once --source /etc');
  assert.is(demo.code, 1);
  assert.equal(demo.asked, [
    {
      source: '/etc',
      directory: undefined,
      once: true,
      address: '127.0.0.10',
      handles: 'generic',
      durability: 'memory',
    },
  ]);
});

test('help and version go to standard output', async () => {
  const help = await understudy('volume create --help');
  assert.is(help.code, 0);
  assert.match(help.out, '--durability');
  assert.equal(help.asked, []);
  assert.is((await understudy('--version')).out, '1.2.3\n');
});

test('users and shares are ordered of the box as they were typed', async () => {
  const asked: [string, unknown][] = [];
  const answer = (method: string, params: unknown) => {
    asked.push([method, params]);
    return { result: method === 'status' ? STATUS : { name: 'zoe', uid: 1000 } };
  };
  await withBox(answer, async (environment) => {
    const say = (line: string, input?: string) => understudy(line, environment, input);
    const added = await say('user add zoe --uid 1000 --groups 100,50', 'correct horse\n');
    assert.equal([added.code, added.out, added.err], [0, 'user zoe added, uid 1000\n', '']);
    await say('user password zoe', 'another one\n');
    await say('user disable zoe');
    await say('user enable zoe');
    await say('user remove zoe');
    await say('share add family --volume files --folder /us --owner zoe --mode 0770 --encrypted');
    await say('share remove family');
    const list = await say('user list');
    assert.match(list.out, /zoe +1000 +1000 +100 +may log on/);
    assert.match((await say('share list')).out, /family +files +read, write +demanded/);
    assert.equal(JSON.parse((await say('share list --json')).out), STATUS.shares);
    assert.match((await say('status')).out, /SHARE[\s\S]*family[\s\S]*USER[\s\S]*zoe/);
  });
  const orders = asked.filter(([method]) => method !== 'status');
  assert.equal(orders, [
    ['user.add', { name: 'zoe', password: 'correct horse', uid: 1000, groups: [100, 50] }],
    ['user.password', { name: 'zoe', password: 'another one' }],
    ['user.able', { name: 'zoe', disabled: true }],
    ['user.able', { name: 'zoe', disabled: false }],
    ['user.remove', { name: 'zoe' }],
    [
      'share.add',
      {
        name: 'family',
        volume: 'files',
        folder: '/us',
        readOnly: false,
        encrypted: true,
        comment: '',
        owner: 'zoe',
        mode: 0o770,
      },
    ],
    ['share.remove', { name: 'family' }],
  ]);
});

test('a password is no argument, and what makes no sense is not ordered', async () => {
  const answer = () => ({ error: 'was asked' });
  await withBox(answer, async (environment) => {
    const wrong = (line: string) => understudy(line, environment, 'x\n');
    assert.is((await wrong('user add zoe secret')).code, 2);
    assert.is((await wrong('user add zoe --password secret')).code, 2);
    assert.match((await wrong('user add zoe --groups a')).err, /--groups: a: not a number/);
    assert.match((await wrong('share add f --volume v --mode 9')).err, /--mode: 9: not three/);
    assert.match((await wrong('user')).err, /say add, list, password/);
  });
});
