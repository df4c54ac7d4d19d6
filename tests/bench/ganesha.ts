/** nfs-ganesha beside our own: NFSv3 over TCP on loopback, its VFS backend on a folder of the same file system. */

import type { ChildProcess } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cleanup, endProcess, isAlive } from './cleanup.ts';
import type { System } from './systems.ts';

/** Milliseconds to listen: it needs half a second on a quiet machine. */
const START_MS_MAX = 15_000;
const POLL_MS = 20;
const RPCBIND_SOCKET = '/run/rpcbind.sock';

/** Starts it, or rejects with one sentence that says why it has to be left out. */
export async function startGanesha(
  directory: string,
  address: string,
  cleanup: Cleanup,
): Promise<System> {
  const program = findProgram('ganesha.nfsd');
  if (program === undefined)
    throw new Error('not installed (Debian: nfs-ganesha nfs-ganesha-vfs rpcbind)');
  if (process.getuid?.() !== 0) throw new Error('needs root');
  const exported = join(directory, 'files');
  mkdirSync(exported, { recursive: true });
  await needRpcbind(cleanup);
  const nfsPort = await freePort(address);
  const mountPort = await freePort(address);
  const path = { config: join(directory, 'ganesha.conf'), log: join(directory, 'ganesha.log') };
  writeFileSync(path.config, configuration({ exported, address, nfsPort, mountPort }));
  const output = openSync(join(directory, 'ganesha.out'), 'a');
  // Its log at level MAJ costs nothing while it serves.
  const args = [
    '-F',
    '-N',
    'NIV_MAJ',
    '-L',
    path.log,
    '-f',
    path.config,
    '-p',
    join(directory, 'ganesha.pid'),
  ];
  const child = cleanup.spawn(program, args, { stdio: ['ignore', output, output] });
  closeSync(output);
  await untilListening(child, [nfsPort, mountPort], address, path.log);
  return {
    name: 'ganesha',
    title: 'ganesha',
    target: { host: address, nfsPort, mountPort, export: exported },
    processes: () => [{ name: 'ganesha', pid: child.pid ?? 0 }],
    stop: () => endProcess(child),
  };
}

interface Configuration {
  readonly exported: string;
  readonly address: string;
  readonly nfsPort: number;
  readonly mountPort: number;
}

/** Nothing is tuned up or down: what only other protocols need is off, the rest stands at its defaults. */
function configuration({ exported, address, nfsPort, mountPort }: Configuration): string {
  return `NFS_CORE_PARAM {
  Protocols = 3;
  NFS_Port = ${nfsPort};
  MNT_Port = ${mountPort};
  Bind_addr = ${address};
  Enable_NLM = false;
  Enable_RQUOTA = false;
  Enable_UDP = false;
}
NFS_KRB5 { Active_krb5 = false; }
EXPORT {
  Export_Id = 1;
  Path = ${exported};
  Pseudo = /bench;
  Access_Type = RW;
  Squash = No_Root_Squash;
  Protocols = 3;
  Transports = TCP;
  SecType = sys;
  FSAL { Name = VFS; }
}
`;
}

/**
 * It ends at its start when it cannot register with rpcbind. Where none runs, one is started in a network namespace of
 * its own: the socket in the file system is all that is wanted of it, and no port opens on this machine.
 */
async function needRpcbind(cleanup: Cleanup): Promise<void> {
  if (await answers({ path: RPCBIND_SOCKET })) return;
  const [rpcbind, unshare] = [findProgram('rpcbind'), findProgram('unshare')];
  if (rpcbind === undefined)
    throw new Error('wants rpcbind, which is not installed (Debian: rpcbind)');
  if (unshare === undefined) throw new Error('wants rpcbind running; start it');
  const child = cleanup.spawn(unshare, ['--net', rpcbind, '-f'], { stdio: 'ignore' });
  const until = performance.now() + START_MS_MAX;
  while (performance.now() < until && isAlive(child)) {
    if (await answers({ path: RPCBIND_SOCKET })) return;
    await sleep(POLL_MS);
  }
  throw new Error('wants rpcbind, which ends at its start here; start it yourself');
}

async function untilListening(
  child: ChildProcess,
  ports: readonly number[],
  host: string,
  log: string,
): Promise<void> {
  const until = performance.now() + START_MS_MAX;
  while (performance.now() < until) {
    if (!isAlive(child)) throw new Error(`ended at its start: ${lastLine(log)}`);
    const open = await Promise.all(ports.map((port) => answers({ host, port })));
    if (open.every(Boolean)) return;
    await sleep(POLL_MS);
  }
  throw new Error(`does not listen after ${START_MS_MAX} ms: ${lastLine(log)}`);
}

function lastLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim().split('\n').at(-1) ?? '';
  } catch {
    return 'it logged nothing';
  }
}

function answers(
  place: { readonly path: string } | { readonly host: string; readonly port: number },
): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(place, () => {
      socket.destroy();
      done(true);
    });
    socket.on('error', () => done(false));
  });
}

function freePort(address: string): Promise<number> {
  return new Promise((done, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, address, () => {
      const bound = server.address();
      server.close(() => done(typeof bound === 'object' && bound !== null ? bound.port : 0));
    });
  });
}

/** Servers are often outside of an ordinary PATH. */
function findProgram(name: string): string | undefined {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/sbin',
    '/usr/bin',
  ];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
