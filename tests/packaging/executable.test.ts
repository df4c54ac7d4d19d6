/** The executable, built and then run alone in an empty folder, with nothing of this machine in its environment. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Status } from '#core/status.ts';
import { assemble } from '#packaging/executable/assemble.ts';
import { bundle } from '#packaging/executable/bundle.ts';
import { isSigned, signSums, writeSums } from '#packaging/executable/release.ts';
import { VERSION } from '#packaging/version.ts';
import { ask } from '#tui/control-client.ts';
import { configure, freePorts, inFolder } from '../integration/lone-box.ts';
import { type Outcome, outcomeOf } from '../integration/run-command.ts';
import { suite } from '../support/suite.ts';
import { build } from './built.ts';

const test = suite('packaging/executable', { secondsMax: 120 });

const ROOT = resolve(import.meta.dirname, '../..');
/** Bytes: what a page on a download site may promise. */
const SIZE_MAX = 150_000_000;
/** KiB of memory, idle. */
const RESIDENT_SIZE_MAX = 150 * 1000;
/** Milliseconds to serve, of the best of a few starts: this machine is busy with tests. */
const START_MS_MAX = 1_000;
const STARTS = 3;
/** None of what people set, and no Node.js in reach. */
const ENVIRONMENT = { PATH: '/nonexistent', NODE_OPTIONS: '--nonsense' };

test('it is small, and everything that is handed out with it is there', async () => {
  const { folder, executable, said } = await build();
  assert.ok(statSync(executable).size < SIZE_MAX);
  assert.match(said, /understudy-linux-\w+: [\d.]+ MB, [\d.]+ MB as zstd\n/);
  const name = `understudy-linux-${process.arch}`;
  const files = [name, `${name}.cdx.json`, `${name}.licences.txt`];
  const made = readdirSync(folder).filter((file) => !file.endsWith('.deb'));
  assert.equal(made.sort(), ['SHA256SUMS', ...files].sort());
  execFileSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: folder });
  const list = readFileSync(join(folder, `${name}.cdx.json`), 'utf8');
  const { bomFormat, components } = JSON.parse(list) as {
    readonly bomFormat: string;
    readonly components: readonly { readonly name: string }[];
  };
  assert.is(bomFormat, 'CycloneDX');
  const names = components.map((component) => component.name);
  for (const part of ['lmdb', 'koffi', `node-linux-${process.arch}`])
    assert.ok(names.includes(part));
  for (const other of ['typescript', 'esbuild']) assert.not.ok(names.includes(other));
  assert.match(
    readFileSync(join(folder, `${name}.licences.txt`), 'utf8'),
    /^valibot [\d.]+: MIT$/m,
  );
});

test('a second build has the same bytes', async () => {
  const { executable } = await build();
  await inFolder(async (folder) => {
    const [main, output] = [join(folder, 'other.cjs'), join(folder, 'second')];
    await bundle(ROOT, main);
    const modules = join(ROOT, 'node_modules');
    const architecture = process.arch as 'x64' | 'arm64';
    const write = process.stdout.write;
    process.stdout.write = () => true; // pkg tells what it does
    try {
      await assemble({ architecture, bundle: main, modules, output });
    } finally {
      process.stdout.write = write;
    }
    assert.ok(readFileSync(output).equals(readFileSync(executable)));
  });
});

test('alone in an empty folder: version, doctor, and a demo that leaves nothing behind', () =>
  alone(async (folder, understudy) => {
    assert.equal(await understudy('--version'), { code: 0, out: `${VERSION}\n`, err: '' });
    const doctor = await understudy('doctor', '--dir', folder);
    assert.is(doctor.code, 0, doctor.out + doctor.err);
    assert.match(doctor.out, /^ok +node +Node\.js 24\./m);
    const demo = await understudy('demo', '--once', '--address', '127.0.20.120');
    assert.is(demo.code, 0, demo.out + demo.err);
    assert.match(demo.out, /^Everything held\.$/m);
    assert.equal(readdirSync(folder), ['understudy']);
  }));

test('it serves within a second, in little memory, and ends when told', () =>
  alone(async (folder) => {
    const directory = join(folder, 'state');
    mkdirSync(directory);
    configure(directory, 'box', await freePorts());
    const starts: number[] = [];
    for (let start = 0; start < STARTS; start += 1) {
      const box = await serve(folder, directory);
      starts.push(box.ms);
      const control = join(directory, 'control.sock');
      if (start === 0) {
        await ask(control, 'volume.create', { name: 'v', backends: { box: 'memory' } });
      }
      assert.is(((await ask(control, 'status')) as Status).volumes.length, 1);
      const [, resident = ''] =
        /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${box.child.pid}/status`, 'utf8')) ?? [];
      assert.ok(Number(resident) < RESIDENT_SIZE_MAX, `${resident} KiB`);
      const ended = once(box.child, 'exit');
      box.child.kill('SIGTERM');
      assert.equal(await ended, [0, null]);
    }
    assert.ok(Math.min(...starts) < START_MS_MAX, `${starts.map(Math.round)} ms`);
  }));

test('sums are signed with a key of Ed25519 and no other', () =>
  inFolder(async (folder) => {
    const make = (algorithm: string) =>
      execFileSync('openssl', ['genpkey', '-algorithm', algorithm], { encoding: 'utf8' });
    const [key, other] = [make('ed25519'), make('ed25519')];
    const file = join(folder, 'file');
    copyFileSync(import.meta.filename, file);
    writeSums(folder, [file]);
    signSums(folder, key);
    assert.ok(isSigned(folder, key));
    assert.not.ok(isSigned(folder, other));
    assert.throws(() => signSums(folder, make('x25519')), /key: is x25519, must be ed25519/);
  }));

type Understudy = (...args: readonly string[]) => Promise<Outcome>;

async function alone(work: (folder: string, understudy: Understudy) => Promise<void>) {
  const { executable } = await build();
  await inFolder(async (folder) => {
    copyFileSync(executable, join(folder, 'understudy'));
    await work(folder, (...args) => outcomeOf(start(folder, ...args), 60_000));
  });
}

function start(folder: string, ...args: readonly string[]): ChildProcess {
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  return spawn('./understudy', args, { cwd: folder, env: ENVIRONMENT, stdio: [...stdio] });
}

/** Resolves when it serves, with the milliseconds that took. */
async function serve(folder: string, directory: string) {
  const startedAt = performance.now();
  const child = start(folder, 'serve', '--dir', directory);
  const control = join(directory, 'control.sock');
  for (;;) {
    const status = (await ask(control, 'status').catch(() => undefined)) as Status | undefined;
    if (status?.boxes[0]?.serving === true) return { child, ms: performance.now() - startedAt };
    assert.is(child.exitCode, null, 'it has ended');
    await sleep(10);
  }
}
