/**
 * The links of one box. For every pair of boxes there is one connection a path, and one of them in use (paths.ts): the box
 * whose name sorts first dials and chooses, the other listens, so that two connections never compete. A newer connection of a peer replaces the older one, which may be
 * half open for minutes after a power cut.
 */
import { assert } from '#core/assert.ts';
import type { BoxId } from '#core/group/entry.ts';
import type { Channel, Link, LinkHandler } from '#core/group/link.ts';
import type { Log } from '#core/log-line.ts';
import type { Clock, Timer } from '#core/ports/clock.ts';
import type { Connection, Listener, Net, Receiver, TlsIdentity } from '#core/ports/net.ts';
import { Dialler } from './dialler.ts';
import { Paths } from './paths.ts';
import { Session, type SessionHandler } from './session.ts';

/** Milliseconds between beats of every session: see `Session.beat`. */
const BEAT_MS = 1_000;
/** Milliseconds between signs of life where there is a second path: a dead one is left long before SILENCE_MS is over. */
const TICK_MS = 50;
/** Connections of peers that have not said hello yet; more than one a peer means that one of them flaps. */
const STRANGERS_MAX = 16;

export interface PeerOptions {
  readonly name: BoxId;
  readonly address: string;
  /** Where it is reached besides, in the same order as its own: each a path of its own. */
  readonly also?: readonly string[];
  readonly port: number;
  /** SHA-256 of the certificate (DER), lower-case hex. */
  readonly fingerprint: string;
}

export interface LinkOptions {
  readonly self: BoxId;
  readonly cluster: string;
  readonly address: string;
  /** Further addresses of this box, on other networks. */
  readonly also?: readonly string[];
  readonly port: number;
  /** PEM. */
  readonly key: string;
  readonly certificate: string;
  readonly peers: readonly PeerOptions[];
}

export interface LinkDependencies {
  readonly net: Net;
  readonly clock: Clock;
  readonly log: Log;
}

interface Seat {
  readonly peer: PeerOptions;
  readonly paths: Paths<Session>;
  readonly diallers: Dialler[];
  /** What was logged last about its absence: a peer that is away is not news every half second. */
  complaint: string;
}

/** For a connection that is closed before it says anything. */
const DEAF: Receiver = { room: () => Buffer.alloc(1), received() {}, closed() {} };

export class BoxLink implements Link {
  readonly self: BoxId;
  readonly peers: readonly BoxId[];
  readonly #options: LinkOptions;
  readonly #net: Net;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #tls: TlsIdentity;
  readonly #seats = new Map<BoxId, Seat>();
  readonly #handlers = new Map<Channel, LinkHandler>();
  readonly #ungreeted = new Set<Session>();
  readonly #listeners: Listener[] = [];
  readonly #timers: Timer[] = [];
  #stopped = false;

  constructor(options: LinkOptions, dependencies: LinkDependencies) {
    this.#options = options;
    this.#net = dependencies.net;
    this.#clock = dependencies.clock;
    this.#log = dependencies.log;
    this.self = options.self;
    this.peers = options.peers.map((peer) => peer.name);
    this.#tls = {
      key: options.key,
      certificate: options.certificate,
      trusts: (fingerprint) => this.#find(fingerprint) !== undefined,
    };
    for (const peer of options.peers) {
      const paths = new Paths<Session>(1 + (peer.also?.length ?? 0), this.self < peer.name);
      this.#seats.set(peer.name, { peer, paths, diallers: [], complaint: '' });
    }
  }

  /** Rejects with a sentence when the address cannot be listened on. Peers that are away are tried for ever. */
  async start(): Promise<void> {
    const { address, also = [], port } = this.#options;
    for (const [path, own] of [address, ...also].entries()) {
      const options = { address: own, port, tls: this.#tls };
      this.#listeners.push(
        await this.#net.listen(options, (connection) => this.#accept(path, connection)),
      );
    }
    this.#timers.push(
      this.#clock.every(BEAT_MS, () => this.#onBeat()),
      this.#clock.every(TICK_MS, () => this.#onTick()),
    );
    for (const seat of this.#seats.values()) {
      if (this.self > seat.peer.name) continue;
      const { address, also = [], port } = seat.peer;
      for (const [path, other] of [address, ...also].entries()) {
        const dialler = new Dialler(
          this.#net,
          this.#clock,
          { address: other, port, tls: this.#tls },
          (connection) => this.#open(seat, path, connection),
          (reason) => this.#complain(seat, `cannot be reached: ${reason}`),
        );
        seat.diallers.push(dialler);
        dialler.dial();
      }
    }
  }

  /** The port listened on, for a configured port of 0; 0 before `start`. */
  get port(): number {
    return this.#listeners[0]?.port ?? 0;
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    for (const listener of this.#listeners) listener.close();
    for (const session of this.#ungreeted) session.drop('this box stops');
    for (const { diallers, paths } of this.#seats.values()) {
      for (const dialler of diallers) dialler.stop();
      for (const session of paths.sessions) session.end();
    }
  }

  isUp(peer: BoxId): boolean {
    return this.#seats.get(peer)?.paths.current !== undefined;
  }

  isWhole(peer: BoxId): boolean {
    const paths = this.#seats.get(peer)?.paths;
    return paths !== undefined && (!paths.isRedundant || paths.isWhole);
  }

  send(peer: BoxId, channel: Channel, parts: readonly Uint8Array[]): void {
    this.#seats.get(peer)?.paths.current?.send(channel, parts);
  }

  queuedSize(peer: BoxId): number {
    return this.#seats.get(peer)?.paths.current?.queuedSize ?? 0;
  }

  handle(channel: Channel, handler: LinkHandler): void {
    assert(!this.#handlers.has(channel), `link: channel ${channel} is handled twice`);
    this.#handlers.set(channel, handler);
    for (const [name, seat] of this.#seats) {
      if (seat.paths.current !== undefined) handler.up?.(name);
    }
  }

  #find(fingerprint: string): Seat | undefined {
    for (const seat of this.#seats.values()) {
      if (seat.peer.fingerprint === fingerprint) return seat;
    }
    return undefined;
  }

  #accept(path: number, connection: Connection): Receiver {
    const seat = this.#find(connection.peerFingerprint);
    const isTheirs = seat !== undefined && this.self > seat.peer.name;
    if (!isTheirs || this.#ungreeted.size >= STRANGERS_MAX) {
      this.#log.debug('link: a connection was refused', { from: connection.remoteAddress });
      connection.destroy();
      return DEAF;
    }
    return this.#open(seat, path, connection);
  }

  #open(seat: Seat, path: number, connection: Connection): Receiver {
    const isPinned = connection.peerFingerprint === seat.peer.fingerprint;
    // A box that offers more ways than it is known to have: the first one will do.
    const isKnown = path <= (seat.peer.also?.length ?? 0);
    if (!isPinned || !isKnown || this.#stopped) {
      if (!isPinned) this.#complain(seat, 'does not have the certificate that was pinned for it');
      connection.destroy();
      seat.diallers[path]?.ended(false);
      return DEAF;
    }
    const { cluster } = this.#options;
    const session = new Session(
      connection,
      { cluster, name: this.self },
      { cluster, name: seat.peer.name },
      this.#sessionHandler(seat, path),
    );
    this.#ungreeted.add(session);
    return session;
  }

  #sessionHandler(seat: Seat, path: number): SessionHandler {
    const { paths } = seat;
    const { name } = seat.peer;
    return {
      greeted: (session) => {
        this.#ungreeted.delete(session);
        seat.complaint = '';
        this.#settle(seat, false, () => {
          paths.greeted(path, session)?.drop('it has opened a newer connection');
        });
      },
      frame: (session, channel, frame) => {
        if (paths.current === session) this.#handlers.get(channel)?.frame?.(name, frame);
      },
      used: (session) => this.#settle(seat, false, () => paths.asked(session)),
      closed: (session, closedByPeer, reason) => {
        this.#ungreeted.delete(session);
        if (!this.#stopped) this.#complain(seat, session.greeted ? `is gone: ${reason}` : reason);
        seat.diallers[path]?.ended(session.greeted);
        this.#settle(seat, closedByPeer, () => paths.gone(session));
      },
    };
  }

  /** Makes a change of the paths, and tells of it: frames on the way before are lost, those that come after arrive. */
  #settle(seat: Seat, closedByPeer: boolean, change: () => void): void {
    const { paths, peer } = seat;
    const before = paths.current;
    change();
    const { current } = paths;
    if (before === current) return;
    if (before !== undefined) this.#tellDown(peer.name, current === undefined && closedByPeer);
    if (current === undefined) return;
    if (paths.isRedundant) current.sign(true);
    this.#log.info(`link: ${peer.name} is there`);
    for (const handler of this.#handlers.values()) handler.up?.(peer.name);
  }

  /** Where there is more than one path, each is seen to live. */
  #onTick(): void {
    for (const seat of this.#seats.values()) {
      const { paths } = seat;
      if (!paths.isRedundant) continue;
      this.#settle(seat, false, () => paths.tick());
      for (const session of paths.sessions) {
        if (paths.speaksTo(session))
          session.sign(session === paths.current && this.self < seat.peer.name);
      }
    }
  }

  #tellDown(peer: BoxId, closedByPeer: boolean): void {
    for (const handler of this.#handlers.values()) handler.down?.(peer, closedByPeer);
  }

  #complain(seat: Seat, reason: string): void {
    if (seat.complaint === reason) return;
    seat.complaint = reason;
    this.#log.info(`link: ${seat.peer.name} ${reason}`);
  }

  #onBeat(): void {
    for (const session of this.#ungreeted) session.beat();
    for (const { paths } of this.#seats.values()) {
      for (const session of paths.sessions) session.beat();
    }
  }
}
