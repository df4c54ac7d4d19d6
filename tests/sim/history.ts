/**
 * What clients were told, and whether it can all be true: the checkers of the simulation.
 *
 * - a change that was answered is in the final state, once, where its reply said
 * - no operation is there twice
 * - what a read showed is a beginning of what is there in the end, and holds all that was answered before it was asked
 * - no box answers while another box holds a valid lease for the group
 * - what a box had and the group has not is in a file aside (unless power cuts took it)
 * - in the end all boxes hold the same entries and the same content
 */
import type { Box } from './box.ts';
import type { Machine } from './machine.ts';
import type { RegisterMachine } from './register-machine.ts';

interface Answered {
  readonly key: number;
  readonly place: number;
}

export class SimFailure extends Error {
  override readonly name = 'SimFailure';
}

/** A box lets a reply go: no other may then. */
export function refuseTwoPrimaries(boxes: readonly Box<Machine>[], from: Box<Machine>): void {
  for (const other of boxes) {
    if (other === from || !other.running || other.frozen) continue;
    const { member } = other;
    if (member?.serving && member.mayReply(other.now())) {
      throw new SimFailure(
        `${from.id} answers in view ${from.member?.view} while ${other.id} may, in view ${member.view}`,
      );
    }
  }
}

export class History {
  readonly #boxes: readonly Box<RegisterMachine>[];
  readonly #changes = new Map<string, Answered>();
  readonly #seen: { readonly key: number; readonly list: readonly string[] }[] = [];
  /** Per key the longest list that anybody was told of. */
  readonly #known = new Map<number, number>();

  constructor(boxes: readonly Box<RegisterMachine>[]) {
    this.#boxes = boxes;
  }

  get count(): number {
    return this.#changes.size;
  }

  knownLength(key: number): number {
    return this.#known.get(key) ?? 0;
  }

  changed(id: string, key: number, place: number): void {
    const before = this.#changes.get(id);
    if (before !== undefined && before.place !== place) {
      throw new SimFailure(`${id} answered with ${before.place} and ${place}`);
    }
    this.#changes.set(id, { key, place });
    this.#learn(key, place);
  }

  seen(key: number, list: readonly string[], least: number): void {
    if (list.length < least) {
      throw new SimFailure(`read of key ${key} shows ${list.length} changes, ${least} were known`);
    }
    this.#seen.push({ key, list });
    this.#learn(key, list.length);
  }

  /** Everything has come to rest: compares what was told with what is there. */
  check(inSync: readonly string[]): void {
    const [first, ...others] = this.#boxes.filter(({ id }) => inSync.includes(id));
    if (first === undefined) return;
    for (const [key, list] of first.machine.state.lists) this.#checkOnce(key, list);
    for (const [id, { key, place }] of this.#changes) {
      const there = first.machine.state.list(key)[place - 1];
      if (there !== id)
        throw new SimFailure(`${id} was answered as ${place} of key ${key}; there is ${there}`);
    }
    for (const { key, list } of this.#seen) {
      const there = first.machine.state.list(key);
      const lost = list.findIndex((id, index) => there[index] !== id);
      if (lost >= 0)
        throw new SimFailure(`a read showed ${list[lost]} in key ${key}; there is ${there[lost]}`);
    }
    for (const other of others) this.#compare(first, other);
  }

  /** Nothing that a box had in its log was thrown away. */
  checkAside(): void {
    for (const box of this.#boxes) {
      const there = new Set([...box.machine.state.lists.values()].flat());
      const aside = new Set(box.aside);
      for (const id of box.logged) {
        if (!there.has(id) && !aside.has(id)) throw new SimFailure(`${id} of ${box.id} is nowhere`);
      }
    }
  }

  #checkOnce(key: number, list: readonly string[]): void {
    const twice = list.find((id, index) => list.indexOf(id) !== index);
    if (twice !== undefined) throw new SimFailure(`${twice} was executed twice on key ${key}`);
  }

  #compare(a: Box<RegisterMachine>, b: Box<RegisterMachine>): void {
    for (const [name, left, right] of [
      ['lists', a.machine.state.lists, b.machine.state.lists],
      ['content', a.machine.state.contents, b.machine.state.contents],
    ] as const) {
      const [one, two] = [left, right].map((map) =>
        JSON.stringify([...map].sort(([x], [y]) => x - y)),
      );
      if (one !== two) throw new SimFailure(`${name} differ: ${a.id} ${one}, ${b.id} ${two}`);
    }
  }

  #learn(key: number, length: number): void {
    if (length > this.knownLength(key)) this.#known.set(key, length);
  }
}
