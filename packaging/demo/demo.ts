/**
 * `understudy demo`: two unlike boxes and a witness on loopback, a real tree copied over NFSv3, the serving box killed in
 * the middle, everything read back by the handles from before.
 */
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isSea } from 'node:sea';
import { createClock } from '#plugins/host/clock.ts';
import { createLog } from '#plugins/host/log.ts';
import { createNet } from '#plugins/host/net.ts';
import { createRandom } from '#plugins/host/random.ts';
import { MountClient, Nfs3Client, NfsError } from '#plugins/protocol/nfs/client/nfs3-client.ts';
import { RpcClient, RpcError } from '#plugins/protocol/nfs/client/rpc-client.ts';
import { NFS3ERR_STALE } from '#plugins/protocol/nfs/v3/status.ts';
import type { DemoOptions } from '#tui/runner.ts';
import { LAB_EXPORT, LAB_SHARE, LAB_USER, LAB_VOLUME } from '../lab/plan.ts';
import { Lab } from '../lab/processes.ts';
import { programOf } from '../lab/program.ts';
import { type Copied, copyTree, readBack } from './copy.ts';
import { Progress } from './progress.ts';
import { type DemoReport, held, printReport } from './report.ts';
import { makeSample } from './sample.ts';
import { listSource, type Source, sha256 } from './source.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const REPLAYED = 'nfs_replayed_calls_total';
/** Milliseconds for one call; a takeover takes a fraction of a second. */
const CALL_MS_MAX = 60_000;

export async function runDemo(options: DemoOptions): Promise<number> {
  const progress = new Progress();
  const { source: given } = options;
  if (given !== undefined && !existsSync(given)) {
    throw new Error(`--source ${given}: does not exist`);
  }
  const directory = options.directory ?? makeFolder();
  const source = listSource(given ?? ownTree(directory));
  for (const sentence of source.skipped) progress.say(`left out: ${sentence}`);
  const log = join(directory, 'log');
  progress.say('starting two unlike boxes (posix and memory) and a witness on loopback');
  const lab = await Lab.plan(
    {
      boxes: 2,
      backends: ['posix', 'memory'],
      handles: options.handles,
      durability: options.durability,
      arbiter: 'witness',
      squash: 'no_root_squash',
      directory,
      address: options.address,
      ports: { nfs: 0, mount: 0, portmap: 0, metrics: 0, smb: 0 },
      protocols: ['nfs', 'smb'],
      log,
    },
    programOf(),
  );
  const clean = async (): Promise<void> => {
    await lab.stop();
    if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
  };
  const interrupted = (): void => {
    progress.say('interrupted: ending all processes');
    void clean().then(() => process.exit(1));
  };
  for (const signal of SIGNALS) process.on(signal, interrupted);
  try {
    await lab.begin();
    const report = await perform(lab, source, progress);
    process.stdout.write(`\n${printReport(report)}`);
    if (options.once) return held(report) ? 0 : 1;
    for (const signal of SIGNALS) process.off(signal, interrupted);
    await stayUp(lab);
    return held(report) ? 0 : 1;
  } finally {
    await clean();
  }
}

function makeFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'understudy-demo-'));
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new Error(`no temporary folder can be made (${reason}); name a folder with --dir`);
  }
}

/** The sources; the executable has none, and makes something. */
function ownTree(directory: string): string {
  return isSea() ? makeSample(join(directory, 'sample')) : resolve(import.meta.dirname, '../..');
}

async function perform(lab: Lab, source: Source, progress: Progress): Promise<DemoReport> {
  const startedAt = performance.now();
  const { client, root } = await mount(lab);
  const killed = (await lab.serving()) ?? '';
  const files = source.nodes.filter((node) => node.kind !== 'directory').length;
  const bytes = source.nodes.reduce((sum, node) => sum + node.size, 0);
  const replayed = new Map<string, number>();
  let kill: Promise<void> | undefined;
  let copied: readonly Copied[] = [];
  let differences: readonly string[] = [];
  let stale = 0;
  let errors = 0;
  try {
    copied = await copyTree(client, root, source, {
      copied(done) {
        progress.show(`copying: ${done} of ${files} files, box ${killed} serves first`);
        if (kill === undefined && done >= files / 2) {
          progress.say(`killing box ${killed} with SIGKILL at file ${done} of ${files}`);
          kill = lab.kill(killed);
        }
      },
    });
    await (kill ?? lab.kill(killed));
    differences = await readBack(client, copied, {
      copied: (done) => progress.show(`reading back: ${done} of ${files} files`),
    });
  } catch (cause) {
    if (!(cause instanceof NfsError) && !(cause instanceof RpcError)) throw cause;
    if (cause instanceof NfsError && cause.status === NFS3ERR_STALE) stale += 1;
    else errors += 1;
    differences = [cause.message];
  }
  const successor = (await lab.serving()) ?? '';
  replayed.set(successor, await counterOf(lab, successor));
  progress.say(`starting box ${killed} again; it catches up from the log`);
  await lab.restart(killed);
  await lab.settled();
  const unlike = await compare(lab, copied);
  client.rpc.close();
  return {
    files,
    bytes,
    calls: client.rpc.answered,
    retransmitted: client.rpc.retransmitted,
    answeredFromCache: [...replayed.values()].reduce((sum, count) => sum + count, 0),
    stale,
    errors,
    stallMs: client.rpc.stallMsMax,
    killed,
    successor,
    differences,
    unlike,
    seconds: (performance.now() - startedAt) / 1000,
  };
}

async function mount(lab: Lab): Promise<{ client: Nfs3Client; root: Buffer }> {
  const { address, ports } = lab.plan.options;
  const clock = createClock();
  const deps = { net: createNet(createLog({ level: 'error' })), clock };
  const credential = { uid: 0, gid: 0, groups: [] };
  const open = (port: number) =>
    new RpcClient(
      { address, port, credential, firstXid: createRandom().u32(), deadlineMs: CALL_MS_MAX },
      deps,
    );
  const mounting = open(ports.mount);
  const answer = await new MountClient(mounting).mnt(LAB_EXPORT);
  mounting.close();
  if (answer.handle === undefined)
    throw new Error(`MNT ${LAB_EXPORT}: mountstat3 ${answer.status}`);
  return { client: new Nfs3Client(open(ports.nfs)), root: Buffer.from(answer.handle) };
}

async function counterOf(lab: Lab, box: string): Promise<number> {
  return (await lab.status(box)).statistics[REPLAYED] ?? 0;
}

interface Digests {
  readonly volumes: Readonly<Record<string, { readonly sha256: string }>>;
}

/** Why the boxes do not hold the same; empty when they do: by their own digests, and by the plain tree on disk. */
async function compare(lab: Lab, copied: readonly Copied[]): Promise<string> {
  const digests = await Promise.all(
    lab.plan.boxes.map((box) => lab.control(box.name, 'digest', {}) as Promise<Digests>),
  );
  const sums = digests.map((digest) => digest.volumes[LAB_VOLUME]?.sha256);
  if (new Set(sums).size !== 1) return `digests differ: ${sums.join(', ')}`;
  for (const { data } of lab.plan.boxes) {
    if (data === undefined) continue;
    for (const { node, sha256: before } of copied) {
      const path = join(data, node.path);
      if (node.kind === 'file' && sha256(readFileSync(path)) !== before) return `${path}: differs`;
      if (node.kind === 'symlink' && readlinkSync(path) !== node.target) return `${path}: differs`;
    }
  }
  return '';
}

/** Says how to mount it, and waits for a signal. */
function stayUp(lab: Lab): Promise<void> {
  const { address, ports } = lab.plan.options;
  process.stdout.write(
    [
      '\nIt stays up. Mount it (as root):',
      `  mount -t nfs -o vers=3,tcp,nolock,port=${ports.nfs},mountport=${ports.mount},mountproto=tcp ${address}:${LAB_EXPORT} /mnt`,
      `Open it in a file manager, as ${LAB_USER.name} with password ${LAB_USER.password}:`,
      `  smb://${LAB_USER.name}@${address}:${ports.smb}/${LAB_SHARE}`,
      'Or from a shell:',
      `  smbclient -p ${ports.smb} -U ${LAB_USER.name}%${LAB_USER.password} //${address}/${LAB_SHARE}`,
      'Look at it:',
      ...lab.plan.boxes.map(
        (box) => `  understudy status --control ${box.control}   (pid ${lab.pid(box.name)})`,
      ),
      `What they say: ${join(lab.plan.options.directory, 'log')}`,
      'End it with Ctrl-C.\n',
    ].join('\n'),
  );
  return new Promise((done) => {
    for (const signal of SIGNALS) process.once(signal, () => done());
  });
}
