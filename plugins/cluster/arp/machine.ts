/**
 * One service address on one box: who has it, and what this box says about it. A pure machine: fed by `hold`, `release`,
 * `heard` and `tick`, drained by `ready`.
 *
 *     away ──hold──▶ held ──lease lapsed──▶ suspended ──lease again──▶ held
 *      ▲              │ │                       │
 *      └───release────┘ └──a higher view has it─┴─▶ yielded ──hold in a higher view──▶ held
 *
 * Liberty taken: RFC 5227 §2.4 lets a host defend its address once in ten seconds. A client that follows the wrong box
 * that long has an outage; what is in dispute here is ours by the group's view, so each false claim is answered.
 */
import type { InstantMs } from '#core/ports/clock.ts';
import type { Mac, Stamp } from './frames.ts';
import type { Sign } from './signs.ts';

/** Milliseconds after it was taken at which an address is announced: frames get lost, and switches learn slowly. */
const ANNOUNCE_AT_MS = [0, 50, 150, 400, 1_000, 5_000] as const;
/** Milliseconds between announcements from then on: tables forget, and somebody may have said otherwise. */
const ANNOUNCE_EVERY_MS = 30_000;
/** Milliseconds between two defences: a hundred times what a round trip takes, a tenth of what a client would notice. */
const DEFEND_MS = 100;

export type State = 'away' | 'held' | 'suspended' | 'yielded';

export type Effect =
  | { readonly kind: 'add' }
  | { readonly kind: 'remove' }
  /** What clients have connected to is no more: another box has it, or soon will. */
  | { readonly kind: 'drop' }
  | { readonly kind: 'announce' }
  | { readonly kind: 'answer'; readonly sign: Sign }
  /** Told once for each rival and outcome. */
  | { readonly kind: 'conflict'; readonly mac: Mac; readonly outcome: 'defended' | 'yielded' };

export class AddressMachine {
  #state: State = 'away';
  #stamp: Stamp = { view: 0, rank: 0 };
  /** In which view somebody else has it: this box does not come back with less. */
  #yieldedTo: Stamp | undefined;
  #heldAt = 0;
  #announced = 0;
  #defendedAt = Number.NEGATIVE_INFINITY;
  #told = '';
  #effects: Effect[] = [];

  get state(): State {
    return this.#state;
  }

  get stamp(): Stamp {
    return this.#stamp;
  }

  /** This box serves in the view of `stamp`. */
  hold(now: InstantMs, stamp: Stamp): void {
    this.#stamp = stamp;
    if (this.#state === 'held' || this.#state === 'suspended') return;
    if (this.#yieldedTo !== undefined && !outranks(stamp, this.#yieldedTo)) return;
    this.#take(now);
  }

  /** This box serves no longer. */
  release(): void {
    if (this.#state === 'held') this.#effects.push({ kind: 'remove' });
    if (this.#state === 'held' || this.#state === 'suspended') this.#effects.push({ kind: 'drop' });
    this.#state = 'away';
    this.#told = '';
  }

  /** Says it all again, as after taking it: a part of the network may have come back. */
  again(now: InstantMs): void {
    if (this.#state !== 'held') return;
    this.#heldAt = now;
    this.#announced = 0;
    this.tick(now, true);
  }

  /** @param isSure Nobody else can have been given the address meanwhile. */
  tick(now: InstantMs, isSure: boolean): void {
    if (this.#state === 'held' && !isSure) {
      this.#state = 'suspended';
      this.#effects.push({ kind: 'remove' });
    } else if (this.#state === 'suspended' && isSure) {
      this.#take(now);
    }
    if (this.#state !== 'held') return;
    const due = this.#heldAt + announceAtMs(this.#announced);
    if (now < due) return;
    this.#announced += 1;
    this.#effects.push({ kind: 'announce' });
  }

  /** A frame of another machine. `tick` comes first, so that a box that stood still says nothing of before. */
  heard(now: InstantMs, sign: Sign): void {
    if (this.#state !== 'held' && this.#state !== 'suspended') return;
    if (sign.kind === 'question') {
      if (this.#state === 'held') this.#effects.push({ kind: 'answer', sign });
      return;
    }
    if (sign.stamp !== undefined && outranks(sign.stamp, this.#stamp)) this.#yield(sign);
    else if (this.#state === 'held') this.#defend(now, sign);
  }

  ready(): readonly Effect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #take(now: InstantMs): void {
    this.#state = 'held';
    this.#yieldedTo = undefined;
    this.#heldAt = now;
    this.#announced = 0;
    this.#effects.push({ kind: 'add' });
    this.tick(now, true);
  }

  #yield({ stamp, mac }: Sign): void {
    if (this.#state === 'held') this.#effects.push({ kind: 'remove' });
    this.#effects.push({ kind: 'drop' });
    this.#state = 'yielded';
    this.#yieldedTo = stamp;
    this.#tell(mac, 'yielded');
  }

  #defend(now: InstantMs, { mac }: Sign): void {
    if (now < this.#defendedAt + DEFEND_MS) return;
    this.#defendedAt = now;
    this.#effects.push({ kind: 'announce' });
    this.#tell(mac, 'defended');
  }

  #tell(mac: Mac, outcome: 'defended' | 'yielded'): void {
    const told = `${mac} ${outcome}`;
    if (told === this.#told) return;
    this.#told = told;
    this.#effects.push({ kind: 'conflict', mac, outcome });
  }
}

export function outranks(one: Stamp, other: Stamp): boolean {
  return one.view === other.view ? one.rank < other.rank : one.view > other.view;
}

function announceAtMs(count: number): number {
  const last = ANNOUNCE_AT_MS.length - 1;
  const known = ANNOUNCE_AT_MS[count];
  return known ?? (ANNOUNCE_AT_MS[last] ?? 0) + (count - last) * ANNOUNCE_EVERY_MS;
}
