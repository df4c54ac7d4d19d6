/** Receiving the primary's entries, as a backup and a joining box do alike: check that they fit, take, acknowledge. */
import type { InstantMs } from '../ports/clock.ts';
import type { Context } from './context.ts';
import type { BoxId, Position } from './entry.ts';
import type { Append } from './messages.ts';

export class Follower {
  readonly #context: Context;
  readonly #primary: BoxId;
  /** Up to here this box's log is known to be the primary's. */
  #matched: Position;
  /** The last entry whose durability the primary may wait for. */
  #stable: Position;
  #syncing = false;
  #sentAt: InstantMs;
  /** Until its content is what its entries say, and safe, nothing new of this box counts as durable. */
  #content: 'lacking' | 'syncing' | 'whole';
  readonly #floor: Position;

  constructor(context: Context, primary: BoxId, whole: boolean) {
    this.#context = context;
    this.#primary = primary;
    this.#matched = context.commit;
    // A joining box is about to cut its log to what is committed.
    this.#stable = whole ? context.log.last : context.commit;
    this.#sentAt = 0 as InstantMs;
    this.#content = whole ? 'whole' : 'lacking';
    this.#floor = context.commit;
  }

  get matched(): Position {
    return this.#matched;
  }

  /** False when this box's log is not the primary's: the box must join anew. */
  append(message: Append): boolean {
    const { log, commit } = this.#context;
    this.#sentAt = message.sentAt;
    // Whatever is acknowledged from here on echoes this message: the lease that it grants ends before the promise.
    this.#context.promise();
    if (message.previous > log.last) {
      this.acknowledge(true);
      return true;
    }
    if (message.previous > commit && log.viewAt(message.previous) !== message.previousView)
      return false;
    for (const { entry } of message.records) {
      if (entry.position > log.last) break;
      if (entry.position > commit && log.viewAt(entry.position) !== entry.view) return false;
    }
    const known = Math.max(0, log.last - message.previous);
    const fresh = message.records.slice(known);
    const end = message.previous + message.records.length;
    if (end > this.#matched) this.#matched = end as Position;
    for (const { entry } of fresh) if (entry.stable) this.#stable = entry.position;
    const committable = Math.min(message.commit, this.#matched) as Position;
    if (fresh.length > 0 || committable > commit) {
      this.#context.emit({ kind: 'take', records: fresh, commit: committable });
    }
    this.acknowledge(false, committable);
    this.#sync();
    return true;
  }

  /** Content is what the entries say: a sync that begins now makes it safe, with the log. */
  complete(): void {
    this.#content = 'syncing';
    this.#syncing = true;
    this.#context.emit({ kind: 'sync' });
  }

  synced(): void {
    this.#syncing = false;
    if (this.#content === 'syncing') this.#content = 'whole';
    this.acknowledge(false);
    // What could not be logged no sync makes durable: this box is on its way out.
    if (this.#context.log.last > this.#context.durable) this.#sync();
  }

  acknowledge(gap: boolean, committed: Position = this.#context.commit): void {
    const context = this.#context;
    const isWhole = this.#content === 'whole';
    context.send(this.#primary, {
      kind: 'acknowledge',
      view: context.view,
      session: context.session,
      received: this.#matched,
      durable: Math.min(isWhole ? context.durable : this.#floor, this.#matched) as Position,
      committed: Math.max(committed, context.commit) as Position,
      sentAt: this.#sentAt,
      gap,
      whole: isWhole,
    });
  }

  #sync(): void {
    if (this.#syncing || this.#content !== 'whole' || this.#stable <= this.#context.durable) return;
    this.#syncing = true;
    this.#context.emit({ kind: 'sync' });
  }
}
