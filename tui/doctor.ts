/** What a machine lacks to be a box, and how to get it: facts in, sentences out. */
import { LOG_SIZE_MAX, STATE_RESERVE_SIZE } from '#core/limits.ts';
import { CAPABILITY, type Facts, type PortFact, TOOLS } from './machine.ts';
import { printSize } from './table.ts';

/** `warn`: something is slower or missing; `fail`: a box cannot run so. */
export type Level = 'ok' | 'warn' | 'fail';

export interface Finding {
  readonly check: string;
  readonly level: Level;
  /** What is so, and where it is not well, what to do. */
  readonly sentence: string;
}

/** Node.js that the project is developed and tested with, and brings along. */
const NODE_MAJOR = 24;
/** 2026-01-01: no machine that runs this program has an earlier date and a right clock. */
const SECONDS_MIN = 1_767_225_600;
/** Seconds that a folder's time may lie ahead of the clock: file servers and clocks differ a little. */
const AHEAD_SECONDS_MAX = 300;

export function judge(facts: Facts): readonly Finding[] {
  return [
    machine(facts),
    node(facts),
    directory(facts),
    space(facts),
    clock(facts),
    kernelHandles(facts),
    ...facts.ports.map((port) => portFinding(port)),
    addresses(facts),
    tools(facts),
  ];
}

const finding = (check: string, level: Level, sentence: string): Finding => ({
  check,
  level,
  sentence,
});

function machine({ platform, architecture }: Facts): Finding {
  const isKnown = platform === 'linux' && (architecture === 'x64' || architecture === 'arm64');
  if (isKnown) return finding('machine', 'ok', `${platform} on ${architecture}`);
  return finding(
    'machine',
    'fail',
    `${platform} on ${architecture}: it runs on linux on x64 or arm64`,
  );
}

function node({ nodeVersion }: Facts): Finding {
  const major = Number.parseInt(nodeVersion, 10);
  if (major === NODE_MAJOR) return finding('node', 'ok', `Node.js ${nodeVersion}`);
  const advice =
    '"npm install" brings the right one: start with "npm start" or node_modules/.bin/node';
  return finding(
    'node',
    major < NODE_MAJOR ? 'fail' : 'warn',
    `Node.js ${nodeVersion}, but ${NODE_MAJOR} is what it is tested with; ${advice}`,
  );
}

function directory(facts: Facts): Finding {
  const { directory: path, directoryExists, directoryWritable } = facts;
  if (directoryWritable) {
    return finding(
      'state',
      'ok',
      directoryExists ? `${path} can be written to` : `${path} will be created`,
    );
  }
  const what = directoryExists ? 'cannot be written to' : 'is not there and cannot be created';
  const advice = 'run as the user it belongs to, "chown" it, or choose another with --dir';
  return finding('state', 'fail', `${path} ${what}; ${advice}`);
}

function space({ sizeFree, directory: path }: Facts): Finding {
  if (sizeFree === undefined)
    return finding('space', 'warn', `cannot tell the free space of ${path}`);
  const free = `${printSize(sizeFree)} free for ${path}`;
  if (sizeFree < STATE_RESERVE_SIZE) {
    return finding(
      'space',
      'fail',
      `${free}, less than the ${printSize(STATE_RESERVE_SIZE)} that must stay free; make room`,
    );
  }
  const wanted = LOG_SIZE_MAX + STATE_RESERVE_SIZE;
  if (sizeFree >= wanted) return finding('space', 'ok', free);
  return finding(
    'space',
    'warn',
    `${free}; of ${printSize(LOG_SIZE_MAX)} of log for boxes that come back only a part can be kept, so make room`,
  );
}

function clock({ seconds, directorySeconds }: Facts): Finding {
  const date = new Date(seconds * 1000).toISOString().slice(0, 16);
  const advice =
    'set it, and keep it right with NTP ("timedatectl set-ntp true" or "apt-get install chrony")';
  if (seconds < SECONDS_MIN) return finding('clock', 'fail', `the clock says ${date}: ${advice}`);
  if (directorySeconds > seconds + AHEAD_SECONDS_MAX) {
    return finding(
      'clock',
      'warn',
      `the clock says ${date}, but the state directory was changed later: ${advice}`,
    );
  }
  return finding('clock', 'ok', `the clock says ${date} UTC`);
}

function has(facts: Facts, capability: number): boolean {
  return ((facts.capabilities >> BigInt(capability)) & 1n) === 1n;
}

function kernelHandles(facts: Facts): Finding {
  if (has(facts, CAPABILITY.readSearch)) {
    return finding('kernel handles', 'ok', 'files of posix volumes are opened by kernel handle');
  }
  const advice = 'run as root, or with AmbientCapabilities=CAP_DAC_READ_SEARCH, for the faster way';
  return finding(
    'kernel handles',
    'warn',
    `files of posix volumes are found by folder and name; ${advice}`,
  );
}

function portFinding({ port, use, state }: PortFact): Finding {
  const check = `port ${port}`;
  switch (state) {
    case 'free':
      return finding(check, 'ok', `free for ${use}`);
    case 'EACCES':
      return finding(
        check,
        'warn',
        `${use} may not listen here as this user; run as root, with AmbientCapabilities=CAP_NET_BIND_SERVICE, or choose a port above 1024`,
      );
    case 'EADDRINUSE':
      return finding(
        check,
        'warn',
        `another process listens here; if it is no box of yours, stop it (kernel NFS server, rpcbind), or choose another port for ${use}`,
      );
    default:
      return finding(check, 'warn', `${use} cannot listen here: ${state}`);
  }
}

function addresses(facts: Facts): Finding {
  if (has(facts, CAPABILITY.netAdmin) && has(facts, CAPABILITY.netRaw)) {
    return finding('addresses', 'ok', 'service addresses can be moved on the LAN');
  }
  return finding(
    'addresses',
    'warn',
    'service addresses on loopback only (127.0.0.0/8); for the LAN run as root, or with AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW',
  );
}

function tools({ tools: present }: Facts): Finding {
  const missing = TOOLS.filter((tool) => !present.includes(tool));
  if (missing.length === 0) return finding('tools', 'ok', `${present.join(', ')} are here`);
  return finding(
    'tools',
    'warn',
    `${missing.join(', ')} missing, which only looking from the client's side needs: "apt-get install nfs-common libnfs-utils rpcbind"`,
  );
}
