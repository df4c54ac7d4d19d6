/** Several clients of a share at work, in several dialects, signed and sealed; and one more that looks at what they hold. */
import type { SmbTarget } from '../lab/smb-target.ts';
import { Seeded } from '../support/seeded.ts';
import { SmbFile } from '../support/smb/file.ts';
import { SmbMount } from '../support/smb/mount.ts';
import { FILE_DIRECTORY_FILE, FILE_OPEN } from '../support/smb/requests.ts';
import {
  CopierIn,
  CopierOut,
  contentOf,
  Holder,
  makeFolder,
  Namer,
  type SmbWorker,
  sumOf,
} from './smb-workers.ts';

/** Durable opens of the first version are all that 2.1 has; 3.x clients ask for the second. */
const WAYS = [
  { dialect: 0x0311, isSealed: false, durability: 'v2' },
  { dialect: 0x0210, isSealed: false, durability: 'v1' },
  { dialect: 0x0311, isSealed: true, durability: 'v2' },
  { dialect: 0x0302, isSealed: false, durability: 'v2' },
  { dialect: 0x0300, isSealed: true, durability: 'v1' },
] as const;

export interface SmbCounts {
  readonly acts: number;
  readonly calls: number;
  readonly retried: number;
  readonly reconnected: number;
}

export class SmbCrew {
  readonly #mounts: readonly SmbMount[];
  readonly #other: SmbMount;
  readonly #workers: readonly SmbWorker[];
  readonly #holders: readonly Holder[];
  readonly #running: Promise<unknown>;
  #isStopping = false;
  acts = 0;

  private constructor(mounts: readonly SmbMount[], other: SmbMount, workers: readonly SmbWorker[]) {
    this.#mounts = mounts;
    this.#other = other;
    this.#workers = workers;
    this.#holders = workers.filter((worker) => worker instanceof Holder);
    this.#running = Promise.all(workers.map((worker) => this.#work(worker)));
    this.#running.catch(() => {});
  }

  /** @param clients At most as many as there are ways to connect. */
  static async start(target: SmbTarget, clients: number, seed: number): Promise<SmbCrew> {
    const ways = WAYS.slice(0, clients);
    const mounts = ways.map(({ dialect, isSealed }) => new SmbMount({ target, dialect, isSealed }));
    const other = new SmbMount({ target, dialect: 0x0311, isSealed: false });
    try {
      const workers: SmbWorker[] = [];
      for (const [index, mount] of mounts.entries()) {
        const durability = ways[index]?.durability ?? 'v2';
        for (const [turn, Kind] of [CopierIn, CopierOut, Holder, Namer].entries()) {
          const folder = `smb-${index}-${turn}`;
          await makeFolder(mount, folder);
          const dice = new Seeded(seed + 31 * index + 7 * turn + 5);
          workers.push(new Kind({ mount, dice, folder, durability }));
        }
      }
      return new SmbCrew(mounts, other, workers);
    } catch (cause) {
      for (const mount of [...mounts, other]) mount.close();
      throw cause;
    }
  }

  /** `work`, unless a worker finds something wrong meanwhile: then that. */
  during<T>(work: Promise<T>): Promise<T> {
    const broken = this.#running.then(() => new Promise<never>(() => {}));
    return Promise.race([work, broken]);
  }

  /** From another client: nobody gets what the workers have locked. */
  async locksHeld(): Promise<void> {
    for (const holder of this.#holders) await this.during(holder.check(this.#other));
  }

  /** Resolves when each client has had an answer to a call that was made now. */
  async answered(): Promise<void> {
    await this.during(Promise.all([...this.#mounts, this.#other].map(lookedAtRoot)));
  }

  /** Ends a connection, as a switch does that forgets it. */
  drop(dice: Seeded): void {
    dice.pick(this.#mounts).drop();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
  }

  /** After `stop`: all that was left, as another client reads it. Path to content. */
  async leftovers(): Promise<ReadonlyMap<string, Buffer>> {
    const found = new Map<string, Buffer>();
    for (const worker of this.#workers) {
      for (const [path, sum] of worker.kept()) {
        const isHeld = worker instanceof Holder;
        // What is locked may not be read by others; what is on the disks is compared all the same.
        const bytes = isHeld ? undefined : await contentOf(this.#other, path);
        if (bytes !== undefined && sumOf(bytes) !== sum) throw new Error(`${path}: not as written`);
        if (bytes !== undefined) found.set(path, bytes);
      }
    }
    return found;
  }

  close(): void {
    this.#isStopping = true;
    for (const mount of [...this.#mounts, this.#other]) mount.close();
  }

  /** Milliseconds of the longest call since the last asking. */
  takeStallMs(): number {
    const stallMs = Math.max(...this.#mounts.map((mount) => mount.stallMsMax));
    for (const mount of this.#mounts) mount.stallMsMax = 0;
    return stallMs;
  }

  get counts(): SmbCounts {
    const sum = (count: (mount: SmbMount) => number) =>
      this.#mounts.reduce((total, mount) => total + count(mount), 0);
    return {
      acts: this.acts,
      calls: sum(({ calls }) => calls),
      retried: sum(({ retried }) => retried),
      reconnected: sum(({ reconnected }) => reconnected),
    };
  }

  async #work(worker: SmbWorker): Promise<void> {
    try {
      while (!this.#isStopping) {
        await worker.act();
        this.acts += 1;
      }
    } catch (cause) {
      throw new Error(`${worker.title}: ${(cause as Error).message}`, { cause });
    }
  }
}

async function lookedAtRoot(mount: SmbMount): Promise<void> {
  const call = { name: '', disposition: FILE_OPEN, options: FILE_DIRECTORY_FILE, access: 0x80 };
  await (await SmbFile.open(mount, { ...call, share: 7 })).close();
}
