import { connect, createServer, type Socket } from 'node:net';
import * as assert from 'uvu/assert';
import { Nfs3Client } from '#plugins/protocol/nfs/client/nfs3-client.ts';
import { RpcError } from '#plugins/protocol/nfs/client/rpc-client.ts';
import { suite } from '../../../../support/suite.ts';
import { freePorts, onStage, ROOT, type Stage } from '../stage.ts';

const test = suite('nfs/client');

/** A relay whose connections a test can cut, with replies lost on the way. */
class Relay {
  readonly #server = createServer((client) => this.#join(client));
  readonly #sockets = new Set<Socket>();
  readonly #target: number;
  losesReplies = false;

  constructor(target: number) {
    this.#target = target;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(port, '127.0.0.1', done));
  }

  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#sockets.clear();
  }

  close(): void {
    this.#server.close();
    this.cut();
  }

  #join(client: Socket): void {
    const server = connect(this.#target, '127.0.0.1');
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
    }
    client.on('data', (bytes) => server.write(bytes));
    server.on('data', (bytes) => {
      if (!this.losesReplies) client.write(bytes);
    });
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  }
}

async function overRelay(play: (relay: Relay, nfs: Nfs3Client, stage: Stage) => Promise<void>) {
  await onStage(async (stage) => {
    const [port = 0] = await freePorts(1);
    const relay = new Relay(stage.ports.nfs);
    await relay.listen(port);
    try {
      await play(relay, new Nfs3Client(stage.rpc(port, ROOT)), stage);
    } finally {
      relay.close();
    }
  });
}

test('after a lost connection every unanswered call is sent again and runs once', () =>
  overRelay(async (relay, nfs, stage) => {
    const root = await stage.root();
    await nfs.null();
    relay.losesReplies = true;
    const calls = Array.from({ length: 30 }, (_, index) => nfs.mkdir(root, `d${index}`));
    while (stage.group.sealed.length < 30) await new Promise((later) => setImmediate(later));
    relay.losesReplies = false;
    relay.cut();
    for (const { status } of await Promise.all(calls)) assert.is(status, 0);
    assert.is(nfs.rpc.retransmitted, 30);
    assert.is(stage.counters.replayed.value, 30);
    assert.is(stage.group.sealed.length, 30);
    assert.is(nfs.rpc.connected, 2);
    assert.ok(nfs.rpc.stallMsMax > 0);
  }));

test('while nobody listens calls wait, and are answered when somebody does', () =>
  onStage(async (stage) => {
    const root = await stage.root();
    const nfs = stage.nfs();
    await nfs.null();
    stage.group.serve(false);
    const waiting = nfs.getattr(root);
    await new Promise((later) => setTimeout(later, 150));
    stage.group.serve(true);
    assert.is((await waiting).status, 0);
    assert.ok(nfs.rpc.stallMsMax >= 150);
  }));

test('a call that nobody answers is rejected at its deadline, with address and time', () =>
  onStage(async (stage) => {
    const [port = 0] = await freePorts(1);
    const client = new Nfs3Client(stage.rpc(port, ROOT, { deadlineMs: 200 }));
    try {
      await client.null();
      assert.unreachable();
    } catch (error) {
      assert.ok(error instanceof RpcError);
      assert.match(error.message, `NULL: no answer from 127.0.0.1 port ${port} in 200 ms`);
    }
  }));

test('no more calls than agreed are under way, and none is lost', () =>
  onStage(async (stage) => {
    const root = await stage.root();
    const nfs = stage.nfs(ROOT, { outstandingMax: 4 });
    const answers = Array.from({ length: 100 }, () => nfs.getattr(root));
    assert.is(nfs.rpc.outstanding, 100);
    for (const { status } of await Promise.all(answers)) assert.is(status, 0);
  }));
