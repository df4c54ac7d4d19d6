/** The duplicate-request cache on one box: filled by every entry that is staged, forgotten when it is discarded. */
import { REPLIES_MAX, REPLY_AGE_MS_MAX } from '../limits.ts';
import type { Time } from '../ports/clock.ts';
import type { CachedReply, ReplyCache } from './reply-cache.ts';

interface Kept extends CachedReply {
  readonly seconds: number;
}

export class Replies implements ReplyCache {
  readonly #kept = new Map<string, Kept>();
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
    this.#kept.delete(key);
    this.#kept.set(key, { reply, position, seconds: time.seconds });
    if (this.#kept.size <= REPLIES_MAX) return;
    const oldest = this.#kept.keys().next();
    if (!oldest.done) this.#kept.delete(oldest.value);
  }

  /** Forgets what entries beyond `position` said. */
  discardAfter(position: number): void {
    for (const [key, kept] of this.#kept) if (kept.position > position) this.#kept.delete(key);
  }
}
