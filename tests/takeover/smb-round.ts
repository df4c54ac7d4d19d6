/**
 * Desktops at a share while boxes are killed and services moved, and NFS clients on the same volume beside them: every
 * durable open comes back, locks are held throughout, content is right, and both boxes end up with the same.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabOptions } from '#packaging/lab/plan.ts';
import type { Lab, Program } from '#packaging/lab/processes.ts';
import { smbTargetOf, WITH_SMB } from '../lab/smb-target.ts';
import { program as given } from '../support/program.ts';
import { Seeded } from '../support/seeded.ts';
import { digestsAgree, stateOf } from './agreement.ts';
import { Crew } from './crew.ts';
import { SmbCrew } from './smb-crew.ts';
import { startLab } from './stage.ts';

export interface SmbRoundOptions {
  readonly kills: number;
  /** Of the share; each a client machine of its own with four programs at work. */
  readonly clients: number;
  readonly durability: LabOptions['durability'];
  readonly backends: readonly string[];
  readonly address: string;
  readonly seed: number;
  readonly program?: Program;
  say(line: string): void;
}

export interface SmbRoundReport {
  readonly kills: number;
  readonly moves: number;
  readonly drops: number;
  readonly acts: number;
  readonly calls: number;
  readonly retried: number;
  readonly reconnected: number;
  readonly nfsCalls: number;
  readonly killStallsMs: readonly number[];
  readonly moveStallsMs: readonly number[];
}

const QUIET_MS_MAX = 400;
const AWAY_MS_MAX = 400;
const TAKEOVER_MS_MAX = 20_000;
const MIRROR_MS_MAX = 3_000;
/** Connections of the NFS clients, three workers each. */
const NFS_CONNECTIONS = 1;

/** Rejects with the first thing that is not as it must be; what the boxes said is kept then, and named. */
export async function playSmbRound(options: SmbRoundOptions): Promise<SmbRoundReport> {
  const directory = mkdtempSync(join(tmpdir(), 'understudy-takeover-'));
  const { address, durability, backends, clients, seed, program = given } = options;
  let lab: Lab | undefined;
  let nfs: Crew | undefined;
  let smb: SmbCrew | undefined;
  try {
    lab = await startLab({ address, durability, backends, ...WITH_SMB }, directory, program);
    nfs = await Crew.start(lab, NFS_CONNECTIONS, seed);
    smb = await SmbCrew.start(await smbTargetOf(lab), clients, seed);
    const report = await new SmbRound(options, lab, nfs, smb).play();
    rmSync(directory, { recursive: true, force: true });
    return report;
  } catch (cause) {
    const state = lab === undefined ? '' : await stateOf(lab);
    const text = `${(cause as Error).message}\n${state}  what the boxes said: ${join(directory, 'log')}`;
    throw new Error(text, { cause });
  } finally {
    smb?.close();
    nfs?.close();
    await lab?.stop();
  }
}

class SmbRound {
  readonly #options: SmbRoundOptions;
  readonly #lab: Lab;
  readonly #nfs: Crew;
  readonly #smb: SmbCrew;
  readonly #dice: Seeded;
  readonly #killStallsMs: number[] = [];
  readonly #moveStallsMs: number[] = [];
  #drops = 0;

  constructor(options: SmbRoundOptions, lab: Lab, nfs: Crew, smb: SmbCrew) {
    this.#options = options;
    this.#lab = lab;
    this.#nfs = nfs;
    this.#smb = smb;
    this.#dice = new Seeded(options.seed);
  }

  async play(): Promise<SmbRoundReport> {
    const { kills } = this.#options;
    for (let kill = 1; kill <= kills; kill += 1) {
      await this.#during(this.#perturb());
      await this.#during(this.#killOnce(kill));
      await this.#nfs.compared();
    }
    await this.#smb.stop();
    await this.#nfs.stop();
    await this.#smb.locksHeld();
    const leftovers = await this.#smb.leftovers();
    await this.#lab.settled();
    await digestsAgree(this.#lab);
    await this.#onDisk(leftovers);
    return {
      ...this.#smb.counts,
      kills,
      moves: this.#moveStallsMs.length,
      drops: this.#drops,
      nfsCalls: this.#nfs.counts.calls,
      killStallsMs: this.#killStallsMs,
      moveStallsMs: this.#moveStallsMs,
    };
  }

  #during<T>(work: Promise<T>): Promise<T> {
    return this.#smb.during(this.#nfs.during(work));
  }

  /** What is less than a kill: a lost connection, a planned move. */
  async #perturb(): Promise<void> {
    await sleep(this.#dice.below(QUIET_MS_MAX));
    if (this.#dice.chance(3)) {
      this.#smb.drop(this.#dice);
      this.#drops += 1;
      await this.#smb.answered();
      await this.#smb.locksHeld();
    }
    // The first is always seen.
    if (this.#moveStallsMs.length > 0 && !this.#dice.chance(3)) return;
    const name = await this.#serving();
    this.#smb.takeStallMs();
    await this.#lab.control(name, 'move', { to: this.#other(name) });
    await this.#smb.answered();
    const stallMs = this.#smb.takeStallMs();
    this.#moveStallsMs.push(stallMs);
    await this.#smb.locksHeld();
    await this.#lab.settled();
    this.#options.say(`planned move from box ${name}, stall ${stallMs.toFixed(0)} ms`);
    await sleep(this.#dice.below(QUIET_MS_MAX));
  }

  async #killOnce(kill: number): Promise<void> {
    const name = await this.#serving();
    this.#smb.takeStallMs();
    await this.#lab.kill(name);
    // At once: the other client may well be there before the one that holds the locks is back.
    await this.#smb.locksHeld();
    await this.#smb.answered();
    await this.#nfs.answered();
    const stallMs = this.#smb.takeStallMs();
    await sleep(this.#dice.below(AWAY_MS_MAX));
    await this.#lab.restart(name);
    await this.#lab.settled();
    await this.#smb.locksHeld();
    this.#killStallsMs.push(stallMs);
    this.#options.say(`kill ${kill}: box ${name}, stall ${stallMs.toFixed(0)} ms, locks held`);
  }

  async #serving(): Promise<string> {
    const until = performance.now() + TAKEOVER_MS_MAX;
    while (performance.now() < until) {
      const name = await this.#lab.serving();
      if (name !== undefined) return name;
      await sleep(10);
    }
    throw new Error('no box serves');
  }

  #other(name: string): string {
    return this.#lab.plan.boxes.find((box) => box.name !== name)?.name ?? name;
  }

  /** The plain trees on the boxes' disks have what the clients wrote. */
  async #onDisk(leftovers: ReadonlyMap<string, Buffer>): Promise<void> {
    const until = performance.now() + MIRROR_MS_MAX;
    for (;;) {
      const wrong = this.#differences(leftovers);
      if (wrong.length === 0) return;
      if (performance.now() > until) throw new Error(wrong.join('\n'));
      await sleep(50);
    }
  }

  #differences(leftovers: ReadonlyMap<string, Buffer>): readonly string[] {
    return this.#lab.plan.boxes.flatMap(({ data }) =>
      [...leftovers].flatMap(([path, bytes]) => {
        if (data === undefined) return [];
        const file = join(data, ...path.split('\\'));
        if (!existsSync(file)) return [`${file}: is missing`];
        return readFileSync(file).equals(bytes) ? [] : [`${file}: is not as it was written`];
      }),
    );
  }
}
