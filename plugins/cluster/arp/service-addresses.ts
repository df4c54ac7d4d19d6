/** The service addresses of this box, on loopback and on the LAN, and the clients that are to be woken when they come. */
import type { Addresses, Claim, ClientEnds, ServiceAddress } from '#core/addresses.ts';
import type { BoxId } from '#core/group/entry.ts';
import { CHANNEL, type Link } from '#core/group/link.ts';
import { TICK_MS } from '#core/limits.ts';
import type { Log } from '#core/log-line.ts';
import type { Clock, Timer } from '#core/ports/clock.ts';
import type { Lan } from '#core/ports/lan.ts';
import { DecodeError } from '#core/wire/reader.ts';
import { ConnectionTable } from './connections.ts';
import { LanAddresses } from './lan-addresses.ts';
import { lanRefusal } from './lan-refusals.ts';
import { isLiteral, isLoopback, loopbackRefusal } from './loopback.ts';
import { NEIGHBOURS_MAX } from './neighbours.ts';
import { Outlook } from './outlook.ts';
import { tickle } from './tickle.ts';

/**
 * Milliseconds after an address came at which its clients are woken: packets get lost, and a client that still has the
 * old box's MAC answers to that one. One that has come back meanwhile takes no notice.
 */
const TICKLE_AT_MS = [0, 60, 200, 500] as const;

export interface AddressDependencies {
  readonly lan: Lan;
  readonly link: Link;
  readonly clock: Clock;
  readonly log: Log;
}

export class ServiceAddresses implements Addresses {
  readonly #deps: AddressDependencies;
  readonly #lan: LanAddresses;
  readonly #outlook: Outlook;
  readonly #connections: ConnectionTable;
  readonly #doors: ((address: string) => boolean)[] = [];
  readonly #timers = new Set<Timer>();
  #onLoopback: readonly string[] = [];
  #claimed = false;

  constructor(deps: AddressDependencies) {
    this.#deps = deps;
    this.#connections = new ConnectionTable(deps.link);
    this.#outlook = new Outlook({
      ...deps,
      clients: () => this.#connections.remotes(NEIGHBOURS_MAX),
      ask: (index, neighbour) => this.#lan.askFor(index, neighbour),
    });
    this.#lan = new LanAddresses({
      ...deps,
      outlook: this.#outlook,
      arrived: (address) => this.#wake(address),
      isOpen: (address) => this.#doors.every((isOpen) => isOpen(address)),
    });
    deps.link.handle(CHANNEL.clients, {
      up: (peer) => {
        this.#connections.up(peer);
        this.#lan.again();
      },
      frame: (peer, frame) => {
        try {
          this.#connections.received(peer, frame);
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
          deps.log.warn('clients of another box: dropped', { peer, reason: error.message });
        }
      },
    });
    this.#timers.add(deps.clock.every(TICK_MS, () => this.#lan.tick()));
  }

  async check(place: ServiceAddress): Promise<string | undefined> {
    if (isLoopback(place.address) || !isLiteral(place.address)) return loopbackRefusal(place);
    return this.#lan.check(place);
  }

  know(places: readonly ServiceAddress[]): void {
    this.#onLoopback = places.map(({ address }) => address).filter(isLoopback);
    this.#lan.know(places.filter(({ address }) => !isLoopback(address)));
  }

  hold(claim: Claim | undefined): void {
    this.#claimed = claim !== undefined;
    if (claim === undefined) this.#connections.fallSilent();
    else this.#connections.speak();
    this.#lan.hold(claim);
  }

  get held(): readonly string[] {
    return [...(this.#claimed ? this.#onLoopback : []), ...this.#lan.held];
  }

  heirs(): readonly BoxId[] {
    return this.#outlook.heirs();
  }

  condition(address: string): string {
    return this.#lan.condition(address);
  }

  door(isOpen: (address: string) => boolean): void {
    this.#doors.push(isOpen);
  }

  listensAhead(address: string): boolean {
    return !isLoopback(address);
  }

  connected(ends: ClientEnds): () => void {
    return isLoopback(ends.localAddress) ? () => {} : this.#connections.opened(ends);
  }

  isDefended(waitMs: number): Promise<boolean> {
    return this.#lan.isDefended(waitMs);
  }

  stop(): void {
    this.hold(undefined);
    for (const timer of this.#timers) timer.cancel();
    this.#lan.close();
  }

  #wake(address: string): void {
    const rows = this.#connections.take(address);
    if (rows.length === 0) return;
    this.#deps.log.info(`${address}: wakes ${rows.length} connections of clients`);
    for (const delayMs of TICKLE_AT_MS) {
      if (delayMs === 0) this.#tickle(rows);
      else
        this.#deps.clock.after(
          delayMs,
          () => this.#lan.held.includes(address) && this.#tickle(rows),
        );
    }
  }

  #tickle(rows: readonly ClientEnds[]): void {
    for (const ends of rows) {
      try {
        this.#deps.lan.sendPacket(tickle(ends), ends.remoteAddress);
      } catch (error) {
        this.#deps.log.debug(`${ends.remoteAddress} was not woken: ${lanRefusal(error)}`);
      }
    }
  }
}
