/** Clients that others wrote, at the service address, before and after the box behind it was killed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { LabPlan } from '#packaging/lab/plan.ts';
import { suite } from '../support/suite.ts';
import { onStage, type Stage } from '../takeover/stage.ts';
import { installed, runProgram } from './run-command.ts';

const test = suite('integration/real-clients', { secondsMax: 60 });

const ADDRESS = '127.0.20.50';
/** Port where clients that cannot be told another look for the port mapper. */
const PORTMAP_PORT = 111;
/** Milliseconds for a copy to begin, and for the other box to serve. */
const WAIT_MS_MAX = 10_000;
/** Bytes of a file: a copy that takes long enough to be cut in two. */
const SIZE = 24_000_000;
const TOOLS = ['nfs-ls', 'nfs-cp', 'nfs-cat', 'rpcinfo', 'showmount'] as const;

type Tool = (typeof TOOLS)[number];

const tools = new Map(TOOLS.map((tool) => [tool, installed(tool)]));
const hasPortmap = await canListen(ADDRESS, PORTMAP_PORT);

if (has('nfs-ls', 'nfs-cp', 'nfs-cat')) {
  test('files come and go with nfs-cp, nfs-ls and nfs-cat, across a takeover', () =>
    onStage(options(), async (stage) => {
      const folder = mkdtempSync(join(tmpdir(), 'understudy-clients-'));
      try {
        await copyAcross(stage, folder);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
      if (hasPortmap && has('rpcinfo')) await askRpcinfo();
      if (hasPortmap && has('showmount')) await askShowmount();
    }));
} else {
  test.skip('nfs-cp, nfs-ls, nfs-cat', 'not installed; Debian has them in libnfs-utils');
}
for (const tool of ['rpcinfo', 'showmount'] as const) {
  if (!has(tool)) test.skip(tool, 'not installed; Debian has it in rpcbind and nfs-common');
  else if (!hasPortmap) {
    test.skip(tool, `it asks port ${PORTMAP_PORT} only, which needs root and must be free`);
  }
}

function options() {
  const ports = { nfs: 0, mount: 0, portmap: hasPortmap ? PORTMAP_PORT : 0, smb: 0, metrics: 0 };
  return { address: ADDRESS, ports };
}

async function copyAcross({ lab, root, nfs }: Stage, folder: string): Promise<void> {
  // The tools claim to be whoever runs them.
  await nfs.setattr(root, { mode: 0o777 });
  const bytes = Buffer.alloc(SIZE, 'across a takeover ');
  const local = join(folder, 'local');
  writeFileSync(local, bytes);
  await ask('nfs-cp', local, url(lab.plan, 'before'));
  await check(lab.plan, folder, ['before'], bytes);
  const copying = ask('nfs-cp', local, url(lab.plan, 'during'));
  await until(async () => ((await nfs.lookup(root, 'during')).attributes?.size ?? 0) > 0);
  await lab.kill('a');
  assert.match(await copying, new RegExp(`${SIZE} bytes`));
  // On one machine an address without a box refuses, where a LAN would be silent; who mounts then does not try again.
  const { address, ports } = lab.plan.options;
  await until(() => connects(address, ports.nfs));
  await until(() => connects(address, ports.mount));
  await ask('nfs-cp', local, url(lab.plan, 'after'));
  await check(lab.plan, folder, ['after', 'before', 'during'], bytes);
}

async function check(
  plan: LabPlan,
  folder: string,
  names: readonly string[],
  bytes: Buffer,
): Promise<void> {
  const listing = await ask('nfs-ls', url(plan, ''));
  const rows = listing
    .trim()
    .split('\n')
    .map((line) => line.split(/\s+/));
  assert.equal(rows.map((row) => row.at(-1)).sort(), [...names]);
  for (const row of rows) assert.is(row.at(-2), String(bytes.length));
  for (const name of names) {
    const back = join(folder, 'back');
    await ask('nfs-cp', url(plan, name), back);
    assert.ok(readFileSync(back).equals(bytes), name);
    rmSync(back);
    assert.ok((await ask('nfs-cat', url(plan, name))) === bytes.toString(), name);
  }
}

async function askRpcinfo(): Promise<void> {
  const listed = await ask('rpcinfo', '-p', ADDRESS);
  for (const row of [/100003 +3 +tcp/, /100005 +3 +tcp/, /100000 +2 +tcp/])
    assert.match(listed, row);
  assert.match(await ask('rpcinfo', '-T', 'tcp', ADDRESS, '100003', '3'), /ready and waiting/);
}

async function askShowmount(): Promise<void> {
  assert.match(await ask('showmount', '-e', ADDRESS), /^\/files /m);
}

/** What it printed. */
async function ask(tool: Tool, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await runProgram(tools.get(tool) ?? tool, args);
  assert.is(code, 0, `${tool} ${args.join(' ')}: ${err}`);
  return out;
}

function url({ options: { address, ports } }: LabPlan, name: string): string {
  return `nfs://${address}/files/${name}?nfsport=${ports.nfs}&mountport=${ports.mount}`;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + WAIT_MS_MAX;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`not so within ${WAIT_MS_MAX} ms`);
    await sleep(2);
  }
}

function connects(address: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, address, () => socket.destroy());
    socket.once('error', () => done(false));
    socket.once('close', (hadError) => done(!hadError));
  });
}

function has(...names: readonly Tool[]): boolean {
  return names.every((name) => tools.get(name) !== undefined);
}

function canListen(address: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, address, () => server.close(() => done(true)));
  });
}
