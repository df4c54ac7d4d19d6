/**
 * The primary: orders entries, commits what every required member has, and keeps the view fit for that.
 *
 * *Required* is whoever the register may hold to be in sync: the members of this view, of every proposal whose
 * outcome is not known, and the boxes about to be proposed. Their acknowledgements make commits and leases.
 */
import { assert } from '../assert.ts';
import {
  HEARTBEAT_MS,
  JOIN_FLIGHT_SIZE_MAX,
  JOIN_NEAR_ENTRIES,
  MOVE_MS_MAX,
  RETRY_MS,
  SILENCE_MS,
  STREAM_MESSAGES_MAX,
} from '../limits.ts';
import type { InstantMs } from '../ports/clock.ts';
import { CommitRule } from './commit-rule.ts';
import type { Answer, Context, RoleMachine } from './context.ts';
import type { BoxId, Position, View } from './entry.ts';
import { joinVerdict, viewRuns } from './join-verdict.ts';
import type { Acknowledge, Message } from './messages.ts';
import { Peer } from './peer.ts';
import type { Configuration } from './view.ts';

/** Milliseconds between words to a box that has a link to this one and takes no part. */
const REMIND_MS = 500;

export class Primary implements RoleMachine {
  readonly role = 'primary';
  readonly peers = new Map<BoxId, Peer>();
  readonly #context: Context;
  readonly #rule: CommitRule;
  /** Everything up to here was there when this box became primary, and is committed before it serves. */
  readonly #floor: Position;
  /** The old primary's lease may run until then. */
  readonly #servesFrom: InstantMs;
  #serving = false;
  /** Own log appended up to here; entries behind it are proposed and wait for the end of the turn. */
  #logged: Position;
  #syncing = false;
  #required: Peer[] = [];
  #proposal: Configuration | undefined;
  #doubts: Configuration[] = [];
  #askAt: InstantMs;
  #move: { readonly to: BoxId; readonly until: InstantMs } | undefined;

  constructor(context: Context) {
    this.#context = context;
    this.#floor = context.log.last;
    this.#rule = new CommitRule(this.#floor);
    this.#logged = context.log.last;
    this.#servesFrom = context.promiseUntil;
    this.#askAt = context.now;
    for (const box of context.others) this.peers.set(box, new Peer(box));
    if (this.#floor > context.commit) this.#rule.stable(this.#floor);
    for (const link of context.links.values()) link.heardAt = context.now;
    this.#configured();
    for (const peer of this.peers.values()) this.linkUp(peer.id);
    this.#advance();
  }

  get required(): readonly BoxId[] {
    return this.#required.map((peer) => peer.id);
  }

  get serving(): boolean {
    return this.#serving;
  }

  /** False while a planned move waits for the last entries: no new ones may be made. */
  get accepting(): boolean {
    return this.#serving && this.#move === undefined;
  }

  /** Before this instant no other box may serve: replies may leave. */
  get leaseUntil(): InstantMs {
    let until = Infinity as InstantMs;
    for (const peer of this.#required) if (peer.grantedUntil < until) until = peer.grantedUntil;
    return until;
  }

  /** An entry was made; it is sent and counted when the turn's batch has been logged. */
  proposed(position: Position, stable: boolean): void {
    if (stable) this.#rule.stable(position);
  }

  /** The turn's entries are in this box's log. */
  logged(): void {
    this.#logged = this.#context.log.last;
    for (const peer of this.peers.values()) if (peer.phase === 'streaming') this.#streamNext(peer);
    this.#advance();
  }

  synced(): void {
    this.#syncing = false;
    this.#advance();
  }

  tick(): void {
    const { now } = this.#context;
    for (const peer of this.peers.values()) {
      if (now - peer.sentAt >= HEARTBEAT_MS) this.#beat(peer);
    }
    if (this.#move !== undefined && now >= this.#move.until) {
      this.#moved('the other box did not catch up in time');
    }
    this.#advance();
    this.#reconfigure();
  }

  step(from: BoxId, message: Message): void {
    const peer = this.peers.get(from);
    if (peer === undefined) return;
    switch (message.kind) {
      case 'acknowledge':
        this.#onAcknowledge(peer, message);
        break;
      case 'join':
        this.#onJoin(peer, message);
        break;
      case 'withdraw':
        peer.candidate = false;
        this.#require();
        if (this.#isRequired(peer)) peer.leaving = true;
        else peer.leave();
        this.#reconfigure();
        break;
      case 'fetch':
        this.#context.emit({ kind: 'give', to: from, request: message });
        break;
      default:
        break;
    }
  }

  linkUp(id: BoxId): void {
    const peer = this.peers.get(id);
    if (peer === undefined || !this.#context.link(id)?.up) return;
    const { configuration } = this.#context;
    this.#context.send(id, { kind: 'configure', configuration });
    peer.sentAt = this.#context.now;
    peer.phase = this.#isRequired(peer) ? 'probing' : 'away';
    if (peer.phase === 'probing') this.#beat(peer);
  }

  linkDown(id: BoxId): void {
    const peer = this.peers.get(id);
    if (peer === undefined) return;
    peer.phase = 'away';
    peer.candidate = false;
    this.#require();
    this.#reconfigure();
    this.#advance();
  }

  /** A feed asked for was sent: up to `position`, or not at all because the log no longer holds it. */
  fed(to: BoxId, position: Position | undefined, size: number): void {
    const peer = this.peers.get(to);
    if (peer === undefined || peer.phase !== 'joining') return;
    if (position === undefined) {
      peer.leave();
      this.#context.send(to, { kind: 'again', view: this.#context.view });
      return;
    }
    peer.fed(position, size);
    peer.sentAt = this.#context.now;
    this.#feed(peer);
  }

  /** The register holds a newer configuration with this box as primary. */
  adopt(): void {
    const { configuration } = this.#context;
    this.#proposal = undefined;
    this.#doubts = [];
    this.#configured();
    for (const peer of this.peers.values()) {
      this.#context.send(peer.id, { kind: 'configure', configuration });
      if (peer.phase === 'streaming') this.#stream(peer);
      else this.#beat(peer);
    }
    this.#advance();
    this.#reconfigure();
  }

  unanswered(answer: Answer, proposal: Configuration | undefined): void {
    const { now } = this.#context;
    this.#askAt = (now + RETRY_MS) as InstantMs;
    if (proposal === undefined || proposal !== this.#proposal) return;
    this.#proposal = undefined;
    // It may have reached the register all the same, or reach it yet: until that is known, both must hold.
    if (answer.kind === 'unreachable') this.#doubts.push(proposal);
    if (proposal.primary !== this.#context.self) this.#moved('the arbiter could not be reached');
    this.#require();
  }

  /** Why the move cannot begin, or `undefined`: its end is an effect. */
  move(to: BoxId): string | undefined {
    if (!this.#serving) return 'this box does not serve';
    if (this.#move !== undefined) return 'a move is under way';
    if (!this.#context.configuration.inSync.includes(to)) return `${to} is not in sync`;
    this.#move = { to, until: (this.#context.now + MOVE_MS_MAX) as InstantMs };
    this.#advanceMove();
    return undefined;
  }

  /** Whether this box gave the group over on purpose, with nothing left behind. */
  hasMovedTo(box: BoxId): boolean {
    const { log, commit } = this.#context;
    return this.#move?.to === box && this.#proposal?.primary === box && commit === log.last;
  }

  #onAcknowledge(peer: Peer, message: Acknowledge): void {
    // It echoes this box's own clock; from the future, it would grant a lease without end.
    if (message.sentAt > this.#context.now) return;
    const inSync = this.#context.configuration.inSync.includes(peer.id);
    const known = inSync || (peer.session !== 0 && peer.session === message.session);
    if (!known || peer.phase === 'away') return;
    peer.acknowledged(message, this.#logged);
    if (peer.phase === 'probing') {
      peer.stream();
      peer.sent = Math.min(message.received, this.#logged) as Position;
      this.#stream(peer);
    } else if (message.gap && peer.isNewGap(message.received)) {
      peer.sent = peer.received;
      if (peer.phase === 'streaming') this.#stream(peer);
    } else if (peer.phase === 'streaming') {
      this.#streamNext(peer);
    }
    if (peer.phase === 'joining') this.#onJoiningProgress(peer);
    this.#advance();
    if (peer.candidate) this.#reconfigure();
  }

  #onJoiningProgress(peer: Peer): void {
    const { commit } = this.#context;
    if (!peer.whole || peer.received < commit - JOIN_NEAR_ENTRIES) {
      this.#feed(peer);
      return;
    }
    // From here on nothing is committed without it. It is proposed when it has what was committed before.
    peer.stream();
    peer.candidate = true;
    this.#require();
    this.#stream(peer);
  }

  #onJoin(peer: Peer, message: Extract<Message, { kind: 'join' }>): void {
    const context = this.#context;
    if (message.nonce === peer.session && peer.phase !== 'away') return;
    if (this.#isRequired(peer)) {
      // It will cut its log: first it must be out of every configuration that the register may hold.
      peer.candidate = false;
      peer.leaving = true;
      this.#require();
      this.#reconfigure();
      if (this.#isRequired(peer)) return;
    }
    // Until all that this box took over with is committed, it does not know what the group has: it is asked again.
    if (context.commit < this.#floor) return;
    const { nonce } = message;
    const reason = joinVerdict(context.log, context.commit, message);
    if (reason !== undefined) {
      peer.leave();
      context.send(peer.id, { kind: 'reject', view: context.view, nonce, reason });
      return;
    }
    peer.leave();
    peer.join(nonce, message.applied);
    const runs = viewRuns(context.log, message.applied, message.last);
    const end = this.#logged;
    const sure = Math.min(context.sure ?? end, end) as Position;
    context.send(peer.id, { kind: 'welcome', view: context.view, nonce, end, sure, runs });
    this.#feed(peer);
  }

  /** The next message from the log to a joining peer, if there is room under way and something committed to send. */
  #feed(peer: Peer): void {
    const { commit } = this.#context;
    if (peer.sent >= commit || peer.flightSize >= JOIN_FLIGHT_SIZE_MAX) return;
    this.#context.emit({ kind: 'feed', to: peer.id, after: peer.sent, upTo: commit });
  }

  /** Streams what there is, unless enough is under way: then it leaves with what else comes until that is acknowledged. */
  #streamNext(peer: Peer): void {
    if (peer.sent < this.#logged && peer.streamed < STREAM_MESSAGES_MAX) this.#stream(peer);
  }

  #stream(peer: Peer): void {
    const after = peer.sent;
    peer.streamedTo(this.#logged);
    peer.sentAt = this.#context.now;
    this.#context.emit({ kind: 'stream', to: peer.id, after, upTo: this.#logged });
  }

  #beat(peer: Peer): void {
    const { commit, now } = this.#context;
    if (peer.phase === 'away') {
      this.#remind(peer);
      return;
    }
    if (peer.phase === 'streaming') {
      this.#stream(peer);
      return;
    }
    peer.sentAt = now;
    const after = peer.phase === 'probing' ? commit : peer.sent;
    this.#context.emit({ kind: 'stream', to: peer.id, after, upTo: after });
    if (peer.phase === 'joining') this.#feed(peer);
  }

  /** It is there and does not join: perhaps it does not know of this view, or has one of its own. */
  #remind(peer: Peer): void {
    const { configuration, now } = this.#context;
    if (now - peer.sentAt < REMIND_MS) return;
    peer.sentAt = now;
    this.#context.send(peer.id, { kind: 'configure', configuration });
  }

  /** Commits what may be committed, and begins to serve or to move when everything for that is. */
  #advance(): void {
    const context = this.#context;
    let received = this.#logged;
    let durable = context.durable;
    for (const peer of this.#required) {
      if (peer.received < received) received = peer.received;
      if (peer.durable < durable) durable = peer.durable;
    }
    const commit = this.#rule.reach(received, durable);
    if (commit > context.commit) {
      context.committed(commit);
      context.emit({ kind: 'commit', position: commit });
    }
    if (!this.#syncing && this.#rule.waits(context.durable) && this.#logged > context.durable) {
      this.#syncing = true;
      context.emit({ kind: 'sync' });
    }
    if (!this.#serving && context.commit >= this.#floor && context.now >= this.#servesFrom) {
      this.#serving = true;
      context.emit({ kind: 'serving', serving: true });
    }
    if (this.#move !== undefined) this.#advanceMove();
  }

  #isRequired(peer: Peer): boolean {
    return this.#required.includes(peer);
  }

  #require(): void {
    const sets = [this.#context.configuration, ...this.#doubts];
    if (this.#proposal !== undefined) sets.push(this.#proposal);
    this.#required = [...this.peers.values()].filter(
      (peer) => peer.candidate || sets.some((set) => set.inSync.includes(peer.id)),
    );
  }

  /** The register's configuration is new to this box: peers that left are forgotten. */
  #configured(): void {
    const { configuration } = this.#context;
    assert(configuration.primary === this.#context.self, "primary: of another box's view");
    for (const peer of this.peers.values()) {
      if (configuration.inSync.includes(peer.id)) peer.candidate = false;
      else if (!peer.candidate && peer.phase !== 'joining') peer.leave();
    }
    this.#require();
  }

  /** Proposes the view that this box needs, when it is another than the one it has. */
  #reconfigure(): void {
    const context = this.#context;
    if (context.asking || context.now < this.#askAt) return;
    const others = this.#required.filter((peer) => this.#isThere(peer));
    const named = others.filter((peer) => this.#isFit(peer));
    const inSync = [context.self, ...named.map((peer) => peer.id)].sort();
    if (this.#doubts.length === 0 && inSync.join() === context.configuration.inSync.join()) return;
    this.#propose({ view: (context.view + 1) as View, primary: context.self, inSync });
  }

  /** Whether a peer may stand in the next view: it holds everything that was committed, as durably as that asks for. */
  #isFit(peer: Peer): boolean {
    const { commit, configuration } = this.#context;
    if (configuration.inSync.includes(peer.id)) return true;
    return peer.candidate && peer.received >= commit && peer.durable >= this.#rule.settled;
  }

  #propose(proposal: Configuration): void {
    this.#proposal = proposal;
    this.#require();
    this.#context.ask(proposal);
  }

  #isThere(peer: Peer): boolean {
    const link = this.#context.link(peer.id);
    if (link === undefined || peer.leaving || link.closed) return false;
    return this.#context.now - link.heardAt < SILENCE_MS;
  }

  #advanceMove(): void {
    const { log, commit, now, configuration } = this.#context;
    const move = this.#move;
    const target = move && this.peers.get(move.to);
    if (move === undefined || target === undefined || this.#proposal !== undefined) return;
    if (!configuration.inSync.includes(move.to)) {
      this.#moved(`${move.to} is no longer in sync`);
      return;
    }
    if (commit < log.last || now >= this.leaseUntil || this.#context.asking) return;
    if (target.phase !== 'streaming' || target.received < log.last) return;
    if (target.committed < commit) {
      if (target.sentAt < now) this.#stream(target);
      return;
    }
    this.#propose({
      view: (configuration.view + 1) as View,
      primary: move.to,
      inSync: configuration.inSync,
    });
  }

  #moved(error: string): void {
    if (this.#move === undefined) return;
    this.#move = undefined;
    this.#context.emit({ kind: 'moved', error });
  }

  /** This box is primary no longer. */
  ended(movedTo: BoxId | undefined): void {
    if (movedTo === undefined) this.#moved('another box has taken over');
    else this.#context.emit({ kind: 'moved', error: undefined });
    if (this.#serving) this.#context.emit({ kind: 'serving', serving: false });
    this.#serving = false;
  }
}
