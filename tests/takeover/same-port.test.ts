/**
 * A client that comes back from the port that it had, as kernels do: nothing that a box has kept of the connection before
 * may meet it there, however often the service comes and goes.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Lab } from '#packaging/lab/processes.ts';
import { BRIDGE_ADDRESS, BridgeNetwork, bridgeLack, CLIENT, SERVICE_6 } from '../lab/network.ts';
import { inNamespace } from '../support/namespace.ts';
import { suite } from '../support/suite.ts';
import { type Place, recordOf } from './raw-call.ts';
import { onStage } from './stage.ts';

const test = suite('takeover/same-port', { secondsMax: 90 });
const ROUNDS = 3;
/** Below 1024, as the Linux client has it. */
const PORT = 843;
const CALL_EVERY_MS = 5;
/** Milliseconds for calls under way to be answered. */
const QUIET_MS = 100;
/** Milliseconds from a reset to the new connection: a round trip, on a busy machine. A second try would take 1000. */
const BACK_MS_MAX = 250;
const CHANGE_MS_MAX = 10_000;

const lack = bridgeLack();
for (const [family, address] of [
  ['IPv4', BRIDGE_ADDRESS],
  ['IPv6', SERVICE_6],
] as const) {
  const title = `killed, replaced, back again: a client comes from the same port at once, over ${family}`;
  if (lack !== undefined) test.skip(title, lack);
  else {
    test(title, async () => {
      const net = BridgeNetwork.make();
      const options = { address: BRIDGE_ADDRESS, net };
      try {
        await inNamespace(net.namespace(CLIENT), () =>
          onStage(options, async ({ lab, place }) => {
            if (address !== BRIDGE_ADDRESS) await lab.control('a', 'address.add', { address });
            await play(lab, net, { ...place, address });
          }),
        );
      } finally {
        net.close();
      }
    });
  }
}

async function play(lab: Lab, net: BridgeNetwork, place: Place): Promise<void> {
  const caller = new Caller(place);
  try {
    await caller.answered();
    for (let round = 1; round <= ROUNDS; round += 1) {
      // With nothing unread, the kernel of the killed box keeps the connection for minutes, and asks for its end again.
      await caller.quiet();
      await lab.kill('a');
      await caller.answered();
      await lab.restart('a');
      await lab.settled();
      assert.equal(connections(net, 'a', place.address), [], 'left by the process that was killed');
      await lab.control('b', 'move', { to: 'a' });
      await caller.answered();
      assert.equal(connections(net, 'b', place.address), [], 'left after the move');
    }
    const backMs = caller.backMs.map(Math.round);
    process.stdout.write(`from reset to connected again: ${backMs.join(', ')} ms\n`);
    assert.is(backMs.length, 2 * ROUNDS);
    assert.ok(Math.max(...backMs) <= BACK_MS_MAX, `${backMs}`);
    assert.equal(caller.errors, []);
  } finally {
    caller.close();
  }
}

/** Of the kernel of a box, everything that is connected at an address. */
function connections(net: BridgeNetwork, host: string, address: string): readonly string[] {
  const space = `--net=/run/netns/${net.namespace(host)}`;
  const source = address.includes(':') ? `[${address}]` : address;
  const text = execFileSync('nsenter', [space, '--', 'ss', '-Htan', 'src', source], {
    encoding: 'utf8',
  });
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('LISTEN'));
}

/** Calls NULL all the time over one connection, always from the same port; comes back at once when it is reset. */
class Caller {
  readonly #place: Place;
  #socket: Socket | undefined;
  #answers = 0;
  #xid = 1;
  #closed = false;
  #quiet = false;
  readonly backMs: number[] = [];
  /** Of connecting: a refusal, or no way there. */
  readonly errors: string[] = [];

  constructor(place: Place) {
    this.#place = place;
    void this.#run();
  }

  /** Makes no calls from now on; resolves when all are answered. */
  async quiet(): Promise<void> {
    this.#quiet = true;
    await sleep(QUIET_MS);
  }

  /** Resolves with an answer to a call that was made now. */
  async answered(): Promise<void> {
    this.#quiet = false;
    // Of those under way one may have been answered before.
    const after = this.#answers + 2;
    const until = performance.now() + CHANGE_MS_MAX;
    while (this.#answers < after) {
      if (performance.now() > until) throw new Error(`no answer within ${CHANGE_MS_MAX} ms`);
      await sleep(CALL_EVERY_MS);
    }
  }

  close(): void {
    this.#closed = true;
    this.#socket?.destroy();
  }

  async #run(): Promise<void> {
    for (let lostAt: number | undefined; !this.#closed; lostAt = performance.now()) {
      const { address, port } = this.#place;
      const socket = connect({ host: address, port, localPort: PORT });
      this.#socket = socket;
      socket.on('data', () => {
        this.#answers += 1;
      });
      let isConnected = false;
      socket.once('connect', () => {
        isConnected = true;
        if (lostAt !== undefined) this.backMs.push(performance.now() - lostAt);
        void this.#call(socket);
      });
      socket.on('error', (error) => {
        if (!isConnected) this.errors.push(error.message);
      });
      await once(socket, 'close').catch(() => {});
      // A box that is refused or cannot be reached is not called without pause.
      if (!isConnected) await sleep(CALL_EVERY_MS);
    }
  }

  async #call(socket: Socket): Promise<void> {
    while (!socket.destroyed) {
      const nothing = { number: 0, encodeArgs() {} };
      if (!this.#quiet) socket.write(recordOf(this.#xid, nothing, undefined));
      this.#xid += 1;
      await sleep(CALL_EVERY_MS);
    }
  }
}
