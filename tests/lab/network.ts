/**
 * A network for a lab: a namespace for each box, the witness and a client, and one for the switch with a bridge between
 * them. Everything has names of its own and lives in namespaces of its own; the machine's own network gets nothing.
 *
 * Names say which process made them, and when it began: the next lab takes away what a killed one has left.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { LabNet, Program } from '#packaging/lab/plan.ts';

const NAMESPACES = '/run/netns';
const PREFIX = 'understudy-lab';
const SWITCH = 'switch';
export const CLIENT = 'client';
/** The switch has the address of a gateway; whoever asks it for a port is refused, which is an answer. */
const GATEWAY = '10.77.0.1';
const CLIENT_ADDRESS = '10.77.0.100';
export const BRIDGE_ADDRESS = '10.77.0.10';
/** A second service address, for tests: free, and in the network that everybody has. */
export const SERVICE_6 = 'fd77::50';
/** States of a bridge's port: bridge(8). A disabled one drops everything, and both ends keep their carrier. */
const PORT_DISABLED = 0;
const PORT_FORWARDING = 3;

let made = 0;

/** Why there can be no bridge here, or `undefined`. */
export function bridgeLack(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  for (const tool of ['ip', 'bridge', 'nsenter']) {
    const places = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];
    if (!places.some((place) => existsSync(`${place}/${tool}`))) return `needs ${tool}`;
  }
  return existsSync('/dev/net/tun') ? undefined : 'needs /dev/net/tun';
}

export class BridgeNetwork implements LabNet {
  readonly #name: string;
  readonly #hosts: string[] = [];
  #taps = 0;
  readonly references = `references = [{ address = "${GATEWAY}", port = 1 }]`;

  /** Networks between the boxes: the first is the clients', too. */
  readonly #paths: number;

  private constructor(paths: number) {
    this.#paths = paths;
    made += 1;
    this.#name = `${PREFIX}-${process.pid}-${startOf(process.pid)}-${made}`;
  }

  static make(paths: 1 | 2 = 1): BridgeNetwork {
    cleanUp();
    const network = new BridgeNetwork(paths);
    network.#make();
    return network;
  }

  namespace(host: string): string {
    return `${this.#name}-${host}`;
  }

  /** Makes room for a box or the witness at an address; once for each. */
  place(host: string, address: string): void {
    if (this.#hosts.includes(host)) return;
    this.#hosts.push(host);
    const [inner, outer] = [this.namespace(host), this.namespace(SWITCH)];
    const last = address.split('.').at(-1);
    ip(
      `netns add ${inner}`,
      `link add eth0 netns ${inner} type veth peer name ${portOf(host)} netns ${outer}`,
    );
    ip.in(outer, `link set ${portOf(host)} master br0`, `link set ${portOf(host)} up`);
    ip.in(
      inner,
      'link set lo up',
      `address add ${address}/24 dev eth0`,
      `address add fd77::${last}/64 dev eth0 nodad`,
      'link set eth0 up',
    );
    for (const other of this.also(address)) this.#placeBesides(host, other);
  }

  also(address: string): readonly string[] {
    return this.#paths < 2 ? [] : [address.replace('.77.', '.78.')];
  }

  #placeBesides(host: string, address: string): void {
    const [inner, outer] = [this.namespace(host), this.namespace(SWITCH)];
    const port = portOf(`${host}-2`);
    ip(`link add eth1 netns ${inner} type veth peer name ${port} netns ${outer}`);
    ip.in(outer, `link set dev ${port} master br1`, `link set dev ${port} up`);
    ip.in(inner, `address add ${address}/24 dev eth1`, 'link set eth1 up');
  }

  program(host: string, { command, args }: Program): Program {
    const net = `--net=${NAMESPACES}/${this.namespace(host)}`;
    return { command: 'nsenter', args: [net, '--', command, ...args] };
  }

  programAtSwitch(program: Program): Program {
    return this.program(SWITCH, program);
  }

  /** A socket of the switch for a virtual machine; returns its name there. */
  makeTap(): string {
    this.#taps += 1;
    const tap = `tap${this.#taps}`;
    ip.in(
      this.namespace(SWITCH),
      `tuntap add dev ${tap} mode tap`,
      `link set dev ${tap} master br0`,
      `link set dev ${tap} up`,
    );
    return tap;
  }

  /** Its cable leads nowhere: nothing arrives and nobody is told, as behind a switch that died. */
  cut(host: string): void {
    this.#port(host, `state ${PORT_DISABLED}`);
  }

  heal(host: string): void {
    ip.in(this.namespace(SWITCH), `link set ${portOf(host)} up`);
    this.#port(host, `state ${PORT_FORWARDING}`);
  }

  /** These do not hear one another; everybody else hears them. */
  part(hosts: readonly string[], isApart: boolean): void {
    for (const host of hosts) this.#port(host, `isolated ${isApart ? 'on' : 'off'}`);
  }

  /** No IP packet gets from one to the other, but ARP does: a rule of some switch or firewall. */
  mute(pairs: readonly (readonly [host: string, other: string])[], isMute: boolean): void {
    for (const [host, other] of pairs) {
      ip.in(this.namespace(host), `route ${isMute ? 'add' : 'delete'} blackhole ${other}/32`);
    }
  }

  /** The client sends what is for an address to this MAC, whatever anybody says; back to normal without one. */
  pin(address: string, mac: string | undefined): void {
    const what = mac === undefined ? `delete ${address}` : `replace ${address} lladdr ${mac}`;
    ip.in(this.namespace(CLIENT), `neighbour ${what} dev eth0${mac ? ' nud permanent' : ''}`);
  }

  /** Addresses of an interface or all, and its MAC, as ip(8) shows them. */
  addresses(host: string): string {
    const args = ['-netns', this.namespace(host), '-brief', 'address'];
    return execFileSync('ip', args, { encoding: 'utf8' });
  }

  mac(host: string): string {
    const args = ['-netns', this.namespace(host), '-json', 'link', 'show', 'eth0'];
    const [link] = JSON.parse(execFileSync('ip', args, { encoding: 'utf8' }));
    return link.address;
  }

  /** Its cable has no carrier any more. */
  unplug(host: string): void {
    ip.in(this.namespace(SWITCH), `link set ${portOf(host)} down`);
  }

  close(): void {
    removeAll(this.#name);
  }

  #make(): void {
    const outer = this.namespace(SWITCH);
    ip(`netns add ${outer}`);
    ip.in(
      outer,
      'link set lo up',
      'link add br0 type bridge',
      `address add ${GATEWAY}/24 dev br0`,
      'link set br0 up',
      'link add br1 type bridge',
      'link set br1 up',
    );
    this.place(CLIENT, CLIENT_ADDRESS);
  }

  #port(host: string, setting: string): void {
    const args = ['-netns', this.namespace(SWITCH), 'link', 'set', 'dev', portOf(host)];
    execFileSync('bridge', [...args, ...setting.split(' ')]);
  }
}

/** A box may be called what ip(8) takes for a word of its own. */
function portOf(host: string): string {
  return `to-${host}`.slice(0, 15);
}

/** Takes away what labs have left whose process is gone, with the processes in there. */
function cleanUp(): void {
  if (!existsSync(NAMESPACES)) return;
  const left = new Set<string>();
  for (const name of readdirSync(NAMESPACES)) {
    const [whole, pid, start] = new RegExp(`^${PREFIX}-(\\d+)-(\\d+)-\\d+`).exec(name) ?? [];
    if (whole !== undefined && startOf(Number(pid)) !== start) left.add(whole);
  }
  for (const name of left) removeAll(name);
}

function removeAll(name: string): void {
  for (const namespace of readdirSync(NAMESPACES)) {
    if (!namespace.startsWith(`${name}-`)) continue;
    const pids = execFileSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' });
    for (const pid of pids.split('\n').filter((line) => line !== '')) killed(Number(pid));
    ip(`netns delete ${namespace}`);
  }
}

function killed(pid: number): void {
  // A test may be in there itself.
  if (pid === process.pid) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Ended between the two.
  }
}

/** When a process began, in ticks since the machine did; empty when it is gone. */
function startOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

const batch = (args: readonly string[], commands: readonly string[]): void => {
  const input = commands.map((command) => `${command}\n`).join('');
  execFileSync('ip', [...args, '-batch', '-'], { input, stdio: ['pipe', 'ignore', 'pipe'] });
};

/** Runs commands of ip(8), in order; `ip.in` in a namespace. */
const ip = Object.assign((...commands: string[]) => batch([], commands), {
  in: (namespace: string, ...commands: string[]) => batch(['-netns', namespace], commands),
});
