/** The duplicate-request cache on one box: filled by every entry that is staged, forgotten when it is discarded. */
import { REPLIES_MAX, REPLY_AGE_MS_MAX } from '../limits.ts';
import type { Time } from '../ports/clock.ts';
import type { CachedReply, ReplyCache } from './reply-cache.ts';

interface Kept extends CachedReply {
  readonly seconds: number;
}

export class Replies implements ReplyCache {
  readonly #kept = new Map<string, Kept>();
  /**
   * Keys in the order they came, as a ring. A map's own order would do, but the oldest key of a map that forgets as
   * many as it takes in is found only behind all those forgotten.
   */
  readonly #order: string[] = [];
  #oldest = 0;
  /** Seconds of the newest entry: ages are told by the log's own clock, the same on every box. */
  #newestSeconds = 0;

  find(key: string): CachedReply | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    if ((this.#newestSeconds - kept.seconds) * 1000 > REPLY_AGE_MS_MAX) return undefined;
    return kept;
  }

  /** `reply` is kept as it is: a buffer that nobody reuses. */
  keep(key: string, reply: Buffer, position: number, time: Time): void {
    this.#newestSeconds = Math.max(this.#newestSeconds, time.seconds);
    const isNew = !this.#kept.has(key);
    this.#kept.set(key, { reply, position, seconds: time.seconds });
    if (!isNew) return;
    if (this.#order.length < REPLIES_MAX) {
      this.#order.push(key);
      return;
    }
    this.#kept.delete(this.#order[this.#oldest] as string);
    this.#order[this.#oldest] = key;
    this.#oldest = (this.#oldest + 1) % REPLIES_MAX;
  }

  /** Forgets what entries beyond `position` said. Their keys stay in the ring, where they are the newest. */
  discardAfter(position: number): void {
    for (const [key, kept] of this.#kept) if (kept.position > position) this.#kept.delete(key);
  }
}
