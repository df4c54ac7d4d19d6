/**
 * The lab as a command, for tests and for outsiders: a cluster in the foreground that prints one line of JSON when
 * everything serves, logs on standard error, and ends everything it started on SIGINT and SIGTERM.
 *
 *     npm run --silent lab -- --boxes 2 --backends posix,memory --handles generic --durability memory --dir DIR
 *     npm run --silent lab -- box a --dir DIR      starts a box of a running lab again
 *     npm run --silent lab -- --net bridge ...     as root: namespaces on a bridge, and a client's beside them
 *     npm run --silent lab -- cut|heal|freeze|power-off a --dir DIR
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join, resolve } from 'node:path';
import yargs, { type Argv } from 'yargs';
import { Lab } from '#packaging/lab/processes.ts';
import { programOf } from '#packaging/lab/program.ts';
import { BRIDGE_ADDRESS, BridgeNetwork, bridgeLack } from './network.ts';

async function main(): Promise<void> {
  await yargs(process.argv.slice(2))
    .scriptName('lab')
    .command('$0', 'Run a cluster until SIGINT or SIGTERM', labOptions, (args) =>
      run({
        directory: args.dir,
        executable: args.executable,
        onBridge: args.net === 'bridge',
        options: {
          boxes: args.boxes,
          backends: args.backends.split(','),
          handles: args.handles,
          durability: args.durability,
          arbiter: args.boxes === 1 ? 'alone' : args.arbiter,
          squash: args.squash,
          directory: args.dir,
          address: args.address ?? (args.net === 'bridge' ? BRIDGE_ADDRESS : '127.0.0.10'),
          ports: {
            nfs: args['nfs-port'],
            mount: args['mount-port'],
            portmap: args['portmap-port'],
            metrics: args['metrics-port'],
            smb: args['smb-port'],
          },
          protocols: protocolsOf(args.protocols),
        },
      }),
    )
    .command(
      'box <name>',
      'Start a killed box of a running lab again',
      (args) =>
        args
          .positional('name', { type: 'string', demandOption: true })
          .option('dir', { type: 'string', demandOption: true }),
      (args) => askLab(args.dir, 'box', args.name),
    )
    .command(
      ['cut <name>', 'heal <name>', 'freeze <name>', 'power-off <name>'],
      'Cut the cable of a box; mend what was cut or frozen; freeze it; take its power',
      (args) =>
        args
          .positional('name', { type: 'string', demandOption: true })
          .option('dir', { type: 'string', demandOption: true }),
      (args) => askLab(args.dir, String(args._[0]), args.name),
    )
    .strict()
    .fail((message, error) => {
      process.stderr.write(`lab: ${error?.message ?? message}\n`);
      process.exit(1);
    })
    .parseAsync();
}

/** What a lab may be told when it starts. */
function labOptions(args: Argv) {
  return args
    .option('net', {
      choices: ['loopback', 'bridge'] as const,
      default: 'loopback' as const,
      describe: 'bridge: namespaces of its own, as root',
    })
    .option('boxes', { type: 'number', default: 2, describe: 'How many boxes' })
    .option('backends', {
      type: 'string',
      default: 'posix,memory',
      describe: 'One a box, in turn',
    })
    .option('handles', {
      choices: ['generic', 'issuer'] as const,
      default: 'generic' as const,
    })
    .option('durability', { choices: ['disk', 'memory'] as const, default: 'disk' as const })
    .option('arbiter', {
      choices: ['witness', 'gateway'] as const,
      default: 'witness' as const,
    })
    .option('squash', {
      choices: ['root_squash', 'no_root_squash', 'all_squash'] as const,
      default: 'no_root_squash' as const,
    })
    .option('address', {
      type: 'string',
      describe: `Service address; boxes follow it. Default 127.0.0.10, on a bridge ${BRIDGE_ADDRESS}`,
    })
    .option('nfs-port', { type: 'number', default: 0, describe: '0: any free one' })
    .option('mount-port', { type: 'number', default: 0 })
    .option('portmap-port', { type: 'number', default: 0 })
    .option('metrics-port', { type: 'number', default: 0 })
    .option('smb-port', { type: 'number', default: 0 })
    .option('protocols', {
      type: 'string',
      default: 'nfs',
      describe: 'nfs,smb: a share and a user beside the export',
    })
    .option('executable', { type: 'string', describe: 'Run this instead of the sources' })
    .option('dir', {
      type: 'string',
      demandOption: true,
      describe: 'Where everything is kept',
    });
}

function protocolsOf(list: string): ('nfs' | 'smb')[] {
  return list.split(',').map((name) => {
    if (name === 'nfs' || name === 'smb') return name;
    throw new Error(`--protocols ${list}: ${name} is none of nfs, smb`);
  });
}

interface RunOptions {
  readonly directory: string;
  readonly executable: string | undefined;
  readonly onBridge: boolean;
  readonly options: Parameters<typeof Lab.start>[0];
}

interface Stage {
  readonly lab: Lab;
  /** `undefined` on loopback. */
  readonly net: BridgeNetwork | undefined;
}

async function run({ directory, executable, onBridge, options }: RunOptions): Promise<void> {
  mkdirSync(resolve(directory), { recursive: true });
  const lack = onBridge ? bridgeLack() : undefined;
  if (lack !== undefined) throw new Error(`a lab on a bridge ${lack}`);
  const net = onBridge ? BridgeNetwork.make() : undefined;
  process.once('exit', () => net?.close());
  const lab = await Lab.plan(
    { ...options, ...(net !== undefined && { net }) },
    programOf(executable),
  );
  const asked = endWhenAsked(lab, directory);
  try {
    await lab.begin();
    await answer({ lab, net }, directory);
    process.stdout.write(`${JSON.stringify(await lab.describe())}\n`);
  } catch (cause) {
    // A lab that was told to end while it began has not failed.
    if (!asked()) throw cause;
  }
}

/** Ends everything on SIGINT and SIGTERM, also what has only just begun. Returns whether it was asked to. */
function endWhenAsked(lab: Lab, directory: string): () => boolean {
  let isAsked = false;
  const end = async (): Promise<void> => {
    isAsked = true;
    await lab.stop();
    rmSync(socketOf(directory), { force: true });
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end());
  return () => isAsked;
}

/** The running lab starts boxes when asked, so that it also ends them. */
function answer(stage: Stage, directory: string): Promise<void> {
  rmSync(socketOf(directory), { force: true });
  const server = createServer((socket) => {
    socket.once('data', (line) => void obey(stage, String(line).trim(), socket));
    socket.on('error', () => socket.destroy());
  });
  return new Promise((done, reject) => {
    server.once('error', reject);
    server.listen(socketOf(directory), done);
  });
}

/** What can be done to a box. Only its cable needs a bridge. */
const ORDERS: Readonly<Record<string, (stage: Stage, name: string) => unknown>> = {
  box: ({ lab, net }, name) => {
    net?.heal(name);
    return lab.restart(name);
  },
  cut: (stage, name) => cableOf(stage).cut(name),
  heal: ({ lab, net }, name) => {
    net?.heal(name);
    lab.thaw(name);
  },
  freeze: ({ lab }, name) => lab.freeze(name),
  // The cable first, so that nobody hears the kernel close what the process had open.
  'power-off': ({ lab, net }, name) => {
    net?.unplug(name);
    return lab.kill(name);
  },
};

function cableOf({ net }: Stage): BridgeNetwork {
  if (net === undefined) throw new Error('cut: on loopback there are no cables; use --net bridge');
  return net;
}

async function obey(stage: Stage, line: string, socket: Socket): Promise<void> {
  const [order = '', name = ''] = line.split(' ');
  const { lab } = stage;
  try {
    lab.box(name);
    await ORDERS[order]?.(stage, name);
    socket.end(`${JSON.stringify({ name, pid: lab.pid(name) })}\n`);
  } catch (cause) {
    socket.end(`${JSON.stringify({ error: (cause as Error).message })}\n`);
  }
}

async function askLab(directory: string, order: string, name: string): Promise<void> {
  const path = socketOf(directory);
  if (!existsSync(path)) throw new Error(`${directory}: no lab runs there`);
  const line = await new Promise<string>((done, reject) => {
    let text = '';
    const socket = connect(path, () => socket.write(`${order} ${name}\n`));
    socket.on('data', (bytes) => {
      text += String(bytes);
    });
    socket.on('end', () => done(text));
    socket.on('error', reject);
  });
  if ('error' in JSON.parse(line)) throw new Error(JSON.parse(line).error);
  process.stdout.write(line);
}

function socketOf(directory: string): string {
  return join(resolve(directory), 'lab.sock');
}

await main();
