/** One run: boxes, clients and faults on a seed; then everything is mended, comes to rest and is checked. */
import type { BoxId } from '#core/group/entry.ts';
import type { LogOptions } from '#core/group/log.ts';
import { Seeded } from '../support/seeded.ts';
import { Register } from './arbiter.ts';
import type { Box } from './box.ts';
import { SimFailure } from './history.ts';
import type { Broken, Machine } from './machine.ts';
import { Net } from './net.ts';
import { registers, type Scenario, volumes } from './scenario.ts';
import { World } from './world.ts';

export interface SimOptions {
  readonly seed: number;
  /** Calls that clients make. */
  readonly steps: number;
  /** What the boxes hold. */
  readonly state: 'register' | 'volume';
  readonly broken?: Broken | undefined;
  /** Processes end in the middle of writes, too. */
  readonly tears?: boolean;
  /** See `Ground`. */
  readonly setsClocks?: boolean;
}

export interface SimResult {
  readonly seed: number;
  /** What went wrong; `undefined` when nothing did. */
  readonly failure: string | undefined;
  /** What the seed made of the run, then its last events. */
  readonly trace: readonly string[];
  readonly changes: number;
  readonly views: number;
  readonly timeMs: number;
  /** Boxes that were out in the end, for a reason that they may have. */
  readonly out: number;
}

/** Milliseconds after which nothing fails any more, whether the clients are done or not. */
const FAULTS_MS_MAX = 30_000;
/** Milliseconds in which clients must get all their answers then. */
const ANSWER_MS_MAX = 60_000;
/** Milliseconds in which everything must be in sync again once nothing fails any more. */
const REST_MS_MAX = 20_000;
/** What a box may say that is out although nothing was lost that had to be kept. */
const TOO_LATE = /its content must be copied anew/;
/** The same where all lost power: one had unstable entries on disk, and another served first. */
const TOO_MUCH = /it holds changes that the group lost/;

export async function simulate(options: SimOptions): Promise<SimResult> {
  const simulation = new Simulation(options);
  let failure: string | undefined;
  // A box's own promises end its process when they fail; here, the run.
  const broken = (error: Error): void => {
    simulation.world.failure ??= error;
  };
  process.on('unhandledRejection', broken);
  try {
    await simulation.run();
  } catch (error) {
    failure = error instanceof SimFailure ? error.message : String((error as Error).stack);
  } finally {
    process.off('unhandledRejection', broken);
  }
  const { world, scenario, register } = simulation;
  return {
    seed: options.seed,
    failure,
    trace: [simulation.setting, ...world.trace],
    changes: scenario.count,
    views: register.held?.view ?? 0,
    timeMs: world.now,
    out: simulation.out.length,
  };
}

class Simulation {
  readonly world: World;
  readonly register: Register;
  readonly scenario: Scenario;
  readonly setting: string;
  readonly #boxes: readonly Box<Machine>[];
  readonly #net: Net;
  /** Power cuts happen. */
  readonly #power: boolean;
  /** Milliseconds between faults at most: some runs hardly come to rest between them. */
  readonly #paceMs: number;
  /** A chance of its own: without tears a seed gives the same run as ever. */
  readonly #tears: Seeded | undefined;
  #failing = true;

  constructor(options: SimOptions) {
    const world = new World(options.seed);
    this.#tears = options.tears === true ? new Seeded(options.seed) : undefined;
    const { random } = world;
    this.world = world;
    this.#power = random.chance(2);
    this.#paceMs = random.pick([300, 1000, 2500]);
    this.register = new Register(world);
    const slow = random.chance(4);
    this.#net = new Net(world, { delayMs: slow ? [1, 30] : [0.05, 2], lateOneIn: random.below(4) });
    const members = ['a', 'b', 'c'].slice(0, random.chance(3) ? 3 : 2) as BoxId[];
    const ground = {
      world,
      net: this.#net,
      register: this.register,
      members,
      steps: options.steps,
      broken: options.broken,
      power: this.#power,
      tears: this.#tears,
      log: logOptions(world, options),
      setsClocks: options.setsClocks === true,
    };
    this.scenario = options.state === 'volume' ? volumes(ground) : registers(ground);
    this.#boxes = this.scenario.boxes;
    const power = this.#power ? 'power cuts' : 'no power cuts';
    this.setting = `${power}, ${JSON.stringify(ground.log)}, ${this.scenario.setting}`;
  }

  async run(): Promise<void> {
    this.#boxes.forEach((a, index) => {
      for (const b of this.#boxes.slice(index + 1)) this.#net.connect(a, b);
    });
    for (const box of this.#boxes) box.start();
    const { clients } = this.scenario;
    for (const client of clients) client.start();
    this.#fault();
    if (this.#tears !== undefined) this.#tear(this.#tears);
    this.scenario.leaver?.start();
    const done = () => clients.every((client) => client.done) || this.#isOver;
    await this.world.run(FAULTS_MS_MAX, done);
    this.#mend();
    const answered = await this.world.run(this.world.now + ANSWER_MS_MAX, done);
    if (!answered) throw new SimFailure(`clients wait for ever: ${this.#describe()}`);
    const rested = await this.world.run(this.world.now + REST_MS_MAX, () => this.#rests());
    if (!rested) throw new SimFailure(`the group does not come to rest: ${this.#describe()}`);
    if (this.#isOver) return;
    this.scenario.check(this.#boxes.filter((box) => !this.out.includes(box)).map(({ id }) => id));
  }

  /** Boxes that are out for a reason that they may have. */
  get out(): readonly Box<Machine>[] {
    return this.#boxes.filter(({ member }) => {
      const status = member?.status();
      if (status?.role !== 'out') return false;
      return TOO_LATE.test(status.sentence) || (this.#power && TOO_MUCH.test(status.sentence));
    });
  }

  /** No box is left that may serve. */
  get #isOver(): boolean {
    const { out } = this;
    const inSync = this.register.held?.inSync ?? [];
    return inSync.length > 0 && inSync.every((id) => out.some((box) => box.id === id));
  }

  /** Breaks something now and then, and mends it a while later. */
  #fault(): void {
    this.world.after(this.world.between(20, this.#paceMs), () => {
      if (!this.#failing) return;
      const { random } = this.world;
      const box = random.pick(this.#boxes);
      const other = random.pick(this.#boxes.filter((candidate) => candidate !== box));
      random.pick(this.#faults())(box, other);
      this.#fault();
    });
  }

  /** Has a box end in the middle of one of its next writes. */
  #tear(chance: Seeded): void {
    this.world.after(20 + chance.below(this.#paceMs), () => {
      if (!this.#failing) return;
      const box = chance.pick(this.#boxes);
      box.tearsIn = 1 + chance.below(8);
      box.onTorn = () => {
        this.world.after(5 + chance.below(3000), () => {
          if (!box.running) box.start();
        });
      };
      this.#tear(chance);
    });
  }

  #faults(): ((box: Box<Machine>, other: Box<Machine>) => void)[] {
    const { world } = this;
    return [
      (box) => {
        const isPower = this.#power && world.random.chance(2);
        // All at once, when it is the house that loses power.
        const boxes = isPower && world.random.chance(2) ? this.#boxes : [box];
        for (const one of boxes) {
          one.crash(isPower);
          world.after(world.between(5, 3000), () => {
            if (!one.running) one.start();
          });
        }
      },
      (box, other) => {
        world.note(`cut ${box.id} from ${other.id}`);
        this.#net.cut(box.id, other.id);
        world.after(world.between(20, 3000), () => this.#net.mend(box.id, other.id));
      },
      (box, other) => this.#net.reset(box.id, other.id),
      (box) => {
        world.note(`cut ${box.id} from the register`);
        this.register.cut(box.id, true);
        world.after(world.between(20, 2000), () => this.register.cut(box.id, false));
      },
      (box) => box.freeze(world.between(20, 2000)),
      (box) => {
        const serving = this.#boxes.find((candidate) => candidate.member?.serving);
        if (serving === undefined || serving.frozen) return;
        world.note(`move from ${serving.id} to ${box.id}`);
        void serving.member?.move(box.id);
      },
    ];
  }

  #mend(): void {
    this.#failing = false;
    for (const box of this.#boxes) box.tearsIn = 0;
    if (this.scenario.leaver !== undefined) this.scenario.leaver.isLeft = true;
    this.world.note('everything is mended');
    this.#boxes.forEach((box, index) => {
      this.register.cut(box.id, false);
      for (const other of this.#boxes.slice(index + 1)) this.#net.mend(box.id, other.id);
      if (!box.running) box.start();
    });
  }

  /** All boxes are in sync, and everything made is committed everywhere. */
  #rests(): boolean {
    if (this.#isOver) return true;
    const serving = this.#boxes.find((box) => box.member?.serving)?.member;
    const { out } = this;
    if (serving === undefined) return false;
    if (serving.configuration.inSync.length < this.#boxes.length - out.length) return false;
    return this.#boxes.every(({ member, machine, id }) => {
      if (out.some((box) => box.id === id)) return true;
      const isSame = member?.view === serving.view && member.committed === serving.committed;
      return isSame && machine.state.staged === serving.committed && machine.rests();
    });
  }

  #describe(): string {
    const boxes = this.#boxes.map(({ id, member }) => {
      if (member === undefined) return `${id} down`;
      const { role, view, staged, committed, sentence } = member.status();
      return `${id} ${role} view ${view} staged ${staged} committed ${committed} ${sentence}`;
    });
    return boxes.join('; ');
  }
}

/** In some runs of the volume the log reaches back a hundred entries or so: what is outstanding, and no more. */
function logOptions({ random }: World, { state }: SimOptions): LogOptions {
  if (state === 'volume' && random.chance(4)) {
    const sizeMax = 1024 * (8 + random.below(32));
    return { segmentSize: 512 * (1 + random.below(4)), sizeMax };
  }
  return { segmentSize: 512 * (1 + random.below(64)) };
}
