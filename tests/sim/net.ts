/**
 * Links between boxes: ordered streams that delay, break, are cut, and come up again. Frames of a link that broke may
 * arrive late, after the link is up again, and twice.
 */
import type { BoxId } from '#core/group/entry.ts';
import { CHANNEL, type Channel } from '#core/group/link.ts';
import type { World } from './world.ts';

export interface Endpoint {
  readonly id: BoxId;
  readonly running: boolean;
  received(peer: BoxId, frame: Buffer, channel: Channel): void;
  linkUp(peer: BoxId): void;
  linkDown(peer: BoxId, closedByPeer: boolean): void;
}

interface Wire {
  readonly ends: readonly [Endpoint, Endpoint];
  up: boolean;
  cut: boolean;
  /** Counts the connections, so that frames of an old one are known. */
  epoch: number;
  /** Nothing overtakes what was sent before it, per direction. */
  readonly clearAt: [number, number];
}

export interface NetOptions {
  readonly delayMs: readonly [number, number];
  /** One frame in so many of a broken link arrives late; 0 for none. */
  readonly lateOneIn: number;
}

const CONNECT_MS: readonly [number, number] = [1, 60];

export class Net {
  readonly #world: World;
  readonly #options: NetOptions;
  readonly #wires: Wire[] = [];

  constructor(world: World, options: NetOptions) {
    this.#world = world;
    this.#options = options;
  }

  connect(a: Endpoint, b: Endpoint): void {
    this.#wires.push({ ends: [a, b], up: false, cut: false, epoch: 0, clearAt: [0, 0] });
  }

  send(from: BoxId, to: BoxId, parts: readonly Uint8Array[], channel: Channel): void {
    const wire = this.#between(from, to);
    if (!wire.up) return;
    const frame = Buffer.concat(parts);
    const side = wire.ends[0].id === from ? 1 : 0;
    const target = wire.ends[side];
    const [low, high] = this.#options.delayMs;
    const at = Math.max(wire.clearAt[side], this.#world.now + this.#world.between(low, high));
    wire.clearAt[side] = at;
    const { epoch } = wire;
    this.#world.after(at - this.#world.now, () => {
      if (wire.epoch === epoch && wire.up && !wire.cut) {
        target.received(from, Buffer.from(frame), channel);
      } else if (channel === CHANNEL.group) {
        this.#late(target, from, frame);
      }
    });
  }

  /** Frames vanish both ways; neither side is told. */
  cut(a: BoxId, b: BoxId): void {
    this.#between(a, b).cut = true;
  }

  mend(a: BoxId, b: BoxId): void {
    const wire = this.#between(a, b);
    if (!wire.cut) return;
    wire.cut = false;
    this.reset(a, b);
  }

  /** The connection breaks for no reason that anyone can see, and is made anew. */
  reset(a: BoxId, b: BoxId): void {
    const wire = this.#between(a, b);
    this.#break(wire, false);
    this.#reconnect(wire);
  }

  /** `closed`: the box's kernel lived on to close its connections; otherwise the others hear nothing. */
  stopped(box: BoxId, closed: boolean): void {
    for (const wire of this.#wires) {
      if (!wire.ends.some((end) => end.id === box)) continue;
      if (closed && !wire.cut) this.#break(wire, true);
      else wire.up = false;
    }
  }

  started(box: BoxId): void {
    for (const wire of this.#wires) {
      if (wire.ends.some((end) => end.id === box)) this.#reconnect(wire);
    }
  }

  #break(wire: Wire, closed: boolean): void {
    if (!wire.up) return;
    wire.up = false;
    wire.epoch += 1;
    const { epoch } = wire;
    for (const [side, end] of wire.ends.entries()) {
      const peer = wire.ends[1 - side] as Endpoint;
      this.#world.after(this.#world.between(0, 5), () => {
        if (wire.epoch === epoch && end.running) end.linkDown(peer.id, closed);
      });
    }
  }

  #reconnect(wire: Wire): void {
    this.#world.after(this.#world.between(...CONNECT_MS) + 5, () => {
      if (wire.up || wire.cut || !wire.ends.every((end) => end.running)) return;
      wire.up = true;
      wire.epoch += 1;
      wire.clearAt[0] = this.#world.now;
      wire.clearAt[1] = this.#world.now;
      for (const [side, end] of wire.ends.entries())
        end.linkUp((wire.ends[1 - side] as Endpoint).id);
    });
  }

  #late(target: Endpoint, from: BoxId, frame: Buffer): void {
    const { lateOneIn } = this.#options;
    if (lateOneIn === 0 || !this.#world.random.chance(lateOneIn)) return;
    const copies = 1 + this.#world.random.below(2);
    for (let copy = 0; copy < copies; copy += 1) {
      this.#world.after(this.#world.between(20, 600), () => {
        if (target.running) target.received(from, Buffer.from(frame), CHANNEL.group);
      });
    }
  }

  #between(a: BoxId, b: BoxId): Wire {
    const found = this.#wires.find(({ ends: [left, right] }) =>
      left.id === a ? right.id === b : left.id === b && right.id === a,
    );
    if (found === undefined) throw new Error(`no wire between ${a} and ${b}`);
    return found;
  }
}
