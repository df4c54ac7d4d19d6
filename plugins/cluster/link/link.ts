/**
 * The links of one box. For every pair of boxes there is one connection: the box whose name sorts first dials, the other
 * listens, so that two connections never compete. A newer connection of a peer replaces the older one, which may be
 * half open for minutes after a power cut.
 */
import { assert } from '#core/assert.ts';
import type { BoxId } from '#core/group/entry.ts';
import type { Channel, Link, LinkHandler } from '#core/group/link.ts';
import type { Log } from '#core/log-line.ts';
import type { Clock, Timer } from '#core/ports/clock.ts';
import type { Connection, Listener, Net, Receiver, TlsIdentity } from '#core/ports/net.ts';
import { Dialler } from './dialler.ts';
import { Session, type SessionHandler } from './session.ts';

/** Milliseconds between beats of every session: see `Session.beat`. */
const BEAT_MS = 1_000;
/** Connections of peers that have not said hello yet; more than one a peer means that one of them flaps. */
const STRANGERS_MAX = 16;

export interface PeerOptions {
  readonly name: BoxId;
  readonly address: string;
  readonly port: number;
  /** SHA-256 of the certificate (DER), lower-case hex. */
  readonly fingerprint: string;
}

export interface LinkOptions {
  readonly self: BoxId;
  readonly cluster: string;
  readonly address: string;
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
  session: Session | undefined;
  dialler: Dialler | undefined;
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
  #listener: Listener | undefined;
  #beat: Timer | undefined;
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
      this.#seats.set(peer.name, { peer, session: undefined, dialler: undefined, complaint: '' });
    }
  }

  /** Rejects with a sentence when the address cannot be listened on. Peers that are away are tried for ever. */
  async start(): Promise<void> {
    const { address, port } = this.#options;
    this.#listener = await this.#net.listen({ address, port, tls: this.#tls }, (connection) =>
      this.#accept(connection),
    );
    this.#beat = this.#clock.every(BEAT_MS, () => this.#onBeat());
    for (const seat of this.#seats.values()) {
      if (this.self > seat.peer.name) continue;
      seat.dialler = new Dialler(
        this.#net,
        this.#clock,
        { address: seat.peer.address, port: seat.peer.port, tls: this.#tls },
        (connection) => this.#open(seat, connection),
        (reason) => this.#complain(seat, `cannot be reached: ${reason}`),
      );
      seat.dialler.dial();
    }
  }

  /** The port listened on, for a configured port of 0; 0 before `start`. */
  get port(): number {
    return this.#listener?.port ?? 0;
  }

  stop(): void {
    this.#stopped = true;
    this.#beat?.cancel();
    this.#listener?.close();
    for (const session of this.#ungreeted) session.drop('this box stops');
    for (const { dialler, session } of this.#seats.values()) {
      dialler?.stop();
      session?.end();
    }
  }

  isUp(peer: BoxId): boolean {
    return this.#seats.get(peer)?.session !== undefined;
  }

  send(peer: BoxId, channel: Channel, parts: readonly Uint8Array[]): void {
    this.#seats.get(peer)?.session?.send(channel, parts);
  }

  queuedSize(peer: BoxId): number {
    return this.#seats.get(peer)?.session?.queuedSize ?? 0;
  }

  handle(channel: Channel, handler: LinkHandler): void {
    assert(!this.#handlers.has(channel), `link: channel ${channel} is handled twice`);
    this.#handlers.set(channel, handler);
    for (const [name, seat] of this.#seats) {
      if (seat.session !== undefined) handler.up?.(name);
    }
  }

  #find(fingerprint: string): Seat | undefined {
    for (const seat of this.#seats.values()) {
      if (seat.peer.fingerprint === fingerprint) return seat;
    }
    return undefined;
  }

  #accept(connection: Connection): Receiver {
    const seat = this.#find(connection.peerFingerprint);
    const isTheirs = seat !== undefined && this.self > seat.peer.name;
    if (!isTheirs || this.#ungreeted.size >= STRANGERS_MAX) {
      this.#log.debug('link: a connection was refused', { from: connection.remoteAddress });
      connection.destroy();
      return DEAF;
    }
    return this.#open(seat, connection);
  }

  #open(seat: Seat, connection: Connection): Receiver {
    const isPinned = connection.peerFingerprint === seat.peer.fingerprint;
    if (!isPinned || this.#stopped) {
      if (!isPinned) this.#complain(seat, 'does not have the certificate that was pinned for it');
      connection.destroy();
      seat.dialler?.ended(false);
      return DEAF;
    }
    const { cluster } = this.#options;
    const session = new Session(
      connection,
      { cluster, name: this.self },
      { cluster, name: seat.peer.name },
      this.#sessionHandler(seat),
    );
    this.#ungreeted.add(session);
    return session;
  }

  #sessionHandler(seat: Seat): SessionHandler {
    const { name } = seat.peer;
    return {
      greeted: (session) => {
        this.#ungreeted.delete(session);
        const older = seat.session;
        seat.session = session;
        if (older !== undefined) {
          older.drop('it has opened a newer connection');
          this.#tellDown(name, false);
        }
        seat.complaint = '';
        this.#log.info(`link: ${name} is there`);
        for (const handler of this.#handlers.values()) handler.up?.(name);
      },
      frame: (session, channel, frame) => {
        if (seat.session === session) this.#handlers.get(channel)?.frame?.(name, frame);
      },
      closed: (session, closedByPeer, reason) => {
        this.#ungreeted.delete(session);
        if (!this.#stopped) this.#complain(seat, session.greeted ? `is gone: ${reason}` : reason);
        const wasCurrent = seat.session === session;
        if (wasCurrent) seat.session = undefined;
        seat.dialler?.ended(session.greeted);
        if (wasCurrent) this.#tellDown(name, closedByPeer);
      },
    };
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
    for (const { session } of this.#seats.values()) session?.beat();
  }
}
