/**
 * Listens on the service addresses, and owns the connections that come.
 *
 * On addresses that move from machine to machine every box listens all the time, so that one which takes over finds its
 * ports open; on loopback, where boxes share the machine, only the one that serves. When serving ends every connection
 * closes at once: a client that is cut off reconnects to the box that took over, one that is left hanging waits for
 * its own time-outs.
 */
import ipaddr from 'ipaddr.js';
import type { Addresses } from '#core/addresses.ts';
import type { Group } from '#core/group/group.ts';
import type { Log } from '#core/log-line.ts';
import type { Clock } from '#core/ports/clock.ts';
import type { Connection, Listener, Net, Receiver } from '#core/ports/net.ts';
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

/** For a connection that is closed before anything is read of it. */
const DEAF: Receiver = { room: () => Buffer.alloc(1), received() {}, closed() {} };

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

/** One address and port that should be listened on. */
interface Place {
  readonly address: string;
  readonly port: number;
  listener: Listener | undefined;
  opening: boolean;
  closed: boolean;
  /** The last failure told, so that a place which stays closed is told of once. */
  told: string;
}

export class NfsServer {
  readonly #offers: readonly Offer[];
  readonly #deps: ServerDependencies;
  readonly #group: Group;
  readonly #clock: Clock;
  readonly #places = new Map<string, Place>();
  readonly #connections = new Map<ServerConnection, number>();
  /** Anew each time that serving begins: what a box owed when it was replaced is owed no more. */
  #pool = new SlabPool();
  #dispatchers = new Map<number, Dispatcher>();
  #stopped = false;
  readonly #look;

  constructor(offers: readonly Offer[], deps: ServerDependencies) {
    this.#offers = offers;
    this.#deps = deps;
    this.#group = deps.scene.group;
    this.#clock = deps.scene.clock;
    deps.scene.ports.set(offers.flatMap(rowsOf));
    this.#group.onServing((serving) => {
      if (!serving) this.#close();
    });
    this.#group.onRegistry(() => this.#arrange());
    this.#arrange();
    deps.addresses.door((address) => this.#isOpen(address));
    this.#look = this.#clock.every(LOOK_MS, () => this.#lookAround());
  }

  get connections(): number {
    return this.#connections.size;
  }

  stop(): void {
    this.#stopped = true;
    this.#look.cancel();
    this.#close();
    for (const [key, place] of this.#places) this.#leave(key, place);
  }

  /** Listens where the registry says, and nowhere else. */
  #arrange(): void {
    if (this.#stopped) return;
    const { serving } = this.#group;
    if (serving && this.#dispatchers.size === 0) this.#begin();
    const wanted = new Set<string>();
    for (const { address } of this.#group.addresses()) {
      const ahead = this.#deps.addresses.listensAhead(address);
      if (!serving && !ahead) continue;
      for (const port of this.#ports) {
        const key = `${address} ${port}`;
        wanted.add(key);
        if (!this.#places.has(key)) this.#open(key, address, port);
      }
    }
    for (const [key, place] of this.#places) if (!wanted.has(key)) this.#leave(key, place);
  }

  get #ports(): ReadonlySet<number> {
    return new Set(this.#offers.map((offer) => offer.port));
  }

  #isOpen(address: string): boolean {
    return [...this.#ports].every(
      (port) => this.#places.get(`${address} ${port}`)?.listener !== undefined,
    );
  }

  /** One dispatcher a port: programs may share one. */
  #begin(): void {
    this.#pool = new SlabPool();
    for (const port of this.#ports) {
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

  #open(key: string, address: string, port: number): void {
    const place: Place = {
      address,
      port,
      listener: undefined,
      opening: false,
      closed: false,
      told: '',
    };
    this.#places.set(key, place);
    this.#listen(place);
  }

  #listen(place: Place): void {
    place.opening = true;
    const { address, port } = place;
    const ahead = this.#deps.addresses.listensAhead(address);
    const accept = (connection: Connection): Receiver => this.#accept(place, connection);
    this.#deps.net.listen({ address, port, ahead }, accept).then(
      (listener) => {
        place.opening = false;
        if (place.closed) {
          listener.close();
          return;
        }
        place.listener = listener;
        place.told = '';
        this.#deps.log.info(`listening on ${address} port ${listener.port}`);
      },
      (error: unknown) => {
        place.opening = false;
        this.#tell(place, error instanceof Error ? error.message : String(error));
      },
    );
  }

  #tell(place: Place, reason: string): void {
    if (place.closed || place.told === reason) return;
    place.told = reason;
    const where = `${place.address} port ${place.port}`;
    this.#deps.log.error(`NFS clients cannot connect to ${where}, trying again: ${reason}`);
  }

  #accept(place: Place, connection: Connection): Receiver {
    const { scene, addresses } = this.#deps;
    const dispatcher = this.#dispatchers.get(place.port);
    // Nobody comes to an address that is not up; who comes just as it goes is not let in.
    if (dispatcher === undefined || !this.#group.serving) {
      connection.destroy();
      return DEAF;
    }
    const address = plain(connection.remoteAddress);
    const gone = addresses.connected({
      localAddress: place.address,
      localPort: place.port,
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
      serves: () => this.#group.serving && !place.closed,
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
    if (isCrowded || place.closed) connection.destroy();
    return served;
  }

  #leave(key: string, place: Place): void {
    place.closed = true;
    place.listener?.close();
    this.#places.delete(key);
  }

  #close(): void {
    const { addresses } = this.#deps;
    for (const [key, place] of this.#places) {
      if (!addresses.listensAhead(place.address)) this.#leave(key, place);
    }
    for (const connection of this.#connections.keys()) connection.destroy();
    this.#dispatchers = new Map();
  }

  #lookAround(): void {
    for (const place of this.#places.values()) {
      if (place.listener === undefined && !place.opening && !place.closed) this.#listen(place);
    }
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
