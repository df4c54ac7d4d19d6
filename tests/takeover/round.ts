/** One round: a lab, a crew at work, boxes killed at random moments, everything compared after each kill and at the end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabOptions } from '#packaging/lab/plan.ts';
import type { Lab, Program } from '#packaging/lab/processes.ts';
import { Seeded } from '../support/seeded.ts';
import { digestsAgree, stateOf } from './agreement.ts';
import { Crew, type CrewCounts } from './crew.ts';
import { startLab } from './stage.ts';
import { compareDisk } from './verify.ts';

export interface RoundOptions {
  readonly handles: LabOptions['handles'];
  readonly durability: LabOptions['durability'];
  readonly backends: readonly string[];
  readonly program: Program;
  readonly kills: number;
  readonly connections: number;
  readonly address: string;
  readonly seed: number;
  /** Told what happens, a line at a time. */
  say(line: string): void;
}

export interface RoundReport extends CrewCounts {
  readonly kills: number;
  /** Milliseconds, one a kill: the longest gap of any client around it. */
  readonly stallsMs: readonly number[];
  /** Milliseconds, one a kill: the longest gap while the killed box came back. */
  readonly returnStallsMs: readonly number[];
  /** Calls that got the reply of their first execution; what a killed box had not told yet is not in it. */
  readonly answeredFromCache: number;
}

const REPLAYED = 'nfs_replayed_calls_total';
/** Milliseconds of work before something happens, at most. */
const QUIET_MS_MAX = 300;
/** Milliseconds that a killed box stays away, at most. */
const AWAY_MS_MAX = 400;
/** Milliseconds for a backup's tree to follow, when nothing happens any more. */
const MIRROR_MS_MAX = 2_000;
const MIRROR_POLL_MS = 50;
/** Milliseconds for the other box to serve. */
const TAKEOVER_MS_MAX = 20_000;

/** Rejects with the first thing that is not as it must be; what the boxes said is kept then, and named. */
export async function playRound(options: RoundOptions): Promise<RoundReport> {
  const directory = mkdtempSync(join(tmpdir(), 'understudy-takeover-'));
  const { handles, durability, backends, address, program } = options;
  let lab: Lab | undefined;
  let crew: Crew | undefined;
  try {
    const boxes = backends.length;
    lab = await startLab({ boxes, backends, handles, durability, address }, directory, program);
    crew = await Crew.start(lab, options.connections, options.seed);
    const report = await new Round(options, lab, crew).play();
    rmSync(directory, { recursive: true, force: true });
    return report;
  } catch (cause) {
    const state = lab === undefined ? '' : await stateOf(lab);
    const text = `${(cause as Error).message}\n${state}  what the boxes said: ${join(directory, 'log')}`;
    throw new Error(text, { cause });
  } finally {
    crew?.close();
    await lab?.stop();
  }
}

class Round {
  readonly #options: RoundOptions;
  readonly #lab: Lab;
  readonly #crew: Crew;
  readonly #dice: Seeded;
  readonly #stallsMs: number[] = [];
  readonly #returnStallsMs: number[] = [];
  /** Replayed calls that a process has told so far. */
  readonly #replayed = new Map<number, number>();

  readonly #disturbances: readonly ((() => Promise<void>) | undefined)[] = [
    ...[undefined, undefined, undefined, undefined, undefined],
    () => this.#killBackup(),
    () => this.#killWitness(),
    () => this.#move(),
    () => this.#killBeforeTheReturn(),
    () => this.#killBoth(),
  ];

  constructor(options: RoundOptions, lab: Lab, crew: Crew) {
    this.#options = options;
    this.#lab = lab;
    this.#crew = crew;
    this.#dice = new Seeded(options.seed);
  }

  async play(): Promise<RoundReport> {
    const { kills } = this.#options;
    for (let kill = 1; kill <= kills; kill += 1) {
      await this.#crew.during(this.#killOnce(kill));
      await this.#crew.compared();
    }
    await this.#countReplayed();
    await this.#crew.stop();
    await this.#lab.settled();
    await this.#compareBoxes();
    return {
      ...this.#crew.counts,
      kills,
      stallsMs: this.#stallsMs,
      returnStallsMs: this.#returnStallsMs,
      answeredFromCache: [...this.#replayed.values()].reduce((sum, count) => sum + count, 0),
    };
  }

  /** Perhaps something less, then the serving box with SIGKILL, and its return. */
  async #killOnce(kill: number): Promise<void> {
    await sleep(this.#dice.below(QUIET_MS_MAX));
    await this.#disturb();
    await this.#countReplayed();
    const name = await this.#serving();
    this.#crew.takeStallMs();
    const killedAt = performance.now();
    await this.#lab.kill(name);
    const comesBackAtOnce = this.#dice.chance(4);
    if (!comesBackAtOnce) {
      await this.#othersServe(name);
      await this.#crew.answered();
      await sleep(this.#dice.below(AWAY_MS_MAX));
    }
    const stallMs = comesBackAtOnce ? 0 : this.#crew.takeStallMs();
    await this.#lab.restart(name);
    await this.#lab.settled();
    await this.#crew.answered();
    const laterMs = this.#crew.takeStallMs();
    this.#stallsMs.push(comesBackAtOnce ? laterMs : stallMs);
    if (!comesBackAtOnce) this.#returnStallsMs.push(laterMs);
    const seconds = ((performance.now() - killedAt) / 1000).toFixed(1);
    const gap = (comesBackAtOnce ? laterMs : stallMs).toFixed(0);
    this.#options.say(`kill ${kill}: box ${name}, stall ${gap} ms, in sync after ${seconds} s`);
  }

  /** What clients may wait for and must not notice otherwise. */
  async #disturb(): Promise<void> {
    const disturbance = this.#dice.pick(this.#disturbances);
    if (disturbance === undefined) return;
    await disturbance();
    await this.#lab.settled();
    await sleep(this.#dice.below(QUIET_MS_MAX));
  }

  async #killBackup(): Promise<void> {
    const backup = this.#other(await this.#serving());
    this.#options.say(`kill of the backup, box ${backup}`);
    await this.#lab.kill(backup);
    await sleep(this.#dice.below(AWAY_MS_MAX));
    await this.#lab.restart(backup);
  }

  async #killWitness(): Promise<void> {
    this.#options.say('kill of the witness');
    await this.#lab.killWitness();
    await sleep(this.#dice.below(AWAY_MS_MAX));
    this.#lab.restartWitness();
    // A box that falls before the other has its witness back is two faults at once: it takes as long as they do.
    for (const { name } of this.#lab.plan.boxes) await this.#hasWitness(name);
  }

  async #move(): Promise<void> {
    const name = await this.#serving();
    const to = this.#other(name);
    this.#options.say(`planned move to box ${to}`);
    await this.#lab.control(name, 'move', { to });
  }

  /** The box that is back and not in sync yet must not serve, whatever becomes of the other. */
  async #killBeforeTheReturn(): Promise<void> {
    const first = await this.#serving();
    const second = this.#other(first);
    this.#options.say(`kill of box ${first}, and of box ${second} while the first catches up`);
    await this.#lab.kill(first);
    await this.#othersServe(first);
    await this.#lab.restart(first);
    await sleep(this.#dice.below(AWAY_MS_MAX));
    await this.#lab.kill(second);
    await sleep(this.#dice.below(AWAY_MS_MAX));
    await this.#lab.restart(second);
  }

  async #killBoth(): Promise<void> {
    this.#options.say('kill of both boxes');
    const names = this.#lab.plan.boxes.map(({ name }) => name);
    await Promise.all(names.map((name) => this.#lab.kill(name)));
    await Promise.all(names.map((name) => this.#lab.restart(name)));
  }

  async #serving(): Promise<string> {
    const name = await this.#lab.serving();
    if (name === undefined) throw new Error('no box serves');
    return name;
  }

  #other(name: string): string {
    return this.#lab.plan.boxes.find((box) => box.name !== name)?.name ?? name;
  }

  async #othersServe(killed: string): Promise<void> {
    const until = performance.now() + TAKEOVER_MS_MAX;
    while (performance.now() < until) {
      if ((await this.#lab.serving()) !== undefined) return;
      await sleep(10);
    }
    throw new Error(`box ${killed} was killed and nobody serves after ${TAKEOVER_MS_MAX} ms`);
  }

  async #hasWitness(name: string): Promise<void> {
    const until = performance.now() + TAKEOVER_MS_MAX;
    while (performance.now() < until) {
      const { arbiter } = await this.#lab.status(name);
      if (arbiter.condition.endsWith('is connected.')) return;
      await sleep(20);
    }
    throw new Error(`box ${name}: no witness after ${TAKEOVER_MS_MAX} ms`);
  }

  async #countReplayed(): Promise<void> {
    for (const { name } of this.#lab.plan.boxes) {
      const status = await this.#lab.status(name);
      this.#replayed.set(this.#lab.pid(name), status.statistics[REPLAYED] ?? 0);
    }
  }

  /** By their own digests, and by the tree on disk. */
  async #compareBoxes(): Promise<void> {
    await digestsAgree(this.#lab);
    // Mirror calls wait a moment.
    const until = performance.now() + MIRROR_MS_MAX;
    let differences = this.#differences();
    while (differences.length > 0 && performance.now() < until) {
      await sleep(MIRROR_POLL_MS);
      differences = this.#differences();
    }
    if (differences.length > 0) throw new Error(differences.join('\n'));
  }

  /** Between the trees on the boxes' disks and what the workers know. */
  #differences(): readonly string[] {
    return this.#lab.plan.boxes.flatMap(({ data }) =>
      data === undefined
        ? []
        : this.#crew.workers.flatMap(({ actor }) =>
            compareDisk(actor.top, join(data, actor.title)),
          ),
    );
  }
}
