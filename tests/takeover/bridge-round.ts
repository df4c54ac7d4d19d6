/**
 * Takeovers on a network of its own: a lab on a bridge, a crew at work in the client's namespace, and the serving box
 * killed, frozen, cut off or told to hand over, again and again. What a client may notice of it is a stall.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Status } from '#core/status.ts';
import type { LabOptions } from '#packaging/lab/plan.ts';
import type { Lab } from '#packaging/lab/processes.ts';
import { BRIDGE_ADDRESS, BridgeNetwork, CLIENT } from '../lab/network.ts';
import { inNamespace } from '../support/namespace.ts';
import { Seeded } from '../support/seeded.ts';
import { Crew } from './crew.ts';
import { startLab } from './stage.ts';

export const EVENTS = ['kill', 'freeze', 'cut', 'move'] as const;
export type Event = (typeof EVENTS)[number];

export interface BridgeOptions {
  readonly events: readonly Event[];
  /** Of each. */
  readonly count: number;
  readonly seed: number;
  readonly connections: number;
  /** Where clients call; BRIDGE_ADDRESS where it is missing. */
  readonly address?: string;
  readonly lab?: Partial<LabOptions>;
  say(line: string): void;
}

/** Milliseconds, one an event: the longest time that a client waited. */
export type Stalls = ReadonlyMap<Event, readonly number[]>;

/** Milliseconds of work before something happens, at most. */
const QUIET_MS_MAX = 300;
/** Milliseconds for the other box to serve. */
const TAKEOVER_MS_MAX = 20_000;
/** Milliseconds after it woke up within which a box that was replaced has no service address any more. */
const WOKEN_MS_MAX = 100;
/** Milliseconds that asking for addresses takes itself, on a busy machine. */
const ASKING_MS = 60;

export async function playOnBridge(options: BridgeOptions): Promise<Stalls> {
  const directory = mkdtempSync(join(tmpdir(), 'understudy-bridge-'));
  const net = BridgeNetwork.make();
  try {
    const stalls = await inNamespace(net.namespace(CLIENT), () => play(options, net, directory));
    const said = readFileSync(join(directory, 'log'), 'utf8');
    const twice = said.split('\n').find((line) => line.includes('both boxes went on alone'));
    if (twice !== undefined) throw new Error(twice);
    rmSync(directory, { recursive: true, force: true });
    return stalls;
  } catch (cause) {
    const text = `${(cause as Error).message}\n  what the boxes said: ${join(directory, 'log')}`;
    throw new Error(text, { cause });
  } finally {
    net.close();
  }
}

async function play(
  options: BridgeOptions,
  net: BridgeNetwork,
  directory: string,
): Promise<Stalls> {
  const lab = await startLab({ address: BRIDGE_ADDRESS, net, ...options.lab }, directory);
  const { address = BRIDGE_ADDRESS, connections, seed } = options;
  try {
    if (address !== BRIDGE_ADDRESS) await lab.control('a', 'address.add', { address });
    const crew = await Crew.start(lab, connections, seed, address);
    try {
      return await new BridgeRound(options, net, lab, crew).play();
    } finally {
      crew.close();
    }
  } finally {
    await lab.stop();
  }
}

class BridgeRound {
  readonly #options: BridgeOptions;
  readonly #net: BridgeNetwork;
  readonly #lab: Lab;
  readonly #crew: Crew;
  readonly #dice: Seeded;

  readonly #acts: Readonly<Record<Event, (name: string, other: string) => Promise<unknown>>> = {
    kill: (name) => this.#lab.kill(name),
    freeze: async (name) => this.#lab.freeze(name),
    cut: async (name) => this.#net.cut(name),
    move: (name, to) => this.#lab.control(name, 'move', { to }),
  };
  readonly #undo: Readonly<Record<Event, (name: string) => Promise<unknown>>> = {
    kill: (name) => this.#lab.restart(name),
    freeze: (name) => this.#wake(name),
    cut: async (name) => this.#net.heal(name),
    move: async () => {},
  };

  constructor(options: BridgeOptions, net: BridgeNetwork, lab: Lab, crew: Crew) {
    this.#options = options;
    this.#net = net;
    this.#lab = lab;
    this.#crew = crew;
    this.#dice = new Seeded(options.seed);
  }

  async play(): Promise<Stalls> {
    const stalls = new Map<Event, number[]>();
    for (const event of this.#options.events) {
      const ofEvent: number[] = [];
      stalls.set(event, ofEvent);
      for (let turn = 1; turn <= this.#options.count; turn += 1) {
        ofEvent.push(await this.#crew.during(this.#once(event, turn)));
        await this.#crew.compared();
      }
    }
    await this.#crew.stop();
    await this.#lab.settled();
    return stalls;
  }

  async #once(event: Event, turn: number): Promise<number> {
    await sleep(this.#dice.below(QUIET_MS_MAX));
    const name = (await this.#lab.serving()) ?? 'a';
    const other = this.#lab.plan.boxes.find((box) => box.name !== name)?.name ?? name;
    this.#crew.takeStallMs();
    await this.#acts[event](name, other);
    await this.#until(other, ({ boxes }) => rowOf(boxes, other)?.serving === true);
    await this.#crew.answered();
    const stallMs = this.#crew.takeStallMs();
    await this.#undo[event](name);
    // The box that came back may not know yet that it was replaced, so that the other one is asked.
    await this.#until(other, ({ boxes }) => boxes.every((box) => box.inSync && box.lag === 0));
    await this.#crew.answered();
    const laterMs = this.#crew.takeStallMs();
    this.#options.say(
      `${event} ${turn}: box ${name}, stall ${stallMs.toFixed(0)} ms, ${laterMs.toFixed(0)} ms while it came back`,
    );
    return stallMs;
  }

  async #wake(name: string): Promise<void> {
    this.#lab.thaw(name);
    const woken = performance.now();
    while (this.#hasAddress(name)) {
      const sinceMs = performance.now() - woken;
      if (sinceMs > WOKEN_MS_MAX + ASKING_MS) {
        throw new Error(`box ${name}: has ${this.#address} ${sinceMs.toFixed(0)} ms after waking`);
      }
    }
    // And it stays away.
    await sleep(WOKEN_MS_MAX);
    if (this.#hasAddress(name)) throw new Error(`box ${name}: has ${this.#address} again`);
  }

  #hasAddress(name: string): boolean {
    return this.#net.addresses(name).includes(` ${this.#address}/`);
  }

  get #address(): string {
    return this.#options.address ?? BRIDGE_ADDRESS;
  }

  /** Asked of that box only: one that is frozen does not answer. */
  async #until(name: string, isSo: (status: Status) => boolean): Promise<void> {
    const until = performance.now() + TAKEOVER_MS_MAX;
    let last: Status | undefined;
    while (performance.now() < until) {
      last = await this.#lab.status(name).catch(() => undefined);
      if (last !== undefined && isSo(last)) return;
      await sleep(5);
    }
    const state = JSON.stringify(last?.boxes);
    throw new Error(`box ${name}: not as it should be after ${TAKEOVER_MS_MAX} ms: ${state}`);
  }
}

function rowOf(boxes: Status['boxes'], name: string) {
  return boxes.find((box) => box.name === name);
}
