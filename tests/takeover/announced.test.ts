/** What the network is told of a takeover, as tcpdump sees it in the client's namespace, and when the client believes it. */
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Lab } from '#packaging/lab/processes.ts';
import { Nfs3Client } from '#plugins/protocol/nfs/client/nfs3-client.ts';
import { BRIDGE_ADDRESS, BridgeNetwork, bridgeLack, CLIENT, SERVICE_6 } from '../lab/network.ts';
import { inNamespace } from '../support/namespace.ts';
import { suite } from '../support/suite.ts';
import { onStage, openRpc, type Stage } from './stage.ts';

const test = suite('takeover/announced', { secondsMax: 60 });
const GOLDEN = join(import.meta.dirname, '../golden/arp/takeover.txt');
/** Milliseconds for the client's table to name the new box, from the first announcement. */
const KNOWN_MS_MAX = 50;
/** Milliseconds after waking within which a replaced box may still be heard: it has them to find out. */
const WOKEN_MS_MAX = 100;
/** Milliseconds for a program to begin, or to write what it has seen. */
const LINES_MS = 200;
/** Milliseconds for which an address that has just come is announced again and again. */
const ANNOUNCED_MS = 1_200;
const QUIET_MS = 2_000;
/** Milliseconds, of one takeover: a client that calls in vain comes back after 1000. */
const STALL_MS_MAX = 900;
const TAKEOVER_MS_MAX = 10_000;

const lack =
  bridgeLack() ?? (existsSync('/usr/bin/tcpdump') ? undefined : 'needs tcpdump in /usr/bin');
const onBridge = (title: string, play: (stage: Stage, net: BridgeNetwork) => Promise<void>) => {
  if (lack !== undefined) {
    test.skip(title, lack);
    return;
  }
  test(title, async () => {
    const net = BridgeNetwork.make();
    const options = { address: BRIDGE_ADDRESS, net };
    try {
      await inNamespace(net.namespace(CLIENT), () => onStage(options, (stage) => play(stage, net)));
    } finally {
      net.close();
    }
  });
};

onBridge(
  'a takeover is announced in both forms, and a client knows within 50 ms',
  async (stage, net) => {
    const { lab, nfs } = stage;
    await nfs.null();
    // What the first box says about its own beginning is over.
    await sleep(ANNOUNCED_MS);
    const capture = await tcpdump(net);
    const table = await monitor(net);
    await lab.kill('a');
    await nfs.null();
    const frames = await capture.stop();
    const changes = await table.stop();
    const names = new Map([
      [net.mac('a'), 'MAC-A'],
      [net.mac('b'), 'MAC-B'],
      [net.mac(CLIENT), 'MAC-CLIENT'],
    ]);
    const lines = frames.map(({ text }) => named(text, names));
    const first = frames.find(({ text }) => text.includes('Request who-has 10.77.0.10'));
    const known = changes.find(
      ({ text }) => text.startsWith(BRIDGE_ADDRESS) && text.includes(net.mac('b')),
    );
    assert.ok(first && known);
    const knownMs = (known.at - first.at) * 1000;
    process.stdout.write(
      `the client's table names the new box after ${Math.max(0, knownMs).toFixed(1)} ms\n`,
    );
    assert.ok(knownMs <= KNOWN_MS_MAX, `${knownMs} ms`);
    assertGolden(lines);
  },
);

onBridge('an IPv6 address moves likewise', async ({ lab, place }, net) => {
  await lab.control('a', 'address.add', { address: SERVICE_6 });
  const nfs = new Nfs3Client(openRpc({ ...place, address: SERVICE_6 }));
  await nfs.null();
  await lab.kill('a');
  const killedAt = performance.now();
  await nfs.null();
  const stallMs = performance.now() - killedAt;
  nfs.rpc.close();
  process.stdout.write(`stall over IPv6: ${stallMs.toFixed(0)} ms\n`);
  assert.ok(stallMs <= STALL_MS_MAX, `${stallMs} ms`);
  assert.is(neighbour(net, SERVICE_6), net.mac('b'));
});

onBridge(
  'a frozen box that was replaced is not heard after it has woken',
  async ({ lab, nfs }, net) => {
    lab.freeze('a');
    await until(async () => await serves(lab, 'b'));
    await nfs.null();
    const capture = await tcpdump(net);
    const wokenAt = Date.now() / 1000;
    lab.thaw('a');
    await sleep(QUIET_MS);
    const mac = net.mac('a');
    const late = (await capture.stop()).filter(({ at, text }) => {
      const isIts = text.startsWith(mac) && text.includes(BRIDGE_ADDRESS);
      return isIts && at > wokenAt + WOKEN_MS_MAX / 1000;
    });
    assert.equal(late, []);
    assert.not(await serves(lab, 'a'));
  },
);

interface Line {
  /** Seconds since 1970. */
  readonly at: number;
  readonly text: string;
}

/** ARP, and of TCP what begins, ends and wakes connections. */
const FILTER =
  'arp or (tcp and (tcp[tcpflags] & (tcp-syn|tcp-rst|tcp-fin) != 0 or (tcp[4:4] = 0 and tcp[8:4] = 0)))';

/** A program in the client's namespace that writes a line for each thing that it sees, with the time before it. */
class Watcher {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #lines: Line[] = [];

  constructor(net: BridgeNetwork, command: readonly string[]) {
    const args = [`--net=/run/netns/${net.namespace(CLIENT)}`, '--', ...command];
    this.#child = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let rest = '';
    this.#child.stdout.on('data', (bytes) => {
      const lines = (rest + String(bytes)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#lines.push(parse(line));
    });
  }

  /** When it has said something on standard error. */
  async listening(): Promise<this> {
    await once(this.#child.stderr, 'data');
    return this;
  }

  async stop(): Promise<readonly Line[]> {
    await sleep(LINES_MS);
    this.#child.kill('SIGTERM');
    return this.#lines;
  }
}

/** `1795562879.440266 text`, or `[2026-11-24T23:27:59.440266] text`. */
function parse(line: string): Line {
  const cut = line.indexOf(' ');
  const [time, text] = [line.slice(0, cut), line.slice(cut + 1)];
  const at = time.startsWith('[') ? Date.parse(`${time.slice(1, -1)}`) / 1000 : Number(time);
  return { at, text };
}

function tcpdump(net: BridgeNetwork): Promise<Watcher> {
  const options = ['-l', '-n', '-e', '-tt', '-S', '--immediate-mode', '-i', 'eth0'];
  return new Watcher(net, ['tcpdump', ...options, FILTER]).listening();
}

/** What changes in the client's neighbour table. */
async function monitor(net: BridgeNetwork): Promise<Watcher> {
  const watcher = new Watcher(net, ['ip', '-tshort', 'monitor', 'neigh']);
  await sleep(LINES_MS);
  return watcher;
}

/** Up to the client's new connection: what comes later is announced by the clock. */
function assertGolden(lines: readonly string[]): void {
  const end = lines.findIndex((line) => line.includes('[S.]'));
  const text = `${lines.slice(0, end + 1).join('\n')}\n`;
  if (process.env['REWRITE'] === '1') writeFileSync(GOLDEN, text);
  assert.is(text, readFileSync(GOLDEN, 'utf8'), GOLDEN);
}

/** What differs from run to run has a name instead. */
function named(text: string, names: ReadonlyMap<string, string>): string {
  let result = text;
  for (const [mac, name] of names) result = result.replaceAll(mac, name);
  return result
    .replaceAll('ff:ff:ff:ff:ff:ff', 'everybody')
    .replace(/(10\.77\.0\.100)\.\d+/, '$1.PORT')
    .replace(/, ethertype (ARP|IPv4) \(0x\d+\)/, ' $1')
    .replace(/Flags (\[[^\]]*\]).*/, '$1')
    .replace(/, length \d+(: |$)/g, '$1');
}

function neighbour(net: BridgeNetwork, address: string): string {
  const args = ['-n', net.namespace(CLIENT), '-json', 'neighbour', 'show', address];
  const [row] = JSON.parse(execFileSync('ip', args, { encoding: 'utf8' }) || '[]');
  return row?.lladdr ?? '';
}

async function serves(lab: Lab, name: string): Promise<boolean> {
  const { boxes } = await lab.status(name);
  return boxes.find((box) => box.name === name)?.serving ?? false;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + TAKEOVER_MS_MAX;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`not so within ${TAKEOVER_MS_MAX} ms`);
    await sleep(10);
  }
}
