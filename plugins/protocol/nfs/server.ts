/**
 * Listens on the service addresses, and owns the connections that come.
 *
 * When serving ends every connection closes at once: a client that is cut off reconnects to the box that took over, one
 * that is left hanging waits for its own time-outs.
 */
import ipaddr from 'ipaddr.js';
import type { Addresses } from '#core/addresses.ts';
import { DEAF, type Door, Doors } from '#core/doors.ts';
import type { Group } from '#core/group/group.ts';
import type { Log } from '#core/log-line.ts';
import type { Clock } from '#core/ports/clock.ts';
import type { Connection, Net, Receiver } from '#core/ports/net.ts';
import type { Scene } from './call.ts';
import { Admissions } from './exports.ts';
import type { PortRow } from './portmap/ports.ts';
import { ServerConnection } from './rpc/connection.ts';
import { Dispatcher } from './rpc/dispatch.ts';
import type { Program } from './rpc/procedure.ts';
import { SlabPool } from './rpc/slab.ts';

/** More for a moment, while those that make room for them close. */
const CONNECTIONS_SPARE = 16;
/** Milliseconds between looks whether a planned move is over: it takes some ten. */
const HELD_MS = 2;
/** Connections at once: far above what two cores can serve, each with a small slab. Beyond, the idlest makes room. */
const CONNECTIONS_MAX = 512;
/** Milliseconds between looks at listeners that failed and at connections that hold what others need. */
const LOOK_MS = 1000;
/** Looks without any progress after which a connection that holds large slabs must go when they are short. */
const STUCK_LOOKS_MAX = 10;

/** A program and the port it is offered at. */
export interface Offer {
  readonly program: Program;
  readonly port: number;
}

export interface ServerDependencies {
  readonly scene: Scene;
  readonly net: Net;
  readonly addresses: Addresses;
  readonly log: Log;
}

export class NfsServer {
  readonly #offers: readonly Offer[];
  readonly #deps: ServerDependencies;
  readonly #group: Group;
  readonly #clock: Clock;
  readonly #doors: Doors;
  readonly #connections = new Map<ServerConnection, number>();
  /** Anew each time that serving begins: what a box owed when it was replaced is owed no more. */
  #pool = new SlabPool();
  #dispatchers = new Map<number, Dispatcher>();
  readonly #look;

  constructor(offers: readonly Offer[], deps: ServerDependencies) {
    this.#offers = offers;
    this.#deps = deps;
    this.#group = deps.scene.group;
    this.#clock = deps.scene.clock;
    deps.scene.ports.set(offers.flatMap(rowsOf));
    this.#doors = new Doors(
      offers.map((offer) => offer.port),
      'NFS clients',
      { group: this.#group, net: deps.net, addresses: deps.addresses, log: deps.log },
      (door, connection) => this.#accept(door, connection),
    );
    this.#group.onServing((serving) => {
      if (!serving) this.#close();
    });
    this.#group.onRegistry(() => this.#arrange());
    this.#arrange();
    this.#look = this.#clock.every(LOOK_MS, () => this.#lookAround());
  }

  get connections(): number {
    return this.#connections.size;
  }

  stop(): void {
    this.#look.cancel();
    this.#doors.stop();
    this.#close();
  }

  #arrange(): void {
    if (this.#group.serving && this.#dispatchers.size === 0) this.#begin();
    this.#doors.arrange();
  }

  /** One dispatcher a port: programs may share one. */
  #begin(): void {
    this.#pool = new SlabPool();
    for (const port of new Set(this.#offers.map((offer) => offer.port))) {
      const programs = this.#offers.filter((offer) => offer.port === port);
      const { scene, log } = this.#deps;
      this.#dispatchers.set(
        port,
        new Dispatcher(
          programs.map((offer) => offer.program),
          { scene, counters: scene.counters, pool: this.#pool, log },
        ),
      );
    }
  }

  #accept(door: Door, connection: Connection): Receiver {
    const { scene, addresses } = this.#deps;
    const dispatcher = this.#dispatchers.get(door.port);
    // Nobody comes to an address that is not up; who comes just as it goes is not let in.
    if (dispatcher === undefined || !this.#group.serving) {
      connection.destroy();
      return DEAF;
    }
    const address = plain(connection.remoteAddress);
    const gone = addresses.connected({
      localAddress: door.address,
      localPort: door.port,
      remoteAddress: address,
      remotePort: connection.remotePort,
    });
    const served = new ServerConnection(connection, {
      dispatcher,
      pool: this.#pool,
      peer: {
        address,
        localAddress: plain(connection.localAddress),
        admissions: new Admissions(scene.exports, address),
      },
      serves: () => this.#group.serving && !door.closed,
      accepts: () => this.#group.accepting,
      later: (run) => scene.clock.after(HELD_MS, run),
      arrived: (size) => scene.counters.received.add(size),
      calls: scene.counters.client(address),
      closed: (self) => {
        gone();
        this.#connections.delete(self);
      },
    });
    if (this.#connections.size >= CONNECTIONS_MAX) this.#makeRoom();
    this.#connections.set(served, 0);
    const isCrowded = this.#connections.size > CONNECTIONS_MAX + CONNECTIONS_SPARE;
    if (isCrowded || door.closed) connection.destroy();
    return served;
  }

  #close(): void {
    this.#doors.withdraw();
    for (const connection of this.#connections.keys()) connection.destroy();
    this.#dispatchers = new Map();
  }

  #lookAround(): void {
    this.#doors.retry();
    for (const [connection, looks] of this.#connections) {
      const still = connection.moved() ? 0 : looks + 1;
      this.#connections.set(connection, still);
      const hinders = this.#pool.exhausted && connection.holdsLarge;
      if (hinders && still >= STUCK_LOOKS_MAX) connection.destroy();
    }
  }

  /** Closes the connection that has been silent the longest; its client comes again when it needs to. */
  #makeRoom(): void {
    let [idlest, looksMax]: [ServerConnection | undefined, number] = [undefined, 0];
    for (const [connection, looks] of this.#connections) {
      if (looks > looksMax) [idlest, looksMax] = [connection, looks];
    }
    if (idlest === undefined) return;
    // It closes in a later turn: the next newcomer must not choose it again.
    this.#connections.set(idlest, 0);
    idlest.destroy();
  }
}

function rowsOf({ program, port }: Offer): readonly PortRow[] {
  return program.versions.map(({ version }) => ({ program: program.number, version, port }));
}

/** An address as the registry and people write it: IPv4 as IPv4. */
function plain(address: string): string {
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : address;
}
