import { once } from 'node:events';
import { type AddressInfo, createServer, connect as rawConnect } from 'node:net';
import * as assert from 'uvu/assert';
import { SILENT } from '#core/log-line.ts';
import type { Connection, Listener, Receiver, TlsIdentity } from '#core/ports/net.ts';
import { DecodeError } from '#core/wire/reader.ts';
import { createIdentity, type Identity } from '#plugins/host/identity.ts';
import { createNet } from '#plugins/host/net.ts';
import { suite } from '../../support/suite.ts';

const test = suite('plugins/host/net');
const HERE = '127.0.0.1';
const net = createNet(SILENT);

/** Collects what arrives, in buffers of one size; remembers whether it came in those very buffers. */
class Collector implements Receiver {
  readonly parts: Buffer[] = [];
  readonly ended: Promise<Error | undefined>;
  size = 0;
  drains = 0;
  #buffer = Buffer.alloc(0);
  #end: (error: Error | undefined) => void = () => {};
  readonly #roomSize: number;
  onBytes: (bytes: Buffer) => void = () => {};

  constructor(roomSize = 65_536) {
    this.#roomSize = roomSize;
    this.ended = new Promise((done) => {
      this.#end = done;
    });
  }
  room(): Buffer {
    this.#buffer = Buffer.alloc(this.#roomSize);
    return this.#buffer;
  }
  received(size: number): void {
    const bytes = this.#buffer.subarray(0, size);
    this.parts.push(bytes);
    this.size += size;
    this.onBytes(bytes);
  }
  closed(error?: Error): void {
    this.#end(error);
  }
  drained(): void {
    this.drains += 1;
  }
  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }
}

interface Pair {
  readonly server: Connection;
  readonly client: Connection;
  readonly atServer: Collector;
  readonly atClient: Collector;
  readonly listener: Listener;
}

async function pair(roomSize?: number, tls: [TlsIdentity?, TlsIdentity?] = []): Promise<Pair> {
  const atServer = new Collector(roomSize);
  const atClient = new Collector(roomSize);
  let accepted: (connection: Connection) => void = () => {};
  const acceptance = new Promise<Connection>((done) => {
    accepted = done;
  });
  const listener = await net.listen(
    { address: HERE, port: 0, ...(tls[0] && { tls: tls[0] }) },
    (connection) => {
      accepted(connection);
      return atServer;
    },
  );
  const options = { address: HERE, port: listener.port, timeoutMs: 1000 };
  const client = await net
    .connect({ ...options, ...(tls[1] && { tls: tls[1] }) }, () => atClient)
    .finally(() => listener.close());
  return { server: await acceptance, client, atServer, atClient, listener };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((done) => setTimeout(done, 1));
}

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'accepted';
}

const known = new Map<string, Promise<Identity>>();

/** Box `name`, which trusts the boxes `others`. */
async function box(name: string, others: readonly string[]): Promise<TlsIdentity> {
  const identity = (who: string): Promise<Identity> => {
    const made = known.get(who) ?? createIdentity(who);
    known.set(who, made);
    return made;
  };
  const trusted = new Set(
    await Promise.all(others.map(async (who) => (await identity(who)).fingerprint)),
  );
  const { key, certificate } = await identity(name);
  return { key, certificate, trusts: (fingerprint) => trusted.has(fingerprint) };
}

async function fingerprint(name: string): Promise<string> {
  return (await known.get(name))?.fingerprint ?? 'unknown';
}

const ways: readonly (readonly [string, () => Promise<[TlsIdentity?, TlsIdentity?]>])[] = [
  ['plain', async () => []],
  ['TLS', async () => [await box('a', ['b']), await box('b', ['a'])]],
];

for (const [way, identities] of ways) {
  test(`${way}: a message each way arrives, with the ends named`, async () => {
    const { server, client, atServer, atClient } = await pair(undefined, await identities());
    client.write(Buffer.from('call'));
    await until(() => atServer.size === 4);
    server.write(Buffer.from('reply'));
    await until(() => atClient.size === 5);
    assert.is(`${atServer.bytes} ${atClient.bytes}`, 'call reply');
    assert.is(server.remoteAddress, HERE);
    assert.is(server.localAddress, HERE);
    assert.is(client.remoteAddress, HERE);
    assert.ok(server.remotePort > 0 && client.remotePort > 0);
    client.destroy();
    await atServer.ended;
    await atClient.ended;
  });

  test(`${way}: 8 MiB arrive equal, in order and released, whatever the sizes of the pieces`, async () => {
    const { server, client, atServer, atClient } = await pair(100_003, await identities());
    const all = Buffer.alloc(8 * 1024 * 1024);
    for (let at = 0; at < all.length; at += 4) all.writeUInt32LE(at, at);
    let [offset, step, pieces, released] = [0, 1, 0, 0];
    while (offset < all.length) {
      client.write(all.subarray(offset, offset + step), () => {
        released += 1;
      });
      offset += step;
      pieces += 1;
      step = ((step * 7 + 1) % 300_000) + 1;
    }
    assert.is(client.queuedSize, all.length);
    await until(() => atServer.size === all.length);
    assert.ok(atServer.bytes.equals(all));
    await until(() => client.queuedSize === 0);
    assert.is(released, pieces);
    assert.ok(atClient.drains > 0);
    client.end();
    assert.is(await atServer.ended, undefined);
    assert.is(await atClient.ended, undefined);
    server.write(Buffer.from('late'), () => {
      released += 1;
    });
    assert.is(released, pieces + 1);
  });

  test(`${way}: while the receiver pauses nothing arrives, and afterwards everything does`, async () => {
    const { server, client, atServer } = await pair(1000, await identities());
    const total = 4 * 1024 * 1024;
    let reading = true;
    atServer.onBytes = () => {
      assert.ok(reading);
      if (atServer.size < 20_000) return;
      reading = false;
      server.pause();
    };
    client.write(Buffer.alloc(total, 7));
    await until(() => !reading);
    const held = atServer.size;
    await new Promise((done) => setTimeout(done, 30));
    assert.is(atServer.size, held);
    assert.ok(client.queuedSize > 0, 'the sender must feel it');
    atServer.onBytes = () => {};
    server.resume();
    await until(() => atServer.size === total);
    client.destroy();
    await atServer.ended;
  });

  test(`${way}: a receiver that cannot decode loses the connection, and is told why`, async () => {
    const { client, atServer, atClient } = await pair(undefined, await identities());
    atServer.onBytes = () => {
      throw new DecodeError('record: 5000000000 bytes, at most 1100000');
    };
    client.write(Buffer.from('bad'));
    assert.match(String(await atServer.ended), /at most 1100000/);
    await atClient.ended;
  });
}

test('plain: records land in the buffers that the receiver gave, without a copy', async () => {
  const { client, atServer } = await pair(256 * 1024);
  client.write(Buffer.alloc(1024 * 1024, 'r'));
  await until(() => atServer.size === 1024 * 1024);
  // A copy would come in pieces of the 64 KiB that Node.js reads by itself.
  assert.ok(atServer.parts.some((part) => part.length > 65_536));
  client.destroy();
  await atServer.ended;
});

test('plain: what the peer sends together with its end is delivered before the end', async () => {
  const atServer = new Collector();
  const listener = await net.listen({ address: HERE, port: 0 }, () => atServer);
  const socket = rawConnect(listener.port, HERE);
  socket.end('last words');
  assert.is(await atServer.ended, undefined);
  assert.is(String(atServer.bytes), 'last words');
  listener.close();
});

test('plain: an answer that comes after the peer has ended its side is dropped without an error', async () => {
  const atServer = new Collector();
  let dropped = false;
  const listener = await net.listen({ address: HERE, port: 0 }, (connection) => {
    atServer.onBytes = () =>
      void setTimeout(() => connection.write(Buffer.from('late'), () => (dropped = true)), 20);
    return atServer;
  });
  rawConnect(listener.port, HERE).end('call');
  assert.is(await atServer.ended, undefined);
  await until(() => dropped);
  listener.close();
});

test('plain: a write before the receiver is known is sent, and one turn is one message to the kernel', async () => {
  const listener = await net.listen({ address: HERE, port: 0 }, (connection) => {
    for (const word of ['a', 'b', 'c']) connection.write(Buffer.from(word));
    return new Collector();
  });
  const socket = rawConnect(listener.port, HERE);
  const [first] = await once(socket, 'data');
  assert.is(String(first), 'abc');
  socket.destroy();
  listener.close();
});

test('plain: a reset is an end with an error, an orderly end is one without', async () => {
  const reset = await pair();
  reset.client.destroy();
  assert.match(String(await reset.atServer.ended), /ECONNRESET/);
  assert.is(await reset.atClient.ended, undefined);
  const orderly = await pair();
  orderly.client.end();
  assert.is(await orderly.atServer.ended, undefined);
  assert.is(await orderly.atClient.ended, undefined);
});

test('plain: a connection that is destroyed in the turn in which it ends is closed all the same', async () => {
  const ours = await pair();
  ours.server.end();
  await new Promise<void>((done) => process.nextTick(done));
  ours.server.destroy();
  assert.is(await ours.atServer.ended, undefined);
  assert.is(await ours.atClient.ended, undefined);
});

test('plain: bytes that the server sends at once are not lost between connecting and reading', async () => {
  const server = createServer((socket) => socket.end('greeting')).listen(0, HERE);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (let round = 0; round < 20; round += 1) {
    const atClient = new Collector(3);
    await net.connect({ address: HERE, port, timeoutMs: 1000 }, () => atClient);
    assert.is(await atClient.ended, undefined);
    assert.is(String(atClient.bytes), 'greeting');
  }
  server.close();
});

test('TLS: both sides know the other by its fingerprint', async () => {
  const { server, client, atServer } = await pair(undefined, [
    await box('a', ['b']),
    await box('b', ['a']),
  ]);
  assert.is(server.peerFingerprint, await fingerprint('b'));
  assert.is(client.peerFingerprint, await fingerprint('a'));
  client.destroy();
  await atServer.ended;
});

test('TLS: a client refuses a server that it was not paired with, and names the certificate', async () => {
  const message = await refusal(pair(undefined, [await box('a', ['b']), await box('b', ['c'])]));
  assert.match(
    message,
    new RegExp(`refused 127.0.0.1:\\d+: it shows certificate ${await fingerprint('a')}`),
  );
});

test('TLS: a server delivers no byte of a client that it was not paired with', async () => {
  const warnings: string[] = [];
  const strict = createNet({ ...SILENT, warn: (message) => void warnings.push(message) });
  let accepted = 0;
  const listener = await strict.listen(
    { address: HERE, port: 0, tls: await box('a', ['c']) },
    () => {
      accepted += 1;
      return new Collector();
    },
  );
  const atClient = new Collector();
  const options = {
    address: HERE,
    port: listener.port,
    timeoutMs: 1000,
    tls: await box('b', ['a']),
  };
  const outcome = await refusal(
    net.connect(options, (connection) => {
      connection.write(Buffer.from('secret'));
      return atClient;
    }),
  );
  if (outcome === 'accepted') await atClient.ended;
  await until(() => warnings.length > 0);
  assert.is(accepted, 0);
  assert.match(String(warnings), new RegExp(`certificate ${await fingerprint('b')}`));
  listener.close();
});

test('TLS: trust is asked at every handshake, so that revoking takes effect at once', async () => {
  const revoked = new Set<string>();
  const a = await box('a', ['b']);
  const identity = { ...a, trusts: (it: string) => !revoked.has(it) && a.trusts(it) };
  const listener = await net.listen(
    { address: HERE, port: 0, tls: identity },
    () => new Collector(),
  );
  const options = {
    address: HERE,
    port: listener.port,
    timeoutMs: 1000,
    tls: await box('b', ['a']),
  };
  const first = new Collector();
  const connection = await net.connect(options, () => first);
  revoked.add(await fingerprint('b'));
  const second = new Collector();
  await refusal(net.connect(options, () => second).then(() => second.ended));
  assert.is(second.size, 0);
  connection.destroy();
  await first.ended;
  listener.close();
});

test('a port in use, a foreign address and a closed port give one sentence each', async () => {
  const listener = await net.listen({ address: HERE, port: 0 }, () => new Collector());
  const { port } = listener;
  const none = () => new Collector();
  assert.is(
    await refusal(net.listen({ address: HERE, port }, none)),
    `cannot listen on 127.0.0.1:${port}: another process listens there already; stop it or choose another port`,
  );
  assert.match(
    await refusal(net.listen({ address: '192.0.2.1', port: 0 }, none)),
    /does not have the address/,
  );
  listener.close();
  const closed = { address: HERE, port: 1, timeoutMs: 1000 };
  assert.match(
    await refusal(net.connect(closed, none)),
    /^cannot connect to 127.0.0.1:1: nothing listens/,
  );
});

test('a machine is reached where a port accepts or refuses', async () => {
  const listener = await net.listen({ address: HERE, port: 0 }, () => new Collector());
  assert.is(await net.reaches(HERE, listener.port, 500), true);
  assert.is(await net.reaches(HERE, 1, 500), true);
  listener.close();
});
