/** What the primary knows of one other member. */
import { LEASE_MS } from '../limits.ts';
import type { InstantMs } from '../ports/clock.ts';
import type { BoxId, Position } from './entry.ts';
import type { Acknowledge } from './messages.ts';

export type Phase =
  /** Not connected, or connected and not joined. */
  | 'away'
  /** Its acknowledgements are required, but what it has is not known since the link came up. */
  | 'probing'
  /** Catches up from the log. */
  | 'joining'
  /** Gets every entry as it is made. */
  | 'streaming';

export class Peer {
  readonly id: BoxId;
  phase: Phase = 'away';
  /** Of the join it came in by; 0 before. */
  session = 0;
  /** Entries up to here were sent, were received, survive a power cut there, were committed there. */
  sent = 0 as Position;
  received = 0 as Position;
  durable = 0 as Position;
  committed = 0 as Position;
  /** Its content is what its entries say. */
  whole = false;
  /** Must leave the view before anything else: it restarted, or asked for it. */
  leaving = false;
  /** Will be in the next view; its acknowledgements are required already. */
  candidate = false;
  /** It may be counted on not to take over before this instant of the primary's clock. */
  grantedUntil = -Infinity as InstantMs;
  /** When something was last sent. */
  sentAt = -Infinity as InstantMs;
  /** After this position a gap was answered already. */
  #gapAt = -1;
  /** Where the messages end that were streamed and not acknowledged. */
  #ends: Position[] = [];
  #flight: { readonly position: Position; readonly size: number }[] = [];
  #flightSize = 0;

  constructor(id: BoxId) {
    this.id = id;
  }

  /** Bytes sent to a joining peer and not acknowledged. */
  get flightSize(): number {
    return this.#flightSize;
  }

  /** Messages with entries streamed and not acknowledged. */
  get streamed(): number {
    return this.#ends.length;
  }

  /** A message with entries up to `position` was streamed. */
  streamedTo(position: Position): void {
    if (position > this.sent) this.#ends.push(position);
    this.sent = position;
  }

  fed(position: Position, size: number): void {
    this.sent = position;
    this.#flight.push({ position, size });
    this.#flightSize += size;
  }

  /** Begins with what the peer has committed: it cuts everything behind that. */
  join(session: number, applied: Position): void {
    this.phase = 'joining';
    this.session = session;
    this.sent = applied;
    this.received = applied;
    this.durable = applied;
    this.committed = applied;
    this.whole = false;
    this.#land();
  }

  stream(): void {
    this.phase = 'streaming';
    this.#gapAt = -1;
    this.#land();
  }

  leave(): void {
    this.phase = 'away';
    this.session = 0;
    this.leaving = false;
    this.candidate = false;
    this.#land();
  }

  /** @param last The primary's own last entry: nobody can have more of this view. */
  acknowledged(message: Acknowledge, last: Position): void {
    const received = Math.min(message.received, last) as Position;
    if (received > this.received) this.received = received;
    const durable = Math.min(message.durable, received) as Position;
    if (durable > this.durable) this.durable = durable;
    if (message.committed > this.committed) this.committed = message.committed;
    if (message.whole) this.whole = true;
    const until = (message.sentAt + LEASE_MS) as InstantMs;
    if (until > this.grantedUntil) this.grantedUntil = until;
    while ((this.#ends[0] ?? Infinity) <= received) this.#ends.shift();
    while ((this.#flight[0]?.position ?? Infinity) <= received) {
      this.#flightSize -= this.#flight.shift()?.size ?? 0;
    }
  }

  /** Whether to send again from `received` on. Several messages under way report the same gap: once is enough. */
  isNewGap(received: Position): boolean {
    if (received === this.#gapAt) return false;
    this.#gapAt = received;
    return true;
  }

  #land(): void {
    this.#ends = [];
    this.#flight = [];
    this.#flightSize = 0;
  }
}
