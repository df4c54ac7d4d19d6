/** Several machines in one process: real links over a network in memory, a disk each, one clock that is told to move. */
import type { BoxId } from '#core/group/entry.ts';
import type { Link } from '#core/group/link.ts';
import { SILENT } from '#core/log-line.ts';
import { BoxLink } from '#plugins/cluster/link/link.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeDisk } from './fake-disk.ts';
import { FakeNet, fingerprintOf } from './fake-net.ts';

/** What runs on one machine above its link. */
export type Program = (link: Link, disk: FakeDisk) => void;

interface Machine {
  readonly name: BoxId;
  readonly disk: FakeDisk;
  readonly program: Program;
  link: BoxLink | undefined;
}

export class Machines {
  readonly net = new FakeNet();
  readonly clock = new FakeClock();
  readonly #machines = new Map<BoxId, Machine>();

  /** Declared before any of them is started, so that each knows all. */
  add(name: BoxId, program: Program): void {
    this.#machines.set(name, { name, disk: new FakeDisk(), program, link: undefined });
  }

  async start(...names: readonly BoxId[]): Promise<void> {
    for (const name of names) {
      const machine = this.#get(name);
      const link = new BoxLink(
        {
          self: name,
          cluster: 'home',
          address: '127.0.0.1',
          port: this.#portOf(name),
          key: '',
          certificate: name,
          peers: [...this.#machines.keys()]
            .filter((other) => other !== name)
            .map((other) => ({
              name: other,
              address: '127.0.0.1',
              port: this.#portOf(other),
              fingerprint: fingerprintOf(other),
            })),
        },
        { net: this.net, clock: this.clock, log: SILENT },
      );
      machine.link = link;
      await link.start();
      machine.program(link, machine.disk);
    }
    await this.clock.pass(600);
  }

  async stop(...names: readonly BoxId[]): Promise<void> {
    for (const name of names) this.#get(name).link?.stop();
    await this.clock.pass(10);
  }

  disk(name: BoxId): FakeDisk {
    return this.#get(name).disk;
  }

  /** Moves the clock until the answer is there. */
  async wait<T>(answer: Promise<T>): Promise<T> {
    let isThere = false;
    const mark = () => {
      isThere = true;
    };
    answer.then(mark, mark);
    for (let step = 0; step < 500 && !isThere; step += 1) await this.clock.pass(10);
    return answer;
  }

  #get(name: BoxId): Machine {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new Error(`no machine ${name}`);
    return machine;
  }

  #portOf(name: BoxId): number {
    return 1 + [...this.#machines.keys()].indexOf(name);
  }
}
