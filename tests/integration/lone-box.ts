/** One box as its owner has it: a process with a state directory, asked by the commands of this program. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Status } from '#core/status.ts';
import { boxPlugins } from '#plugins/index.ts';
import { run } from '#tui/cli.ts';
import { ask } from '#tui/control-client.ts';
import { type Outcome, outcomeOf, startUnderstudy } from './run-command.ts';

/** Milliseconds for a box to serve, on a machine that is busy with tests. */
const START_MS_MAX = 20_000;

/** Milliseconds for a box to stop: what its kernel gives the slowest plugin, and a little for the others. */
const STOP_MS_MAX = 15_000;

export interface Ports {
  readonly link: number;
  readonly nfs: number;
  readonly mount: number;
  readonly portmap: number;
  readonly smb: number;
}

export class LoneBox {
  readonly directory: string;
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;

  private constructor(directory: string) {
    this.directory = directory;
    this.child = startUnderstudy('serve', '--dir', directory);
    this.ended = outcomeOf(this.child, Number.POSITIVE_INFINITY);
  }

  /** Resolves when it serves; rejects with what it said when it ends instead. */
  static async start(directory: string): Promise<LoneBox> {
    const box = new LoneBox(directory);
    const until = performance.now() + START_MS_MAX;
    while (performance.now() < until) {
      if (box.child.exitCode !== null) throw new Error((await box.ended).err);
      const status = await box.status().catch(() => undefined);
      if (status?.boxes[0]?.serving === true) return box;
      await sleep(20);
    }
    await box.end('SIGKILL');
    throw new Error(`${directory}: does not serve within ${START_MS_MAX} ms`);
  }

  status(): Promise<Status> {
    return ask(join(this.directory, 'control.sock'), 'status') as Promise<Status>;
  }

  /** `understudy ARGS --dir DIR`, without a process for each. */
  command(...args: readonly string[]): Promise<Outcome> {
    return command(...args, '--dir', this.directory);
  }

  /** Rejects, with the process gone all the same, when it does not stop as it was told to. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<Outcome> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const gone = once(this.child, 'exit');
      this.child.kill(signal);
      const late = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS_MAX);
      const [, by] = await gone;
      clearTimeout(late);
      if (by !== signal && by === 'SIGKILL')
        throw new Error(`${signal}: did not stop by itself in ${STOP_MS_MAX} ms`);
    }
    return this.ended;
  }
}

/** The command line in this process. */
export async function command(...args: readonly string[]): Promise<Outcome> {
  const said = { out: '', err: '' };
  const never = (): Promise<number> => Promise.reject(new Error('starts a process of its own'));
  const runner = {
    plugins: boxPlugins('alone'),
    version: '0',
    wall: () => ({ seconds: Math.floor(Date.now() / 1000), nanoseconds: 0 }),
    serve: never,
    witness: never,
    demo: never,
  };
  const terminal = {
    out: (text: string) => {
      said.out += text;
    },
    err: (text: string) => {
      said.err += text;
    },
  };
  const code = await run(args, runner, terminal, {});
  return { code, ...said };
}

/** A box.toml for a box that is alone, with ports that nobody else has. */
export function configure(directory: string, name: string, ports: Ports): void {
  const lines = [
    `name = "${name}"`,
    `link-port = ${ports.link}`,
    '[plugin."protocol/nfs"]',
    `nfsPort = ${ports.nfs}`,
    `mountPort = ${ports.mount}`,
    `portmapPort = ${ports.portmap}`,
    '[plugin."protocol/smb"]',
    `smbPort = ${ports.smb}`,
  ];
  writeFileSync(join(directory, 'box.toml'), `${lines.join('\n')}\n`);
}

export async function freePorts(): Promise<Ports> {
  const [link = 0, nfs = 0, mount = 0, portmap = 0, smb = 0] = await Promise.all(
    Array.from({ length: 5 }, freePort),
  );
  return { link, nfs, mount, portmap, smb };
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const bound = server.address();
      server.close(() => done(typeof bound === 'object' && bound ? bound.port : 0));
    });
  });
}

export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-box-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
