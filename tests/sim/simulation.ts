/** One run: boxes, clients and faults on a seed; then everything is mended, comes to rest and is checked. */
import type { BoxId } from '#core/group/entry.ts';
import { Register } from './arbiter.ts';
import { Box } from './box.ts';
import { Client } from './client.ts';
import { History, SimFailure } from './history.ts';
import { Net } from './net.ts';
import { World } from './world.ts';

export interface SimOptions {
  readonly seed: number;
  /** Calls that clients make. */
  readonly steps: number;
  readonly replyBeforeBackup?: boolean;
}

export interface SimResult {
  readonly seed: number;
  /** What went wrong; `undefined` when nothing did. */
  readonly failure: string | undefined;
  readonly trace: readonly string[];
  readonly changes: number;
  readonly views: number;
  readonly timeMs: number;
}

/** Milliseconds after which nothing fails any more, whether the clients are done or not. */
const FAULTS_MS_MAX = 30_000;
/** Milliseconds in which clients must get all their answers then. */
const ANSWER_MS_MAX = 60_000;
/** Milliseconds in which everything must be in sync again once nothing fails any more. */
const REST_MS_MAX = 20_000;

export async function simulate(options: SimOptions): Promise<SimResult> {
  const simulation = new Simulation(options);
  let failure: string | undefined;
  try {
    await simulation.run();
  } catch (error) {
    failure = error instanceof SimFailure ? error.message : String((error as Error).stack);
  }
  const { world, history, register } = simulation;
  return {
    seed: options.seed,
    failure,
    trace: world.trace,
    changes: history.count,
    views: register.held?.view ?? 0,
    timeMs: world.now,
  };
}

class Simulation {
  readonly world: World;
  readonly register: Register;
  readonly history: History;
  readonly #boxes: Box[];
  readonly #clients: Client[];
  readonly #net: Net;
  /** Power cuts happen, so that every change asks for stable storage. */
  readonly #power: boolean;
  /** Milliseconds between faults at most: some runs hardly come to rest between them. */
  readonly #paceMs: number;
  #failing = true;

  constructor(options: SimOptions) {
    const world = new World(options.seed);
    const { random } = world;
    this.world = world;
    this.#power = random.chance(2);
    this.#paceMs = random.pick([300, 1000, 2500]);
    this.register = new Register(world);
    const slow = random.chance(4);
    this.#net = new Net(world, { delayMs: slow ? [1, 30] : [0.05, 2], lateOneIn: random.below(4) });
    const members = ['a', 'b', 'c'].slice(0, random.chance(3) ? 3 : 2) as BoxId[];
    this.#boxes = members.map(
      (id, index) =>
        new Box(
          {
            id,
            members,
            persistent: index === 0 || random.chance(2),
            drift: world.between(-0.02, 0.02),
            replyBeforeBackup: options.replyBeforeBackup ?? false,
            segmentSize: 512 * (1 + random.below(64)),
          },
          world,
          this.#net,
          this.register,
        ),
    );
    this.history = new History(this.#boxes);
    this.#clients = Array.from({ length: 3 }, (_, index) => {
      const stableOneIn = this.#power ? 1 : 2;
      const calls = Math.ceil(options.steps / 3);
      const client = { name: `c${index}`, keys: 4, stableOneIn };
      return new Client(client, calls, world, this.#boxes, this.history);
    });
  }

  async run(): Promise<void> {
    this.#boxes.forEach((a, index) => {
      for (const b of this.#boxes.slice(index + 1)) this.#net.connect(a, b);
    });
    for (const box of this.#boxes) box.start();
    for (const client of this.#clients) client.start();
    this.#fault();
    const done = () => this.#clients.every((client) => client.done);
    await this.world.run(FAULTS_MS_MAX, done);
    this.#mend();
    const answered = await this.world.run(this.world.now + ANSWER_MS_MAX, done);
    if (!answered) throw new SimFailure(`clients wait for ever: ${this.#describe()}`);
    const rested = await this.world.run(this.world.now + REST_MS_MAX, () => this.#rests());
    if (!rested) throw new SimFailure(`the group does not come to rest: ${this.#describe()}`);
    this.history.check();
    if (!this.#power) this.history.checkAside();
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

  #faults(): ((box: Box, other: Box) => void)[] {
    const { world } = this;
    return [
      (box) => {
        box.crash(this.#power && world.random.chance(2));
        world.after(world.between(5, 3000), () => {
          if (!box.running) box.start();
        });
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
    this.world.note('everything is mended');
    this.#boxes.forEach((box, index) => {
      this.register.cut(box.id, false);
      for (const other of this.#boxes.slice(index + 1)) this.#net.mend(box.id, other.id);
      if (!box.running) box.start();
    });
  }

  /** All boxes are in sync, and everything made is committed everywhere. */
  #rests(): boolean {
    const serving = this.#boxes.find((box) => box.member?.serving)?.member;
    if (serving === undefined || serving.configuration.inSync.length < this.#boxes.length)
      return false;
    return this.#boxes.every(
      ({ member, state }) =>
        member?.view === serving.view &&
        state.staged === state.applied &&
        state.applied === serving.committed,
    );
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
