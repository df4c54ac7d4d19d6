/** The link over real sockets and TLS, to a process that is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as assert from 'uvu/assert';
import type { BoxId } from '#core/group/entry.ts';
import { CHANNEL } from '#core/group/link.ts';
import { SILENT } from '#core/log-line.ts';
import { BoxLink, type LinkOptions } from '#plugins/cluster/link/link.ts';
import { createClock } from '#plugins/host/clock.ts';
import { createIdentity, type Identity } from '#plugins/host/identity.ts';
import { createNet } from '#plugins/host/net.ts';
import { suite } from '../../../support/suite.ts';

const test = suite('cluster/link/tls', { secondsMax: 20 });
const A = 'a' as BoxId;
const B = 'b' as BoxId;
const PROCESS = join(import.meta.dirname, '../support/link-process.ts');
const FROZEN_MS_MAX = 10_000;

interface Ids {
  readonly a: Identity;
  readonly b: Identity;
}

class Near {
  readonly link: BoxLink;
  readonly #events: string[] = [];
  #changed: () => void = () => {};

  constructor(options: LinkOptions) {
    const dependencies = { net: createNet(SILENT), clock: createClock(), log: SILENT };
    this.link = new BoxLink(options, dependencies);
    this.link.handle(CHANNEL.group, {
      frame: (_, frame) => this.#happens(`frame ${frame.length} ${frame.at(-1)}`),
      up: () => this.#happens('up'),
      down: (_, byPeer) => this.#happens(byPeer ? 'down by peer' : 'down here'),
    });
  }

  /** Resolves with the next event. */
  async next(): Promise<string> {
    const until = Number(process.hrtime.bigint() / 1_000_000n) + FROZEN_MS_MAX;
    while (this.#events.length === 0) {
      if (Number(process.hrtime.bigint() / 1_000_000n) > until) throw new Error('nothing happens');
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
        setTimeout(resolve, 100);
      });
    }
    return this.#events.shift() ?? '';
  }

  #happens(event: string): void {
    this.#events.push(event);
    this.#changed();
  }
}

function optionsOf(self: BoxId, ids: Ids, port: number, peerPort: number): LinkOptions {
  const [mine, peer, theirs] = self === A ? [ids.a, B, ids.b] : [ids.b, A, ids.a];
  return {
    self,
    cluster: 'home',
    address: '127.0.0.1',
    port,
    key: mine.key,
    certificate: mine.certificate,
    peers: [{ name: peer, address: '127.0.0.1', port: peerPort, fingerprint: theirs.fingerprint }],
  };
}

/** Starts `b` and resolves with its port when it listens. */
async function startFar(ids: Ids, port: number): Promise<{ child: ChildProcess; port: number }> {
  const text = JSON.stringify(optionsOf(B, ids, port, 1));
  const child = spawn(process.execPath, [PROCESS, text], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('no output');
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  return { child, port: Number(line.split(' ')[1]) };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function identities(): Promise<Ids> {
  const [a, b] = await Promise.all([createIdentity('a'), createIdentity('b')]);
  return { a, b };
}

test('frames go both ways, and a killed process is seen at once and found again', async () => {
  const ids = await identities();
  const far = await startFar(ids, 0);
  const near = new Near(optionsOf(A, ids, 0, far.port));
  let again: ChildProcess | undefined;
  try {
    await near.link.start();
    assert.is(await near.next(), 'up');
    for (const size of [1, 5_000, 1_100_000, 8 * 1024 * 1024]) {
      near.link.send(B, CHANNEL.group, [Buffer.alloc(size - 1), Buffer.of(7)]);
      assert.is(await near.next(), `frame ${size} 7`);
    }
    near.link.send(B, CHANNEL.group, [Buffer.alloc(8 * 1024 * 1024)]);
    await kill(far.child);
    assert.is(await near.next(), 'down by peer');
    again = (await startFar(ids, far.port)).child;
    assert.is(await near.next(), 'up');
    near.link.send(B, CHANNEL.group, [Buffer.of(1, 2, 3)]);
    assert.is(await near.next(), 'frame 3 3');
  } finally {
    near.link.stop();
    far.child.kill('SIGKILL');
    if (again !== undefined) await kill(again);
  }
});

test('a process that is frozen is given up after seconds of silence, and found when it thaws', async () => {
  const ids = await identities();
  const { child, port } = await startFar(ids, 0);
  const near = new Near(optionsOf(A, ids, 0, port));
  try {
    await near.link.start();
    assert.is(await near.next(), 'up');
    child.kill('SIGSTOP');
    assert.is(await near.next(), 'down here');
    child.kill('SIGCONT');
    assert.is(await near.next(), 'up');
  } finally {
    near.link.stop();
    await kill(child);
  }
});

test('a stranger gets no byte and makes no noise', async () => {
  const ids = await identities();
  const { child, port } = await startFar(ids, 0);
  const stranger = await createIdentity('a');
  const forged = new Near(optionsOf(A, { a: stranger, b: ids.b }, 0, port));
  const near = new Near(optionsOf(A, ids, 0, port));
  try {
    await forged.link.start();
    await near.link.start();
    assert.is(await near.next(), 'up');
    assert.not.ok(forged.link.isUp(B));
  } finally {
    forged.link.stop();
    near.link.stop();
    await kill(child);
  }
});
