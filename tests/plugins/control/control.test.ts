import { existsSync, linkSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { AssertionError } from '#core/assert.ts';
import { CONTROL, type Control, REQUEST_SIZE_MAX } from '#core/control.ts';
import { Kernel } from '#core/kernel.ts';
import { SILENT } from '#core/log-line.ts';
import { STATS, type Stats } from '#core/stats.ts';
import { control } from '#plugins/control/plugin.ts';
import { suite } from '../../support/suite.ts';

const test = suite('control');

interface World {
  readonly path: string;
  readonly kernel: Kernel;
  readonly control: Control;
  readonly stats: Stats;
}

const timers = {
  now: () => performance.now(),
  after: (ms: number, run: () => void) => {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

function box(options: Record<string, unknown>): Kernel {
  return new Kernel({ plugins: [control], options: { control: options } }, { timers, log: SILENT });
}

/** Runs `body` with a control plugin at a socket of its own. */
async function withControl(
  body: (world: World) => Promise<void>,
  options: Record<string, unknown> = {},
): Promise<void> {
  await withFolder(async (folder) => {
    const path = join(folder, 'control.sock');
    const kernel = box({ path, ...options });
    await kernel.start();
    const { services } = kernel;
    try {
      await body({ path, kernel, control: services.get(CONTROL), stats: services.get(STATS) });
    } finally {
      await kernel.stop();
    }
  });
}

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-control-'));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes `text` and returns the lines that came back until the other end closed or `count` lines were there. */
function converse(path: string, text: string | Buffer, count: number): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket: Socket = createConnection(path, () => socket.write(text));
    const finish = (): void => {
      socket.destroy();
      resolve(
        received
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as unknown),
      );
    };
    socket.on('data', (bytes) => {
      received += bytes.toString();
      if (received.split('\n').length > count) finish();
    });
    socket.once('end', finish);
    socket.once('error', reject);
  });
}

async function rejection(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
}

test('a registered method answers, and what it throws becomes a sentence', () =>
  withControl(async ({ path, control }) => {
    control.method('double', (params) => (params as { n: number }).n * 2);
    control.method('refuse', async () => {
      throw new Error('volume films: there is none');
    });
    control.method('nothing', () => {});
    const requests = [
      '{"id":1,"method":"double","params":{"n":21}}',
      '{"id":2,"method":"refuse"}',
      '{"id":3,"method":"nothing"}',
      '{"id":4,"method":"duoble"}',
    ];
    const answers = await converse(path, `${requests.join('\n')}\n`, 4);
    const byId = (a: unknown, b: unknown) => (a as { id: number }).id - (b as { id: number }).id;
    assert.equal(answers.sort(byId), [
      { id: 1, result: 42 },
      { id: 2, error: 'volume films: there is none' },
      { id: 3, result: null },
      {
        id: 4,
        error: 'duoble: this box has no such method (did you mean double?), or is still starting',
      },
    ]);
  }));

test('a request cut anywhere, even inside a letter, arrives whole', () =>
  withControl(async ({ path, control }) => {
    control.method('echo', (params) => params);
    const request = Buffer.from('{"id":1,"method":"echo","params":"f\u00fcr Elise"}\n');
    for (let cut = 1; cut < request.length; cut += 1) {
      const socket = createConnection(path);
      const answer = new Promise<string>((resolve) => {
        socket.once('data', (bytes) => resolve(bytes.toString()));
      });
      socket.write(request.subarray(0, cut));
      await new Promise(setImmediate);
      socket.write(request.subarray(cut));
      assert.is(await answer, '{"id":1,"result":"f\u00fcr Elise"}\n');
      socket.destroy();
    }
  }));

test('what is no request is told so and the connection closed', () =>
  withControl(async ({ path }) => {
    const cases: readonly [string | Buffer, RegExp][] = [
      ['hello\n', /request: is not JSON/],
      ['{"method":"status"}\n', /request: id: /],
      ['{"id":1,"method":5}\n', /request: method: /],
      [Buffer.alloc(REQUEST_SIZE_MAX + 1, 0x61), /line: more than 65536 bytes/],
    ];
    for (const [text, expected] of cases) {
      const [answer, ...rest] = await converse(path, text, 99);
      assert.match((answer as { error: string }).error, expected);
      assert.equal(rest, []);
    }
  }));

test('a broken invariant inside a method is no answer that a box survives', async () => {
  const caught: unknown[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.once('uncaughtException', (error) => caught.push(error));
  try {
    await withControl(async ({ path, control }) => {
      control.method('break', () => {
        throw new AssertionError('position went back');
      });
      await converse(path, '{"id":1,"method":"break"}\n', 1);
    });
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
  assert.is((caught[0] as Error).message, 'position went back');
});

test('only the owner may open the socket, and it goes when the box stops', async () => {
  let place = '';
  await withControl(async ({ path }) => {
    place = path;
    assert.is(statSync(path).mode & 0o777, 0o600);
  });
  assert.is(existsSync(place), false);
});

test('the socket of a dead process is removed', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'control.sock');
    await leaveStale(path);
    assert.ok(statSync(path).isSocket());
    const kernel = box({ path });
    await kernel.start();
    assert.is(statSync(path).mode & 0o777, 0o600);
    await kernel.stop();
  }));

test('the socket of a live process is refused, and left alone', () =>
  withControl(async ({ path, control }) => {
    assert.match(await rejection(box({ path }).start()), 'a running process answers at');
    control.method('still', () => 'here');
    assert.equal(await converse(path, '{"id":1,"method":"still"}\n', 1), [
      { id: 1, result: 'here' },
    ]);
  }));

test('a file that is no socket, a missing folder and an endless path are refused in a sentence', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'notes.txt');
    writeFileSync(file, 'mine');
    assert.match(await rejection(box({ path: file }).start()), 'is there and is no socket');
    assert.ok(existsSync(file));
    assert.match(
      await rejection(box({ path: join(folder, 'none', 'c.sock') }).start()),
      /folder .*none does not exist; create it first/,
    );
    const long = join(folder, 'x'.repeat(120));
    assert.match(await rejection(box({ path: long }).start()), /a socket's at most 107/);
  }));

test('metrics show the process and what plugins count', async () => {
  const port = await freePort();
  await withControl(
    async ({ stats }) => {
      const calls = stats.counter('calls_total', 'Calls.', { procedure: 'READ' });
      stats.gauge('lag', 'Entries behind.', () => 7);
      calls.add(3);
      const url = `http://127.0.0.1:${port}`;
      const before = await (await fetch(`${url}/metrics`)).text();
      assert.match(before, 'understudy_calls_total{procedure="READ"} 3\n');
      assert.match(before, 'understudy_lag 7\n');
      assert.match(before, 'process_resident_memory_bytes');
      calls.add();
      stats.counter('calls_total', 'Calls.', { procedure: 'WRITE' });
      const after = await (await fetch(`${url}/metrics`)).text();
      assert.match(after, 'understudy_calls_total{procedure="READ"} 4\n');
      assert.match(after, 'understudy_calls_total{procedure="WRITE"} 0\n');
      assert.is((await fetch(`${url}/other`)).status, 404);
    },
    { metricsPort: port },
  );
});

test('a metrics port in use is a sentence, and the socket goes again', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'control.sock');
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    const sentence = await rejection(box({ path, metricsPort: port }).start());
    assert.match(sentence, `cannot listen at 127.0.0.1 port ${port}: `);
    assert.is(existsSync(path), false);
    server.close();
  }));

/** A socket file whose process is gone: what SIGKILL leaves. */
function leaveStale(path: string): Promise<void> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(`${path}.alive`, () => {
      // Closing takes only the name away that it was bound to, so another name of it stays behind.
      linkSync(`${path}.alive`, path);
      server.close(() => resolve());
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
