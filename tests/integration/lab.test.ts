/** The lab as outsiders use it: one line of JSON, boxes that can be killed and started again, and nothing left behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Status } from '#core/status.ts';
import { ask } from '#tui/control-client.ts';
import { bridgeLack } from '../lab/network.ts';
import { suite } from '../support/suite.ts';
import { outcomeOf } from './run-command.ts';

const test = suite('integration/lab', { secondsMax: 60 });

const LAB = resolve(import.meta.dirname, '../lab/lab.ts');
const START_MS_MAX = 30_000;
const running = new Set<ChildProcess>();

interface LabLine {
  readonly address: string;
  readonly export: string;
  readonly ports: Readonly<Record<'nfs' | 'mount' | 'portmap' | 'metrics', number>> & {
    readonly smb?: number;
  };
  readonly share?: string;
  readonly user?: { readonly name: string; readonly password: string };
  readonly boxes: readonly {
    readonly name: string;
    readonly pid: number;
    readonly address: string;
    readonly backend: string;
    readonly data: string | null;
    readonly control: string;
    readonly serving: boolean;
    readonly namespace?: string;
  }[];
  readonly witness: { readonly pid: number } | null;
  readonly client?: string;
}

interface RunningLab {
  readonly child: ChildProcess;
  readonly line: LabLine;
  /** All of standard output so far. */
  out(): string;
}

test('two labs at once: a line each, a killed box starts again, SIGTERM leaves nothing', () =>
  inFolder(async (folder) => {
    const [first, second] = [join(folder, 'first'), join(folder, 'second')];
    const labs = await Promise.all([
      startLab(first, '--address', '127.0.20.60', '--handles', 'issuer', '--durability', 'memory'),
      startLab(second, '--address', '127.0.20.70', '--boxes', '1'),
    ]);
    const [pair, single] = labs;
    assert.is(pair.line.address, '127.0.20.60');
    assert.equal(
      pair.line.boxes.map(({ name, backend, address, data }) => [name, backend, address, data]),
      [
        ['a', 'posix', '127.0.20.61', join(first, 'a/files')],
        ['b', 'memory', '127.0.20.62', null],
      ],
    );
    assert.is(single.line.boxes.length, 1);
    assert.is(single.line.witness, null);
    for (const { line } of labs) {
      for (const box of line.boxes) assert.match(commandOf(box.pid), /main\.ts\0serve\0/);
      assert.is(line.boxes.filter(({ serving }) => serving).length, 1);
    }
    await killAndReturn(pair.line, first);
    const again = await runLab('box', 'b', '--dir', first);
    assert.is(again.code, 1);
    assert.match(again.err, /box b: runs already/);
    for (const { child } of labs) child.kill('SIGTERM');
    await Promise.all(labs.map(({ child }) => once(child, 'exit')));
    for (const { child, out } of labs) {
      assert.is(child.exitCode, 0);
      assert.is(out().trim().split('\n').length, 1, 'one line on standard output');
    }
    assert.equal(processesOf(folder), []);
  }));

test('a lab with SMB says share and user, every box has the key, and a takeover leaves all of it', () =>
  inFolder(async (folder) => {
    const directory = join(folder, 'lab');
    const { child, line } = await startLab(
      directory,
      ...['--address', '127.0.20.110', '--protocols', 'nfs,smb', '--durability', 'memory'],
    );
    assert.equal([line.share, line.user?.name], ['files', 'lab']);
    assert.ok((line.user?.password.length ?? 0) >= 8 && (line.ports.smb ?? 0) > 1024);
    const keys = line.boxes.map(({ name }) => readFileSync(join(directory, name, 'cluster.key')));
    assert.is(keys.length, 2);
    assert.equal(keys[0], keys[1]);
    const [serving] = line.boxes.filter((box) => box.serving);
    const [other] = line.boxes.filter((box) => !box.serving);
    if (serving === undefined || other === undefined) throw new Error('not two boxes');
    process.kill(serving.pid, 'SIGKILL');
    await until(async () => {
      const status = (await ask(other.control, 'status', {})) as Status;
      return status.boxes.some(({ name, serving: does }) => name === other.name && does);
    });
    // Sealing demands that every box in sync has the key: the one that stepped in has it.
    await ask(other.control, 'user.password', { name: 'LAB', password: 'another one' });
    const status = (await ask(other.control, 'status', {})) as Status;
    assert.equal(
      [status.users.map(({ name }) => name), status.shares.map(({ name }) => name)],
      [['lab'], ['files']],
    );
    child.kill('SIGTERM');
    await once(child, 'exit');
    const plain = await startLab(
      join(folder, 'plain'),
      '--address',
      '127.0.20.115',
      '--boxes',
      '1',
    );
    assert.equal([plain.line.ports.smb, plain.line.share], [undefined, undefined]);
    plain.child.kill('SIGTERM');
    await once(plain.child, 'exit');
    assert.equal(processesOf(folder), []);
  }));

test('a lab that is told to end while it starts leaves nothing', () =>
  inFolder(async (folder) => {
    const child = spawnLab('--address', '127.0.20.80', '--dir', folder);
    const outcome = outcomeOf(child);
    while (processesOf(folder).length < 2) await sleep(10);
    child.kill('SIGTERM');
    const { code, out, err } = await outcome;
    assert.is(code, 0, err);
    assert.is(out, '');
    assert.equal(processesOf(folder), []);
  }));

test('a lab that cannot start says why in one sentence', () =>
  inFolder(async (folder) => {
    const noProtocol = runLab('--dir', join(folder, 'p'), '--protocols', 'nfs,afp');
    const noBox = runLab('box', 'a', '--dir', folder);
    const noAddress = runLab('--dir', join(folder, 'x'), '--address', '203.0.113.1');
    const noBoxes = runLab('--dir', join(folder, 'z'), '--boxes', '0');
    const noBackend = runLab('--dir', join(folder, 'y'), '--backends', 'floppy');
    for (const [outcome, sentence] of [
      [await noProtocol, /--protocols nfs,afp: afp is none of nfs, smb/],
      [await noBox, /no lab runs there/],
      [await noAddress, /address 203\.0\.113\.1: cannot be used here/],
      [await noBoxes, /boxes: 0; a lab has 1 to 7/],
      [await noBackend, /no backend "floppy"; there are memory, posix/],
    ] as const) {
      assert.is(outcome.code, 1);
      assert.is(outcome.out, '');
      assert.match(outcome.err, sentence);
    }
    assert.equal(processesOf(folder), []);
  }));

const bridge =
  'a lab on a bridge says where everybody is, obeys, and leaves nothing, also when it was killed';
const lack = bridgeLack();
if (lack !== undefined) test.skip(bridge, lack);
else {
  test(bridge, () =>
    inFolder(async (folder) => {
      const first = join(folder, 'first');
      const killed = await startLab(first, '--net', 'bridge');
      const { line } = killed;
      assert.is(line.address, '10.77.0.10');
      const spaces = [...line.boxes.map(({ namespace }) => namespace), line.client];
      for (const name of spaces) assert.ok(namespaces().includes(name ?? ''), name);
      for (const order of ['freeze', 'heal', 'cut', 'heal', 'power-off', 'box']) {
        const { code, err } = await runLab(order, 'b', '--dir', first);
        assert.is(code, 0, err);
      }
      assert.match((await runLab('cut', 'z', '--dir', first)).err, /box z: not in this lab/);
      killed.child.kill('SIGKILL');
      await once(killed.child, 'exit');
      for (const name of spaces) assert.ok(namespaces().includes(name ?? ''), name);
      const next = await startLab(join(folder, 'next'), '--net', 'bridge');
      for (const name of spaces) assert.not(namespaces().includes(name ?? ''), name);
      assert.equal(processesOf(first), []);
      next.child.kill('SIGTERM');
      await once(next.child, 'exit');
      for (const { namespace } of next.line.boxes)
        assert.not(namespaces().includes(namespace ?? ''));
      assert.equal(processesOf(folder), []);
    }),
  );
}

function namespaces(): readonly string[] {
  return readdirSync('/run/netns');
}

/** SIGKILL from outside, as tests of others do it, and the lab's own way back. */
async function killAndReturn(line: LabLine, folder: string): Promise<void> {
  const killed = line.boxes.find(({ serving }) => serving);
  const other = line.boxes.find(({ serving }) => !serving);
  assert.ok(killed && other);
  process.kill(killed.pid, 'SIGKILL');
  await until(async () => (await rowOf(other.control, other.name)).serving);
  const { code, out, err } = await runLab('box', killed.name, '--dir', folder);
  assert.is(code, 0, err);
  const back = JSON.parse(out) as { name: string; pid: number };
  assert.is(back.name, killed.name);
  assert.is.not(back.pid, killed.pid);
  assert.match(commandOf(back.pid), /main\.ts\0serve\0/);
  await until(async () => (await rowOf(other.control, killed.name)).inSync);
}

async function rowOf(control: string, name: string) {
  const { boxes } = (await ask(control, 'status')) as Status;
  const row = boxes.find((box) => box.name === name);
  assert.ok(row);
  return row;
}

async function startLab(directory: string, ...args: readonly string[]): Promise<RunningLab> {
  const child = spawnLab('--dir', directory, ...args);
  let text = '';
  let log = '';
  child.stderr?.on('data', (bytes) => {
    log += String(bytes);
  });
  child.stdout?.on('data', (bytes) => {
    text += String(bytes);
  });
  await until(() => text.includes('\n') || child.exitCode !== null);
  assert.is(child.exitCode, null, log);
  return { child, line: JSON.parse(text) as LabLine, out: () => text };
}

function spawnLab(...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [LAB, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

function runLab(...args: readonly string[]) {
  return outcomeOf(spawnLab(...args));
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + START_MS_MAX;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`not so within ${START_MS_MAX} ms`);
    await sleep(20);
  }
}

/** Processes whose command line names the folder. */
function processesOf(folder: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => commandOf(Number(pid)))
    .filter((command) => /\0(?:serve|witness)\0/.test(command) && command.includes(folder));
}

function commandOf(pid: number): string {
  const path = `/proc/${pid}/cmdline`;
  try {
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  } catch {
    // Ended between the two.
    return '';
  }
}

/** Labs that a failed test has left running are ended. */
async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-lab-'));
  try {
    await work(folder);
  } finally {
    const left = [...running];
    for (const child of left) child.kill('SIGTERM');
    await Promise.all(left.map((child) => once(child, 'exit')));
    rmSync(folder, { recursive: true, force: true });
  }
}
