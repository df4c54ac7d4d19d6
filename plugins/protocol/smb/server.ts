/**
 * Listens on the service addresses, and owns the connections that come.
 *
 * When serving ends every connection closes at once: a client that is cut off reconnects to the box that took over and
 * takes up its durable opens there; one that is left hanging waits for its own time-outs.
 */
import ipaddr from 'ipaddr.js';
import type { Addresses } from '#core/addresses.ts';
import { DEAF, type Door, Doors } from '#core/doors.ts';
import type { Log } from '#core/log-line.ts';
import type { Connection, Net, Receiver } from '#core/ports/net.ts';
import { SmbConnection } from './connection.ts';
import type { SmbCounters } from './counters.ts';
import { revoke } from './revoke.ts';
import type { Scene } from './scene.ts';
import { WriterPool } from './wire/writer-pool.ts';

/** Connections at once: far above what two cores can serve. Beyond, the idlest makes room. */
const CONNECTIONS_MAX = 512;
/** More for a moment, while those that make room for them close. */
const CONNECTIONS_SPARE = 16;
/** Milliseconds between looks whether a planned move is over: it takes some ten. */
const HELD_MS = 2;
/** Milliseconds between looks at listeners that failed and at connections that show nobody. */
const LOOK_MS = 1000;
/** Looks after which a connection that has shown nobody must go, however busy it is. */
const STRANGER_LOOKS_MAX = 30;
/** A stranger goes before anybody who is known, however silent: more looks than there are in a hundred years. */
const STRANGER_WEIGHT = 2 ** 40;

/** Looks in a row at one connection. */
interface Looks {
  /** During which nothing moved. */
  still: number;
  /** During which it had no user. */
  strange: number;
}

export interface ServerDependencies {
  readonly scene: Scene;
  readonly net: Net;
  readonly addresses: Addresses;
  readonly counters: SmbCounters;
  readonly log: Log;
}

export class SmbServer {
  readonly #deps: ServerDependencies;
  readonly #doors: Doors;
  readonly #connections = new Map<SmbConnection, Looks>();
  readonly #writers = new WriterPool();
  readonly #look;

  constructor(port: number, deps: ServerDependencies) {
    this.#deps = deps;
    const { scene, net, addresses, log } = deps;
    const { group, clock } = scene;
    this.#doors = new Doors(
      [port],
      'SMB clients',
      { group, net, addresses, log, offers: () => scene.shares.all().length > 0 },
      (door, connection) => this.#accept(door, connection),
    );
    group.onServing((serving) => {
      if (!serving) this.#close();
    });
    group.onRegistry(() => {
      this.#doors.arrange();
      // In a turn of its own: an entry may be in the making.
      if (this.#connections.size > 0) clock.after(0, () => revoke(scene));
    });
    this.#look = clock.every(LOOK_MS, () => this.#lookAround());
  }

  get connections(): number {
    return this.#connections.size;
  }

  stop(): void {
    this.#look.cancel();
    this.#doors.stop();
    this.#close();
  }

  #accept(door: Door, connection: Connection): Receiver {
    const { scene, addresses, counters } = this.#deps;
    const { group, clock } = scene;
    if (!group.serving) {
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
    const served = new SmbConnection(connection, {
      scene,
      writers: this.#writers,
      address,
      localAddress: plain(connection.localAddress),
      serves: () => group.serving && !door.closed,
      accepts: () => group.accepting,
      later: (run) => clock.after(HELD_MS, run),
      arrived: (size) => counters.received.add(size),
      counters,
      closed: (self) => {
        gone();
        this.#connections.delete(self);
      },
    });
    if (this.#connections.size >= CONNECTIONS_MAX) this.#makeRoom();
    this.#connections.set(served, { still: 0, strange: 0 });
    const isCrowded = this.#connections.size > CONNECTIONS_MAX + CONNECTIONS_SPARE;
    if (isCrowded || door.closed) connection.destroy();
    return served;
  }

  #close(): void {
    this.#doors.withdraw();
    for (const connection of this.#connections.keys()) connection.destroy();
  }

  #lookAround(): void {
    this.#doors.retry();
    for (const [connection, looks] of this.#connections) {
      looks.still = connection.moved() ? 0 : looks.still + 1;
      looks.strange = connection.hasUser ? 0 : looks.strange + 1;
      if (looks.strange >= STRANGER_LOOKS_MAX) connection.destroy();
    }
  }

  /**
   * Closes the connection that has shown nobody for the longest, or else the one that has been silent the longest; its
   * client comes again when it needs to. Strangers, however many, push no user out.
   */
  #makeRoom(): void {
    let [chosen, most]: [SmbConnection | undefined, number] = [undefined, 0];
    for (const [connection, { still, strange }] of this.#connections) {
      const weight = connection.hasUser ? still : STRANGER_WEIGHT + strange;
      if (weight > most) [chosen, most] = [connection, weight];
    }
    if (chosen === undefined) return;
    // It closes in a later turn: the next newcomer must not choose it again.
    this.#connections.delete(chosen);
    chosen.destroy();
  }
}

/** An address as the registry and people write it: IPv4 as IPv4. */
function plain(address: string): string {
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : address;
}
