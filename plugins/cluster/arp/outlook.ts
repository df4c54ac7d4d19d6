/**
 * Who of the boxes has the clients' network, so that a primary that has lost it gives the service to one that has it.
 * Each tells the others what it sees. Where nobody sees anything nothing is done: moving would help nobody.
 */
import type { BoxId } from '#core/group/entry.ts';
import type { Link } from '#core/group/link.ts';
import { CHANNEL } from '#core/group/link.ts';
import type { Log } from '#core/log-line.ts';
import type { Clock, InstantMs } from '#core/ports/clock.ts';
import type { Lan, LanInterface } from '#core/ports/lan.ts';
import { DecodeError, Reader } from '#core/wire/reader.ts';
import { Writer } from '#core/wire/writer.ts';
import { isWithin } from './lan-refusals.ts';
import { Neighbours } from './neighbours.ts';
import { type Sight, SightMachine } from './sight.ts';

/** Milliseconds between looks at carriers: a system call each. */
const LOOK_MS = 50;
/** Neighbours asked at once. */
const ASKED_MAX = 2;
/** Milliseconds of darkness before the service goes: a cable that is plugged in anew costs no move. */
const DARK_MS = 300;
/** Milliseconds without a carrier after which a box that knows of no neighbour is still the better one. */
const HOPELESS_MS = 2_000;
/** Milliseconds for which a box that was in the dark is not trusted with the service: its cable may be loose. */
const FLAPPING_MS = 5_000;
const VERSION = 1;
const CODES: Readonly<Record<Sight, number>> = { bright: 1, unsure: 2, dark: 3 };

interface View {
  readonly place: LanInterface;
  readonly machine: SightMachine;
  readonly neighbours: Neighbours;
}

interface Told {
  readonly sight: Sight;
  /** When it was in the dark last. */
  readonly darkAt: number;
}

export interface OutlookDependencies {
  readonly lan: Lan;
  readonly link: Link;
  readonly clock: Clock;
  readonly log: Log;
  /** Addresses of clients that are or were connected to some box. */
  clients(): readonly string[];
  /** Asks on the interface whether a neighbour is there. */
  ask(index: number, neighbour: string): void;
}

export class Outlook {
  readonly #deps: OutlookDependencies;
  readonly #views = new Map<number, View>();
  readonly #told = new Map<BoxId, Told>();
  #lacks = false;
  #lookAt = Number.NEGATIVE_INFINITY;
  #darkAt: InstantMs | undefined;
  #said: Sight = 'bright';

  constructor(deps: OutlookDependencies) {
    this.#deps = deps;
    deps.link.handle(CHANNEL.sight, {
      up: (peer) => this.#tell(peer),
      frame: (peer, frame) => this.#received(peer, decodeSight(frame)),
      down: (peer) => this.#lost(peer),
    });
  }

  /** Interfaces with an address of the group. @param lacks Some address has none. */
  watch(places: readonly LanInterface[], lacks: boolean): void {
    this.#lacks = lacks;
    const indexes = new Set(places.map(({ index }) => index));
    for (const index of this.#views.keys()) if (!indexes.has(index)) this.#views.delete(index);
    for (const place of places) {
      if (this.#views.has(place.index)) continue;
      const view = { place, machine: new SightMachine(), neighbours: new Neighbours() };
      this.#views.set(place.index, view);
    }
  }

  /** A frame came in. @param neighbour The address of a machine that is no box, where the frame says one. */
  heard(index: number, neighbour: string | undefined): void {
    const view = this.#views.get(index);
    if (neighbour !== undefined) view?.neighbours.met(neighbour);
    view?.machine.heard(this.#deps.clock.now());
  }

  tick(): void {
    const { clock, lan, link, log } = this.#deps;
    const now = clock.now();
    if (now < this.#lookAt) return;
    this.#lookAt = now + LOOK_MS;
    const isInDoubt = link.peers.some((peer) => link.isUp(peer) && !link.isWhole(peer));
    for (const view of this.#views.values()) {
      if (view.machine.tick(now, lan.hasCarrier(view.place), isInDoubt)) this.#ask(now, view);
    }
    const sight = this.#sight(now);
    if (sight !== 'dark') this.#darkAt = undefined;
    else this.#darkAt ??= now;
    if (sight === this.#said) return;
    this.#said = sight;
    if (sight === 'dark') log.warn("this box has lost the clients' network");
    else log.debug(`the clients' network: ${sight}`);
    for (const peer of link.peers) this.#tell(peer);
  }

  /** Boxes that should have the addresses instead of this one: none, unless it has lost the clients' network. */
  heirs(): readonly BoxId[] {
    const now = this.#deps.clock.now();
    const darkMs = this.#darkAt === undefined ? 0 : now - this.#darkAt;
    if (darkMs < DARK_MS) return [];
    const isHopeless = this.#hasNoCarrier && darkMs >= HOPELESS_MS;
    return [...this.#told]
      .filter(([peer]) => this.#deps.link.isUp(peer))
      .filter(([, { darkAt }]) => now - darkAt >= FLAPPING_MS)
      .filter(([, { sight }]) => sight === 'bright' || (sight === 'unsure' && isHopeless))
      .map(([peer]) => peer);
  }

  /** What an owner should know of an interface; empty where all is well. */
  condition(index: number): string {
    const view = this.#views.get(index);
    if (view === undefined || view.machine.at(this.#deps.clock.now()) !== 'dark') return '';
    const { name } = view.place;
    return view.machine.hasCarrier
      ? `nobody answers on interface ${name}, and another way to the other box works: clients cannot reach this box; look at its switch`
      : `interface ${name} has no carrier: clients cannot reach this box; look at its cable and its switch`;
  }

  get #hasNoCarrier(): boolean {
    return [...this.#views.values()].some(({ machine }) => !machine.hasCarrier);
  }

  /** Of all interfaces the worst: a service has all of its addresses on one box. */
  #sight(now: InstantMs): Sight {
    const all = [...this.#views.values()].map(({ machine }) => machine.at(now));
    if (this.#lacks || all.includes('dark')) return 'dark';
    return all.includes('unsure') ? 'unsure' : 'bright';
  }

  #ask(now: InstantMs, { place, machine, neighbours }: View): void {
    const clients = this.#deps
      .clients()
      .filter((address) => place.networks.some((network) => isWithin(address, network)));
    for (const neighbour of neighbours.some(ASKED_MAX, clients)) {
      this.#deps.ask(place.index, neighbour);
      machine.asked(now);
    }
  }

  #tell(peer: BoxId): void {
    const { link } = this.#deps;
    if (link.isUp(peer)) link.send(peer, CHANNEL.sight, [encodeSight(this.#said)]);
  }

  #received(peer: BoxId, sight: Sight): void {
    const now = this.#deps.clock.now();
    const before = this.#told.get(peer);
    const isDark = sight === 'dark' || before?.sight === 'dark';
    const darkAt = isDark ? now : (before?.darkAt ?? Number.NEGATIVE_INFINITY);
    this.#told.set(peer, { sight, darkAt });
  }

  /** What it said is old; that its cable was loose is not. */
  #lost(peer: BoxId): void {
    const before = this.#told.get(peer);
    if (before !== undefined) this.#told.set(peer, { ...before, sight: 'unsure' });
  }
}

export function encodeSight(sight: Sight): Buffer {
  const to = new Writer(4);
  to.u16(VERSION);
  to.u16(CODES[sight]);
  return to.finish();
}

/** Throws `DecodeError`. */
export function decodeSight(frame: Buffer): Sight {
  const from = new Reader(frame);
  const version = from.u16();
  if (version !== VERSION) throw new DecodeError(`sight: version ${version}`);
  const code = from.u16();
  from.end();
  const sight = (Object.keys(CODES) as Sight[]).find((name) => CODES[name] === code);
  if (sight === undefined) throw new DecodeError(`sight: kind ${code}`);
  return sight;
}
