/** A box that hangs and wakes up after it was replaced: it must not answer anybody with what it knew before. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Lab } from '#packaging/lab/processes.ts';
import { accepted, Nfs3Client } from '#plugins/protocol/nfs/client/nfs3-client.ts';
import { read } from '#plugins/protocol/nfs/v3/read.ts';
import { suite } from '../support/suite.ts';
import { recordOf } from './raw-call.ts';
import { onStage, openRpc } from './stage.ts';

const test = suite('takeover/frozen', { secondsMax: 60 });

/** Milliseconds for the other box to take over, and for the woken one to give up. */
const CHANGE_MS_MAX = 15_000;

test('a frozen box that wakes up after a takeover answers nobody with old data', () =>
  onStage({ address: '127.0.20.30' }, async ({ lab, place, nfs, root }) => {
    const made = accepted('CREATE', await nfs.create(root, 'file'));
    const file = Buffer.from(made.object ?? root);
    accepted('WRITE', await nfs.write(file, 0, Buffer.from('old')));
    const heard: Buffer[] = [];
    const socket = await open(place.address, place.port, heard);
    lab.freeze('a');
    // Lies in the frozen box's socket until it wakes.
    socket.write(recordOf(0x0f0f_0000, read, { file, offset: 0, count: 16 }));
    await until(() => serves(lab, 'b'));
    // On one machine the frozen box still has the service address; a second one is the successor's alone.
    const second = '127.0.20.39';
    await lab.control('b', 'address.add', { address: second });
    const other = new Nfs3Client(openRpc({ address: second, port: place.port }));
    accepted('WRITE', await other.write(file, 0, Buffer.from('new')));
    other.rpc.close();

    const closed = new Promise((done) => socket.once('close', done));
    lab.thaw('a');
    await closed;
    assert.not.match(Buffer.concat(heard).toString('latin1'), /old/);
    await until(async () => !(await serves(lab, 'a')));
    const { data } = accepted('READ', await nfs.read(file, 0, 16));
    assert.is(data.toString(), 'new');
    await lab.settled();
    assert.is(await lab.serving(), 'b');
    await assertEqual(lab);
  }));

async function open(address: string, port: number, heard: Buffer[]): Promise<Socket> {
  const socket = connect({ host: address, port });
  socket.on('error', () => {});
  socket.on('data', (bytes) => heard.push(bytes));
  await once(socket, 'connect');
  return socket;
}

async function serves(lab: Lab, name: string): Promise<boolean> {
  const status = await lab.status(name);
  return status.boxes.find((box) => box.name === name)?.serving ?? false;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + CHANGE_MS_MAX;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`not so within ${CHANGE_MS_MAX} ms`);
    await sleep(20);
  }
}

async function assertEqual(lab: Lab): Promise<void> {
  const digests = await Promise.all(
    lab.plan.boxes.map(({ name }) => lab.control(name, 'digest', {})),
  );
  const [first, ...others] = digests.map((digest) => (digest as { volumes: unknown }).volumes);
  for (const other of others) assert.equal(other, first);
}
