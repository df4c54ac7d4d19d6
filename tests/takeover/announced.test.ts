/** What the network is told of a takeover, as tcpdump sees it in the client's namespace, and when the client believes it. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Lab } from '#packaging/lab/processes.ts';
import { BRIDGE_ADDRESS, BridgeNetwork, bridgeLack, CLIENT } from '../lab/network.ts';
import { inNamespace } from '../support/namespace.ts';
import { suite } from '../support/suite.ts';
import { onStage, type Stage } from './stage.ts';

const test = suite('takeover/announced', { secondsMax: 60 });
const GOLDEN = join(import.meta.dirname, '../golden/arp/takeover.txt');
/** Milliseconds for the client's table to name the new box, from the first announcement. */
const KNOWN_MS_MAX = 50;
/** Milliseconds after waking within which a replaced box may still be heard: it has them to find out. */
const WOKEN_MS_MAX = 100;
const QUIET_MS = 2_000;
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
    const capture = await Capture.start(net.namespace(CLIENT));
    await lab.kill('a');
    const isNew = () => neighbour(net) === net.mac('b');
    while (!isNew()) await sleep(1);
    const knownAt = Date.now() / 1000;
    await nfs.null();
    const frames = await capture.stop();
    const names = new Map([
      [net.mac('a'), 'MAC-A'],
      [net.mac('b'), 'MAC-B'],
      [net.mac(CLIENT), 'MAC-CLIENT'],
    ]);
    const lines = frames.map(({ text }) => named(text, names));
    const first = frames.find(({ text }) => text.includes('Request who-has 10.77.0.10'));
    assert.ok(first);
    const knownMs = (knownAt - first.at) * 1000;
    process.stdout.write(`the client's table names the new box after ${knownMs.toFixed(0)} ms\n`);
    assert.ok(knownMs <= KNOWN_MS_MAX, `${knownMs} ms`);
    assertGolden(lines);
  },
);

onBridge(
  'a frozen box that was replaced is not heard after it has woken',
  async ({ lab, nfs }, net) => {
    lab.freeze('a');
    await until(async () => await serves(lab, 'b'));
    await nfs.null();
    const capture = await Capture.start(net.namespace(CLIENT));
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

class Capture {
  readonly #lines: Line[] = [];
  readonly #stop: () => void;

  private constructor(namespace: string) {
    const tcpdump = [
      'tcpdump',
      '-l',
      '-n',
      '-e',
      '-tt',
      '-S',
      '--immediate-mode',
      '-i',
      'eth0',
      FILTER,
    ];
    const child = spawn('nsenter', [`--net=/run/netns/${namespace}`, '--', ...tcpdump], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let rest = '';
    child.stdout.on('data', (bytes) => {
      const lines = (rest + String(bytes)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const cut = line.indexOf(' ');
        this.#lines.push({ at: Number(line.slice(0, cut)), text: line.slice(cut + 1) });
      }
    });
    this.#stop = () => child.kill('SIGTERM');
    this.listening = new Promise((done) => child.stderr.once('data', () => done()));
  }

  readonly listening: Promise<void>;

  static async start(namespace: string): Promise<Capture> {
    const capture = new Capture(namespace);
    await capture.listening;
    return capture;
  }

  async stop(): Promise<readonly Line[]> {
    await sleep(100);
    this.#stop();
    return this.#lines;
  }
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

function neighbour(net: BridgeNetwork): string {
  const args = ['-n', net.namespace(CLIENT), '-json', 'neighbour', 'show', BRIDGE_ADDRESS];
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
