/**
 * Where a frontend listens: every port of it on every service address of the group.
 *
 * On addresses that move from machine to machine every box listens all the time, so that one which takes over finds its
 * ports open; on loopback, where boxes share the machine, only the one that serves.
 */
import type { Addresses } from './addresses.ts';
import type { Group } from './group/group.ts';
import type { Log } from './log-line.ts';
import type { Connection, Listener, Net, Receiver } from './ports/net.ts';

/** One address and port that is listened on, or should be. */
export interface Door {
  readonly address: string;
  readonly port: number;
  /** The registry says otherwise now: who came through it is not served any more. */
  readonly closed: boolean;
}

interface Place extends Door {
  listener: Listener | undefined;
  opening: boolean;
  closed: boolean;
  /** The last failure told, so that a place which stays closed is told of once. */
  told: string;
}

export interface DoorsDependencies {
  readonly group: Group;
  readonly net: Net;
  readonly addresses: Addresses;
  readonly log: Log;
  /**
   * Whether this frontend has anything to offer; always, where it is missing. While it has nothing its ports are left to
   * others, and an address does not wait for them.
   */
  offers?(): boolean;
}

export class Doors {
  readonly #ports: ReadonlySet<number>;
  readonly #clients: string;
  readonly #deps: DoorsDependencies;
  readonly #accept: (door: Door, connection: Connection) => Receiver;
  readonly #places = new Map<string, Place>();
  #stopped = false;

  /** @param clients Who cannot connect when a door stays closed: `NFS clients`. */
  constructor(
    ports: Iterable<number>,
    clients: string,
    deps: DoorsDependencies,
    accept: (door: Door, connection: Connection) => Receiver,
  ) {
    this.#ports = new Set(ports);
    this.#clients = clients;
    this.#deps = deps;
    this.#accept = accept;
    deps.addresses.door((address) => this.#isOpen(address));
  }

  /** Listens where the registry says, and nowhere else: for `onRegistry`. */
  arrange(): void {
    if (this.#stopped) return;
    const { group, addresses } = this.#deps;
    const wanted = new Set<string>();
    for (const { address } of this.#offers ? group.addresses() : []) {
      if (!group.serving && !addresses.listensAhead(address)) continue;
      for (const port of this.#ports) {
        const key = `${address} ${port}`;
        wanted.add(key);
        if (!this.#places.has(key)) this.#open(key, address, port);
      }
    }
    for (const [key, place] of this.#places) if (!wanted.has(key)) this.#leave(key, place);
  }

  /** Serving ended: what is listened on by the serving box alone is closed. */
  withdraw(): void {
    for (const [key, place] of this.#places) {
      if (!this.#deps.addresses.listensAhead(place.address)) this.#leave(key, place);
    }
  }

  /** Tries the places again that failed. To be called from time to time. */
  retry(): void {
    for (const place of this.#places.values()) {
      if (place.listener === undefined && !place.opening && !place.closed) this.#listen(place);
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const [key, place] of this.#places) this.#leave(key, place);
  }

  get #offers(): boolean {
    return this.#deps.offers?.() ?? true;
  }

  #isOpen(address: string): boolean {
    if (!this.#offers) return true;
    return [...this.#ports].every(
      (port) => this.#places.get(`${address} ${port}`)?.listener !== undefined,
    );
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
    this.#deps.log.error(`${this.#clients} cannot connect to ${where}, trying again: ${reason}`);
  }

  #leave(key: string, place: Place): void {
    place.closed = true;
    place.listener?.close();
    this.#places.delete(key);
  }
}

/** For a connection that is closed before anything is read of it. */
export const DEAF: Receiver = { room: () => Buffer.alloc(1), received() {}, closed() {} };
