/** The network below TCP, on two machines that are namespaces. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { LanError } from '#core/ports/lan.ts';
import type { Connection } from '#core/ports/net.ts';
import { decodeFrame, encodeFrame, type Frame } from '#plugins/cluster/arp/frames.ts';
import { announcement, probe, solicitedNode } from '#plugins/cluster/arp/signs.ts';
import { createLan, type HostLan } from '#plugins/host/lan.ts';
import { createLog } from '#plugins/host/log.ts';
import { createNet } from '#plugins/host/net.ts';
import { BridgeNetwork, bridgeLack, CLIENT } from '../../lab/network.ts';
import { inNamespace } from '../../support/namespace.ts';
import { suite } from '../../support/suite.ts';

const test = suite('host/lan', { secondsMax: 20 });
const SERVICE = '10.77.0.50';
/** Milliseconds for a frame to cross the bridge. */
const CROSS_MS_MAX = 2_000;
/** Milliseconds within which an end of a connection would have crossed the bridge. */
const QUIET_MS = 200;

const lack = bridgeLack();
const onBridge = (title: string, play: (net: BridgeNetwork, lan: HostLan) => Promise<void>) => {
  if (lack !== undefined) {
    test.skip(title, lack);
    return;
  }
  test(title, async () => {
    const net = BridgeNetwork.make();
    const lan = createLan();
    try {
      net.place('a', '10.77.0.11');
      await inNamespace(net.namespace('a'), () => play(net, lan));
    } finally {
      lan.close();
      net.close();
    }
  });
};

onBridge('ARP and neighbour discovery are heard, and nothing else', async (_, lan) => {
  const heard: (Frame | undefined)[] = [];
  const own = await until(() => lan.interfaces()[0]);
  assert.is(own.name, 'eth0');
  assert.ok(own.networks.includes('10.77.0.11/24'));
  const tap = lan.tap(own, (bytes) => heard.push(decodeFrame(Buffer.from(bytes))));
  tap.send(encodeFrame(probe('10.77.0.100', own.mac)));
  const four = await until(() => heard.find((frame) => frame?.kind === 'arp'));
  assert.ok(four.kind === 'arp' && four.sender === '10.77.0.100');
  tap.send(encodeFrame(probe('fd77::100', own.mac)));
  const six = await until(() => heard.find((frame) => frame?.kind === 'advertisement'));
  assert.ok(six.kind === 'advertisement' && six.target === 'fd77::100');
  assert.not(heard.includes(undefined));
});

onBridge('an address is there, is announced to the neighbours, and goes', async (net, lan) => {
  const own = await until(() => lan.interfaces()[0]);
  const tap = lan.tap(own, () => {});
  lan.add(SERVICE);
  lan.add(SERVICE);
  assert.match(net.addresses('a'), /10\.77\.0\.50\/32/);
  // A neighbour that knew another MAC.
  const client = net.namespace(CLIENT);
  execFileSync(
    'ip',
    `-n ${client} neighbour replace ${SERVICE} lladdr 02:00:00:00:00:99 dev eth0 nud reachable`.split(
      ' ',
    ),
  );
  for (const frame of announcement(SERVICE, own.mac, { view: 1, rank: 0 }))
    tap.send(encodeFrame(frame));
  await until(() => neighbours(client).includes(own.mac) || undefined);
  lan.remove(SERVICE);
  lan.remove(SERVICE);
  assert.not.match(net.addresses('a'), /10\.77\.0\.50/);
  tap.join(solicitedNode('fd77::50'));
  tap.join(solicitedNode('fd77::50'));
  tap.leave(solicitedNode('fd77::50'));
});

onBridge(
  'a socket is bound before its address is there, and an address dies with its process',
  async (net) => {
    const tcp = createNet(createLog({ level: 'error' }));
    const accept = () => ({ room: () => Buffer.alloc(1), received() {}, closed() {} });
    for (const address of ['10.77.0.51', 'fd77::51']) {
      const options = { address, port: 7000, ahead: true };
      const listener = await tcp.listen(options, accept);
      const again = await tcp.listen(options, accept).catch((error: Error) => error.message);
      assert.match(String(again), /another process listens there already/);
      listener.close();
    }
    const code = `const { createLan } = await import('#plugins/host/lan.ts');
    createLan().add('${SERVICE}'); process.stdout.write('up'); setInterval(() => {}, 1000);`;
    const args = [
      `--net=/run/netns/${net.namespace('a')}`,
      '--',
      process.execPath,
      '--input-type=module',
      '-e',
      code,
    ];
    const child = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    assert.match(net.addresses('a'), /10\.77\.0\.50/);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.not.match(net.addresses('a'), /10\.77\.0\.50/);
  },
);

onBridge(
  'a cable that leads nowhere is seen, and frames on what is switched off are a LanError',
  async (net, lan) => {
    const own = await until(() => lan.interfaces()[0]);
    const tap = lan.tap(own, () => {});
    assert.ok(lan.hasCarrier(own));
    net.unplug('a');
    await until(() => !lan.hasCarrier(own) || undefined);
    net.heal('a');
    await until(() => lan.hasCarrier(own) || undefined);
    assert.not(lan.hasCarrier({ ...own, index: 99 }));
    execFileSync('ip', ['-n', net.namespace('a'), 'link', 'set', 'eth0', 'down']);
    assert.not(lan.hasCarrier(own));
    assert.throws(
      () => tap.send(encodeFrame(probe('10.77.0.100', own.mac))),
      (error: Error) => error instanceof LanError && error.code === 'ENETDOWN',
    );
  },
);

onBridge(
  'nothing leaves in the name of an IPv6 address that is not here, and a dropped connection is gone',
  async (net, lan) => {
    const address = 'fd77::52';
    const box = net.namespace('a');
    lan.add(address);
    const tcp = createNet(createLog({ level: 'error' }));
    const accepted: Connection[] = [];
    const listener = await tcp.listen({ address, port: 7001, ahead: true }, (connection) => {
      accepted.push(connection);
      return { room: () => Buffer.alloc(1), received() {}, closed() {} };
    });
    // Neighbours are answered by the process that has the address, and there is none here.
    const { mac } = await until(() => lan.interfaces()[0]);
    const entry = `${address} lladdr ${mac} dev eth0 nud permanent`;
    const words = `-n ${net.namespace(CLIENT)} neighbour replace ${entry}`;
    execFileSync('ip', words.split(' '));
    let ends = 0;
    const client = await inNamespace(net.namespace(CLIENT), async () => {
      const socket = connect({ host: address, port: 7001 });
      socket.on('error', () => {});
      socket.on('close', () => {
        ends += 1;
      });
      await once(socket, 'connect');
      return socket.resume();
    });
    await until(() => accepted[0]);
    lan.remove(address);
    accepted[0]?.end();
    await sleep(QUIET_MS);
    assert.is(ends, 0, 'the client heard of the end');
    assert.match(connections(box, address), /FIN-WAIT-1/);
    lan.drop(address);
    assert.is(connections(box, address), '');
    // Here again, the box does not know the connection, and says so to a client that asks.
    lan.add(address);
    client.write('?');
    await until(() => ends || undefined);
    listener.close();
    assert.match(rules(box), /from fd77::52 .* suppress_ifgroup/);
    lan.remove(address);
    assert.match(rules(box), /from fd77::52 iif lo unreachable/);
    lan.forget(address);
    assert.not.match(rules(box), /fd77::52/);
  },
);

onBridge('what the system refuses is a LanError with its code', async (_, lan) => {
  const gone = { name: 'eth9', index: 99, mac: '02:00:00:00:00:09', networks: [] };
  assert.throws(
    () => lan.tap(gone, () => {}),
    (error: Error) => error instanceof LanError && error.code === 'ENODEV',
  );
});

function connections(namespace: string, address: string): string {
  const args = [`--net=/run/netns/${namespace}`, 'ss', '-Htan', 'state', 'connected'];
  return execFileSync('nsenter', [...args, 'src', `[${address}]`], { encoding: 'utf8' });
}

function rules(namespace: string): string {
  return execFileSync('ip', ['-n', namespace, '-6', 'rule'], { encoding: 'utf8' });
}

function neighbours(namespace: string): string {
  return execFileSync('ip', ['-n', namespace, 'neighbour'], { encoding: 'utf8' });
}

async function until<T>(look: () => T | undefined): Promise<T> {
  const end = performance.now() + CROSS_MS_MAX;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`not so within ${CROSS_MS_MAX} ms`);
    await sleep(5);
  }
}
