/**
 * The lab as a command, for tests and for outsiders: a cluster in the foreground that prints one line of JSON when
 * everything serves, logs on standard error, and ends everything it started on SIGINT and SIGTERM.
 *
 *     npm run --silent lab -- --boxes 2 --backends posix,memory --handles generic --durability memory --dir DIR
 *     npm run --silent lab -- box a --dir DIR      starts a box of a running lab again
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join, resolve } from 'node:path';
import yargs from 'yargs';
import { Lab } from '#packaging/lab/processes.ts';
import { programOf } from '#packaging/lab/program.ts';

async function main(): Promise<void> {
  await yargs(process.argv.slice(2))
    .scriptName('lab')
    .command(
      '$0',
      'Run a cluster on loopback until SIGINT or SIGTERM',
      (args) =>
        args
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
            default: '127.0.0.10',
            describe: 'Service address; boxes follow it',
          })
          .option('nfs-port', { type: 'number', default: 0, describe: '0: any free one' })
          .option('mount-port', { type: 'number', default: 0 })
          .option('portmap-port', { type: 'number', default: 0 })
          .option('metrics-port', { type: 'number', default: 0 })
          .option('executable', { type: 'string', describe: 'Run this instead of the sources' })
          .option('dir', {
            type: 'string',
            demandOption: true,
            describe: 'Where everything is kept',
          }),
      (args) =>
        run({
          directory: args.dir,
          executable: args.executable,
          options: {
            boxes: args.boxes,
            backends: args.backends.split(','),
            handles: args.handles,
            durability: args.durability,
            arbiter: args.boxes === 1 ? 'alone' : args.arbiter,
            squash: args.squash,
            directory: args.dir,
            address: args.address,
            ports: {
              nfs: args['nfs-port'],
              mount: args['mount-port'],
              portmap: args['portmap-port'],
              metrics: args['metrics-port'],
            },
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
      (args) => askLab(args.dir, args.name),
    )
    .strict()
    .fail((message, error) => {
      process.stderr.write(`lab: ${error?.message ?? message}\n`);
      process.exit(1);
    })
    .parseAsync();
}

interface RunOptions {
  readonly directory: string;
  readonly executable: string | undefined;
  readonly options: Parameters<typeof Lab.start>[0];
}

async function run({ directory, executable, options }: RunOptions): Promise<void> {
  mkdirSync(resolve(directory), { recursive: true });
  const lab = await Lab.plan(options, programOf(executable));
  const asked = endWhenAsked(lab, directory);
  try {
    await lab.begin();
    await answer(lab, directory);
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
function answer(lab: Lab, directory: string): Promise<void> {
  rmSync(socketOf(directory), { force: true });
  const server = createServer((socket) => {
    socket.once('data', (name) => void restart(lab, String(name).trim(), socket));
    socket.on('error', () => socket.destroy());
  });
  return new Promise((done, reject) => {
    server.once('error', reject);
    server.listen(socketOf(directory), done);
  });
}

async function restart(lab: Lab, name: string, socket: Socket): Promise<void> {
  try {
    await lab.restart(name);
    socket.end(`${JSON.stringify({ name, pid: lab.pid(name) })}\n`);
  } catch (cause) {
    socket.end(`${JSON.stringify({ error: (cause as Error).message })}\n`);
  }
}

async function askLab(directory: string, name: string): Promise<void> {
  const path = socketOf(directory);
  if (!existsSync(path)) throw new Error(`${directory}: no lab runs there`);
  const line = await new Promise<string>((done, reject) => {
    let text = '';
    const socket = connect(path, () => socket.write(`${name}\n`));
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
