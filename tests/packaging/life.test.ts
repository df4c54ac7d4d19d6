/** The life of a process: what systemd hears, what signals do, and how a box comes back from a crash. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { accepted } from '#plugins/protocol/nfs/client/nfs3-client.ts';
import { configure, freePorts, inFolder } from '../integration/lone-box.ts';
import { Datagrams } from '../plugins/host/datagrams.ts';
import { program } from '../support/program.ts';
import { suite } from '../support/suite.ts';
import { onStage } from '../takeover/stage.ts';

const test = suite('packaging/life', { secondsMax: 60 });

/** Milliseconds from SIGTERM to the end of the process. */
const END_MS_MAX = 5_000;
const WAIT_MS_MAX = 20_000;
/** Milliseconds for which a client may wait in a planned move, on a machine that is busy with tests. */
const MOVE_STALL_MS_MAX = 1_000;

test('SIGTERM hands the service over, and the process ends within 5 s; back, it is in sync', () =>
  onStage({ address: '127.0.20.140' }, async ({ lab, nfs, root }) => {
    const first = (await lab.serving()) ?? '';
    const { object } = accepted('CREATE', await nfs.create(root, 'before', 'guarded'));
    const handle = Buffer.from(object ?? root);
    const { view } = await lab.status(first);
    const calls = keepCalling(async () => {
      accepted('GETATTR', await nfs.getattr(handle));
    });
    const started = performance.now();
    await lab.end(first);
    assert.ok(performance.now() - started < END_MS_MAX);
    const second = lab.plan.boxes.find(({ name }) => name !== first)?.name ?? '';
    await until(async () => (await lab.serving()) === second);
    await calls.stop();
    assert.ok(nfs.rpc.stallMsMax < MOVE_STALL_MS_MAX, `a stall of ${nfs.rpc.stallMsMax} ms`);
    // One view for the move; a takeover would need another to leave the dead one out first.
    const log = readFileSync(lab.plan.options.log ?? '', 'utf8');
    assert.match(log, new RegExp(`box ${second} serves now`));
    assert.ok((await lab.status(second)).view > view);
    await lab.restart(first);
    await lab.settled();
    accepted('LOOKUP', await nfs.lookup(root, 'before'));
  }));

test('a whole cluster that is told to end does so, each process within 5 s', () =>
  onStage({ address: '127.0.20.150' }, async ({ lab }) => {
    const started = performance.now();
    await lab.stop();
    assert.ok(performance.now() - started < END_MS_MAX);
  }));

test('a partner that hangs keeps nobody longer than that either', () =>
  onStage({ address: '127.0.20.160' }, async ({ lab }) => {
    const first = (await lab.serving()) ?? '';
    const second = lab.plan.boxes.find(({ name }) => name !== first)?.name ?? '';
    lab.freeze(second);
    const started = performance.now();
    await lab.end(first);
    assert.ok(performance.now() - started < END_MS_MAX);
    lab.thaw(second);
  }));

test('systemd hears when it serves, that it lives, and that it stops', () =>
  inFolder(async (folder) => {
    configure(folder, 'box', await freePorts());
    const path = join(folder, 'notify');
    const systemd = new Datagrams(path);
    const box = serve(folder, { NOTIFY_SOCKET: path, WATCHDOG_USEC: '300000' });
    const heard: string[] = [];
    const hear = (line: string) =>
      until(() => {
        heard.push(...systemd.take());
        return heard.includes(line);
      });
    try {
      await hear('READY=1');
      await hear('WATCHDOG=1');
      await box.end();
      heard.push(...systemd.take());
      assert.is(heard[0], 'READY=1');
      assert.is(heard.at(-1), 'STOPPING=1');
    } finally {
      await box.end();
      systemd.close();
    }
  }));

test('SIGHUP reads box.toml again: what can change does, the rest is named, a mistake changes nothing', () =>
  inFolder(async (folder) => {
    configure(folder, 'box', await freePorts());
    const file = join(folder, 'box.toml');
    const before = readFileSync(file, 'utf8');
    const box = serve(folder);
    try {
      await box.says(/serves now/);
      appendFileSync(file, '[plugin.host]\nlogLevel = "debug"\n');
      box.child.kill('SIGHUP');
      await box.says(/box\.toml was read again"/);
      appendFileSync(file, '[plugin.control]\nmetricsPort = 9\n');
      box.child.kill('SIGHUP');
      await box.says(/box\.toml was read again; at the next start: plugin\.control"/);
      writeFileSync(file, 'name = 3');
      box.child.kill('SIGHUP');
      await box.says(/box\.toml was not read again: .*box\.toml: name: /);
      writeFileSync(file, before);
      assert.is(box.child.exitCode, null);
    } finally {
      assert.is(await box.end(), 0);
    }
  }));

function serve(directory: string, environment: Readonly<Record<string, string>> = {}) {
  const { command, args } = program;
  const child = spawn(command, [...args, 'serve', '--dir', directory], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let said = '';
  child.stderr.on('data', (bytes) => {
    said += String(bytes);
  });
  return {
    child,
    says: (line: RegExp) => until(() => line.test(said)),
    async end(): Promise<number | null> {
      if (child.exitCode !== null) return child.exitCode;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      return child.exitCode;
    },
  };
}

/** One call after the other, until told to stop; what one throws is thrown then. */
function keepCalling(call: () => Promise<void>) {
  let goes = true;
  const done = (async () => {
    while (goes) {
      await call();
      await sleep(5);
    }
  })();
  // Looked at by `stop`, which may come later.
  done.catch(() => {});
  return {
    stop() {
      goes = false;
      return done;
    },
  };
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + WAIT_MS_MAX;
  while (!(await holds())) {
    assert.ok(performance.now() < end, `not within ${WAIT_MS_MAX} ms`);
    await sleep(20);
  }
}
