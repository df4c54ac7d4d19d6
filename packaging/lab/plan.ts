/**
 * A lab is a whole cluster on loopback: boxes and a witness as processes of their own, with keys, configuration and
 * ports made for them. This file decides everything about it; processes.ts runs it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { loadIdentity } from '#plugins/host/identity.ts';

/** How to run Understudy itself: the sources under this Node.js, or an executable. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

/** Where the processes of a lab live that is not on loopback: each has a network of its own. */
export interface LabNet {
  /** Called before anything is started there; once more changes nothing. */
  place(host: string, address: string): void;
  /** The same program, run there. */
  program(host: string, program: Program): Program;
  namespace(host: string): string;
  /** Where a host is reached besides its address. */
  also(address: string): readonly string[];
  /** What shows that the network is there, as the gateway arbiter reads it. */
  readonly references: string;
}

export interface LabOptions {
  readonly boxes: number;
  /** One a box: `posix`, `memory`. */
  readonly backends: readonly string[];
  readonly handles: 'generic' | 'issuer';
  readonly durability: 'disk' | 'memory';
  readonly arbiter: 'witness' | 'gateway' | 'alone';
  readonly directory: string;
  /** The service address, in 127.0.0.0/8; boxes get the addresses after it. */
  readonly address: string;
  readonly ports: {
    readonly nfs: number;
    readonly mount: number;
    readonly portmap: number;
    readonly metrics: number;
    readonly smb: number;
  };
  /** What is offered and told; NFS alone where it is missing. */
  readonly protocols?: readonly ('nfs' | 'smb')[];
  /** Squash rule of the export; the caller is root in most labs. */
  readonly squash: 'root_squash' | 'no_root_squash' | 'all_squash';
  /** Loopback where it is missing. */
  readonly net?: LabNet;
  /** File that takes what the processes say; our own standard error where it is missing. */
  readonly log?: string;
}

export interface BoxPlan {
  readonly name: string;
  readonly address: string;
  readonly backend: string;
  readonly directory: string;
  /** Where a posix backend keeps the files. */
  readonly data: string | undefined;
  readonly control: string;
}

export interface LabPlan {
  readonly options: LabOptions;
  readonly boxes: readonly BoxPlan[];
  readonly witness: { readonly directory: string; readonly address: string } | undefined;
}

/** One volume and one export, named as people would. */
export const LAB_VOLUME = 'files';
export const LAB_EXPORT = '/files';
export const LAB_SHARE = 'files';
/** Whoever runs a lab knows them; nobody else reaches its addresses. */
export const LAB_USER = { name: 'lab', password: 'understudy-lab' };
export const WITNESS = 'witness';
/** More than anybody has tried; each is a process of some 100 MB. */
const BOXES_MAX = 7;
/** Something that answers on every machine: the refusal of a port that nobody has. */
const GATEWAY_REFERENCES = 'references = [{ address = "127.0.0.1", port = 1 }]';

/** On a network of its own everybody has the usual ports. */
const PORTS = { link: 2050, nfs: 2049, mount: 20_048, portmap: 111, metrics: 9_100, smb: 445 };

/** Makes folders, keys and box.toml for everybody. What is there already is kept, so that a lab can start again. */
export async function planLab(wanted: LabOptions): Promise<LabPlan> {
  const { boxes: count } = wanted;
  if (!Number.isInteger(count) || count < 1 || count > BOXES_MAX) {
    throw new Error(`boxes: ${count}; a lab has 1 to ${BOXES_MAX}`);
  }
  const directory = resolve(wanted.directory);
  const options = { ...wanted, directory, ports: await freePorts(wanted) };
  const boxes = Array.from({ length: options.boxes }, (_, index): BoxPlan => {
    const name = String.fromCharCode('a'.charCodeAt(0) + index);
    const backend = options.backends[index % options.backends.length] ?? 'posix';
    const home = join(directory, name);
    return {
      name,
      address: addressAfter(options.address, index + 1),
      backend,
      directory: home,
      data: backend === 'posix' ? join(home, LAB_VOLUME) : undefined,
      control: join(home, 'control.sock'),
    };
  });
  const witness =
    options.arbiter === 'witness'
      ? {
          directory: join(directory, WITNESS),
          address: addressAfter(options.address, options.boxes + 1),
        }
      : undefined;
  const plan = { options, boxes, witness };
  await configure(plan);
  return plan;
}

interface Peer {
  readonly name: string;
  readonly address: string;
  readonly also: readonly string[];
  readonly port: number;
  readonly fingerprint: string;
}

async function configure(plan: LabPlan): Promise<void> {
  const places = [...plan.boxes, ...(plan.witness ? [{ name: WITNESS, ...plan.witness }] : [])];
  const peers: Peer[] = [];
  for (const { name, address, directory } of places) {
    mkdirSync(directory, { recursive: true });
    const identity = await loadIdentity(directory, name);
    plan.options.net?.place(name, address);
    const port = plan.options.net === undefined ? await freePort(address) : PORTS.link;
    const also = plan.options.net?.also(address) ?? [];
    peers.push({ name, address, also, port, fingerprint: identity.fingerprint });
  }
  for (const { name, directory } of places) {
    writeFileSync(join(directory, 'box.toml'), toml(plan, name, peers));
  }
  for (const box of plan.boxes)
    if (box.data !== undefined) mkdirSync(box.data, { recursive: true });
}

function toml(plan: LabPlan, name: string, peers: readonly Peer[]): string {
  const self = peers.find((peer) => peer.name === name);
  const { ports } = plan.options;
  const members = plan.boxes.map((box) => `"${box.name}"`).join(', ');
  const lines = [
    `name = "${name}"`,
    'cluster = "lab"',
    `address = "${self?.address}"`,
    `also = ${JSON.stringify(self?.also)}`,
    `link-port = ${self?.port}`,
  ];
  if (name !== WITNESS) lines.push(`members = [${members}]`, `arbiter = "${plan.options.arbiter}"`);
  for (const peer of peers) {
    if (peer.name === name) continue;
    lines.push('', '[[peer]]', `name = "${peer.name}"`, `address = "${peer.address}"`);
    lines.push(`also = ${JSON.stringify(peer.also)}`);
    lines.push(`port = ${peer.port}`, `fingerprint = "${peer.fingerprint}"`);
  }
  if (name !== WITNESS) {
    lines.push(
      '',
      '[plugin."protocol/nfs"]',
      `nfsPort = ${ports.nfs}`,
      `mountPort = ${ports.mount}`,
    );
    lines.push(`portmapPort = ${ports.portmap}`, '');
    // Also where it offers nothing: without root, nobody gets its own port.
    lines.push('[plugin."protocol/smb"]', `smbPort = ${ports.smb}`, '');
    if (plan.options.arbiter === 'gateway') {
      const references = plan.options.net?.references ?? GATEWAY_REFERENCES;
      lines.push('[plugin."cluster/arbiter/gateway"]', references, '');
    }
    lines.push('[plugin.control]');
    lines.push(`metricsAddress = "${self?.address}"`, `metricsPort = ${ports.metrics}`);
  }
  return `${lines.join('\n')}\n`;
}

/** `address` with `count` added to its last number. */
function addressAfter(address: string, count: number): string {
  const parts = address.split('.').map(Number);
  return [...parts.slice(0, 3), (parts[3] ?? 0) + count].join('.');
}

async function freePorts(options: LabOptions): Promise<LabOptions['ports']> {
  const { ports, net, address } = options;
  const pick = async (kind: keyof typeof PORTS & keyof typeof ports): Promise<number> => {
    const given = ports[kind] ?? 0;
    if (given !== 0) return given;
    return net === undefined ? freePort(address) : PORTS[kind];
  };
  return {
    nfs: await pick('nfs'),
    mount: await pick('mount'),
    portmap: await pick('portmap'),
    metrics: await pick('metrics'),
    smb: await pick('smb'),
  };
}

/** A port that is free at an address now; the kernel does not hand it out again soon. */
function freePort(address: string): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const server = createServer();
    server.once('error', (cause: Error) => {
      reject(new Error(`address ${address}: cannot be used here (${cause.message})`));
    });
    server.listen(0, address, () => {
      const bound = server.address();
      server.close(() => resolvePort(typeof bound === 'object' && bound ? bound.port : 0));
    });
  });
}
