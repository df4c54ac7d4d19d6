/** A server on loopback over a group of one box, and clients that speak to it. */
import { createServer } from 'node:net';
import { SILENT } from '#core/log-line.ts';
import { Opens } from '#core/opens/manager.ts';
import { Stats } from '#core/stats.ts';
import { Translator } from '#plugins/cluster/handles/translator.ts';
import { createClock } from '#plugins/host/clock.ts';
import { createNet } from '#plugins/host/net.ts';
import { MountClient, Nfs3Client } from '#plugins/protocol/nfs/client/nfs3-client.ts';
import { RpcClient } from '#plugins/protocol/nfs/client/rpc-client.ts';
import { Counters } from '#plugins/protocol/nfs/counters.ts';
import { ExportTable } from '#plugins/protocol/nfs/exports.ts';
import { MountList } from '#plugins/protocol/nfs/mount/list.ts';
import { mountProgram } from '#plugins/protocol/nfs/mount/program.ts';
import { PortTable } from '#plugins/protocol/nfs/portmap/ports.ts';
import { portmapProgram } from '#plugins/protocol/nfs/portmap/program.ts';
import type { Credential } from '#plugins/protocol/nfs/rpc/auth.ts';
import { NfsServer } from '#plugins/protocol/nfs/server.ts';
import { nfsProgram } from '#plugins/protocol/nfs/v3/program.ts';
import { FakeGroup } from '../../../support/fake-group.ts';
import { NO_ADDRESSES } from '../../../support/no-addresses.ts';

export const ROOT: Credential = { uid: 0, gid: 0, groups: [] };
export const ALICE: Credential = { uid: 1000, gid: 1000, groups: [2000] };
export const BOB: Credential = { uid: 1001, gid: 1001, groups: [] };

export const clock = createClock();
export const net = createNet(SILENT);

let nextXid = 1000;

export class Stage {
  readonly group: FakeGroup;
  readonly stats = new Stats();
  readonly opens = new Opens({ clock });
  /** What the server logged as errors. */
  readonly errors: string[] = [];
  readonly counters = new Counters(this.stats);
  readonly ports: { readonly nfs: number; readonly mount: number; readonly portmap: number };
  readonly server: NfsServer;
  readonly #clients: RpcClient[] = [];

  constructor(group: FakeGroup, ports: Stage['ports']) {
    this.group = group;
    this.ports = ports;
    const scene = {
      group,
      handles: new Translator(group),
      opens: this.opens,
      clock,
      counters: this.counters,
      exports: new ExportTable(group),
      mounts: new MountList(),
      ports: new PortTable(),
    };
    const offers = [
      { program: nfsProgram, port: ports.nfs },
      { program: mountProgram, port: ports.mount },
      { program: portmapProgram, port: ports.portmap },
    ];
    this.server = new NfsServer(offers, {
      addresses: NO_ADDRESSES,
      scene,
      net,
      log: { ...SILENT, error: (text) => void this.errors.push(text) },
    });
  }

  rpc(port: number, credential?: Credential, more: object = {}): RpcClient {
    nextXid += 1_000_000;
    const options = { address: '127.0.0.1', port, firstXid: nextXid, deadlineMs: 4000, ...more };
    const client = new RpcClient(credential === undefined ? options : { ...options, credential }, {
      net,
      clock,
    });
    this.#clients.push(client);
    return client;
  }

  nfs(credential: Credential | undefined = ROOT, more: object = {}): Nfs3Client {
    return new Nfs3Client(this.rpc(this.ports.nfs, credential, more));
  }

  mount(credential: Credential = ROOT): MountClient {
    return new MountClient(this.rpc(this.ports.mount, credential));
  }

  async root(path = '/files'): Promise<Buffer> {
    const answer = await this.mount().mnt(path);
    if (answer.handle === undefined) throw new Error(`MNT ${path}: ${answer.status}`);
    return answer.handle;
  }

  close(): void {
    for (const client of this.#clients) client.close();
    this.server.stop();
  }
}

/** Runs a test on a server of its own that serves. */
export async function onStage(
  play: (stage: Stage) => Promise<void>,
  group = new FakeGroup(),
): Promise<void> {
  const [nfs = 0, mount = 0, portmap = 0] = await freePorts(3);
  const stage = new Stage(group, { nfs, mount, portmap });
  group.serve(true);
  try {
    await play(stage);
  } finally {
    stage.close();
  }
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
