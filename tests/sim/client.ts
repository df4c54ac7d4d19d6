/** A client: one call after the other, sent again to another box until it is answered, as NFS clients do. */
import type { Box } from './box.ts';
import { type History, refuseTwoPrimaries } from './history.ts';
import type { SimClient } from './machine.ts';
import type { RegisterMachine } from './register-machine.ts';
import type { World } from './world.ts';

export interface ClientOptions {
  readonly name: string;
  readonly keys: number;
  /** One change in so many asks for stable storage; 1 for all. */
  readonly stableOneIn: number;
}

const NETWORK_MS: readonly [number, number] = [0.1, 2];
const RETRY_MS: readonly [number, number] = [60, 300];
const PAUSE_MS: readonly [number, number] = [0, 12];
/** Bytes of content: every write fills its block. */
export const CONTENT_SIZE = 12;

type RegisterBox = Box<RegisterMachine>;
type Asks<T> = (machine: RegisterMachine, reply: (answer: T) => void) => void;

export class Client implements SimClient {
  readonly #world: World;
  readonly #boxes: readonly RegisterBox[];
  readonly #history: History;
  readonly #options: ClientOptions;
  #count = 0;
  #target = 0;
  /** Calls still to make. */
  #left: number;

  constructor(
    options: ClientOptions,
    calls: number,
    world: World,
    boxes: readonly RegisterBox[],
    history: History,
  ) {
    this.#options = options;
    this.#left = calls;
    this.#world = world;
    this.#boxes = boxes;
    this.#history = history;
  }

  get done(): boolean {
    return this.#left === 0;
  }

  start(): void {
    if (this.done) return;
    const { random } = this.#world;
    const key = random.below(this.#options.keys);
    if (random.chance(3)) this.#read(key);
    else this.#change(key);
  }

  #change(key: number): void {
    this.#count += 1;
    const id = `${this.#options.name}-${this.#count}`;
    const content = this.#world.random.chance(2) ? id.padEnd(CONTENT_SIZE) : '';
    const stable = this.#world.random.chance(this.#options.stableOneIn);
    const asks: Asks<number> = (machine, reply) =>
      machine.change({ id, key, content }, stable, reply);
    this.#send(asks, (value) => this.#history.changed(id, key, value));
  }

  #read(key: number): void {
    const least = this.#history.knownLength(key);
    const asks: Asks<readonly string[]> = (machine, reply) => machine.read(key, reply);
    this.#send(asks, (list) => this.#history.seen(key, list, least));
  }

  #send<T>(asks: Asks<T>, done: (answer: T) => void): void {
    let open = true;
    const answer = (box: RegisterBox, reply: T): void => {
      refuseTwoPrimaries(this.#boxes, box);
      this.#world.after(this.#world.between(...NETWORK_MS), () => {
        if (!open) return;
        open = false;
        done(reply);
        this.#left -= 1;
        this.#world.after(this.#world.between(...PAUSE_MS), () => this.start());
      });
    };
    const attempt = (): void => {
      if (!open) return;
      const box = this.#boxes[this.#target % this.#boxes.length] as RegisterBox;
      this.#world.after(this.#world.between(...NETWORK_MS), () =>
        box.call((machine) => asks(machine, (reply) => answer(box, reply))),
      );
      this.#world.after(this.#world.between(...RETRY_MS), () => {
        if (!open) return;
        this.#target += 1;
        attempt();
      });
    };
    attempt();
  }
}
