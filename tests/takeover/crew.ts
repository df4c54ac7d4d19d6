/** All workers of a round over their connections, as one thing that runs, compares and counts. */

import type { Lab } from '#packaging/lab/processes.ts';
import { createRandom } from '#plugins/host/random.ts';
import { Nfs3Client } from '#plugins/protocol/nfs/client/nfs3-client.ts';
import { NFS3_OK } from '#plugins/protocol/nfs/v3/status.ts';
import { Seeded } from '../support/seeded.ts';
import { Actor } from './actor.ts';
import { newFolder } from './model.ts';
import { RepeatingClient } from './repeating-client.ts';
import { CALL_MS_MAX, clientDependencies, mountRoot, ROOT_CREDENTIAL } from './stage.ts';
import { Worker } from './worker.ts';

/** Several share a connection, as processes on one client machine do. */
const WORKERS_PER_CONNECTION = 3;

export interface CrewCounts {
  readonly acts: number;
  readonly calls: number;
  readonly retransmitted: number;
  readonly repeated: number;
  readonly connections: number;
}

export class Crew {
  readonly workers: readonly Worker[];
  readonly #clients: readonly RepeatingClient[];
  /** Settles when all have stopped; rejects as soon as one finds something wrong. */
  readonly #running: Promise<unknown>;

  private constructor(workers: readonly Worker[], clients: readonly RepeatingClient[]) {
    this.workers = workers;
    this.#clients = clients;
    this.#running = Promise.all(workers.map((worker) => worker.run()));
    // Whoever waits for something hears of it; nobody may wait for a moment.
    this.#running.catch(() => {});
  }

  /** @param address Where the clients call: the lab's own service address where it is missing. */
  static async start(
    lab: Lab,
    connections: number,
    seed: number,
    address = lab.plan.options.address,
  ): Promise<Crew> {
    const root = await mountRoot(lab);
    const clients = Array.from({ length: connections }, (_, index) =>
      openClient(lab, address, new Seeded(seed + 7 * index + 3)),
    );
    try {
      const workers = await hire(clients, root, seed);
      return new Crew(workers, clients);
    } catch (cause) {
      for (const client of clients) client.close();
      throw cause;
    }
  }

  /** `work`, unless a worker finds something wrong meanwhile: then that. */
  during<T>(work: Promise<T>): Promise<T> {
    const broken = this.#running.then(() => new Promise<never>(() => {}));
    return Promise.race([work, broken]);
  }

  async compared(): Promise<void> {
    await this.during(Promise.all(this.workers.map((worker) => worker.compared())));
  }

  /** Ends all workers between two acts. */
  async stop(): Promise<void> {
    for (const worker of this.workers) worker.stop();
    await this.#running;
  }

  close(): void {
    for (const worker of this.workers) worker.stop();
    for (const client of this.#clients) client.close();
  }

  /** Resolves when every connection has had an answer to a call that was made now. */
  async answered(): Promise<void> {
    await Promise.all(this.#clients.map((client) => new Nfs3Client(client).null()));
  }

  /** Milliseconds of the longest time that a connection had calls under way and no reply, since the last asking. */
  takeStallMs(): number {
    const stallMs = Math.max(...this.#clients.map((client) => client.stallMsMax));
    for (const client of this.#clients) client.stallMsMax = 0;
    return stallMs;
  }

  get counts(): CrewCounts {
    const sum = (count: (client: RepeatingClient) => number) =>
      this.#clients.reduce((total, client) => total + count(client), 0);
    return {
      acts: this.workers.reduce((total, { acts }) => total + acts, 0),
      calls: sum(({ answered, repeated }) => answered + 2 * repeated),
      retransmitted: sum(({ retransmitted }) => retransmitted),
      repeated: sum(({ repeated }) => repeated),
      connections: sum(({ connected }) => connected),
    };
  }
}

async function hire(
  clients: readonly RepeatingClient[],
  root: Buffer,
  seed: number,
): Promise<readonly Worker[]> {
  const places = clients.flatMap((client) =>
    Array.from({ length: WORKERS_PER_CONNECTION }, () => client),
  );
  return Promise.all(
    places.map(async (client, index) => {
      const nfs = new Nfs3Client(client);
      const title = `w${index}`;
      const { status, object, attributes } = await nfs.mkdir(root, title, { mode: 0o755 });
      if (status !== NFS3_OK || object === undefined || attributes === undefined) {
        throw new Error(`MKDIR ${title}: nfsstat3 ${status}`);
      }
      const top = newFolder(Buffer.from(object), attributes.fileid);
      const worker = new Worker(new Actor(title, nfs, new Seeded(seed + 101 * index + 1), top));
      await worker.prepare();
      return worker;
    }),
  );
}

function openClient(lab: Lab, address: string, dice: Seeded): RepeatingClient {
  const { ports } = lab.plan.options;
  return new RepeatingClient(
    {
      address,
      port: ports.nfs,
      credential: ROOT_CREDENTIAL,
      firstXid: createRandom().u32(),
      deadlineMs: CALL_MS_MAX,
    },
    clientDependencies(),
    dice,
  );
}
