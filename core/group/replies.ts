/** The duplicate-request cache on one box: filled by every entry that is staged, forgotten when it is discarded. */
import { REPLIES_MAX, REPLY_AGE_MS_MAX } from '../limits.ts';
import type { Time } from '../ports/clock.ts';
import type { CachedReply, ReplyCache } from './reply-cache.ts';

interface Kept extends CachedReply {
  readonly seconds: number;
}

/**
 * Seconds that one entry may age the replies by. A clock that is set hours forward, on this box or by the next one, must
 * not make a call under way an old one, which would be carried out again. Nor do hours in which nobody called: their
 * replies answer some minutes longer.
 */
const STEP_SECONDS_MAX = 60;
/** Replies of one generation: the newest of at least half of `REPLIES_MAX` calls are always there. */
const GENERATION_MAX = REPLIES_MAX / 2;

export class Replies implements ReplyCache {
  /**
   * When the young ones are a generation, the old ones are forgotten together. To forget one for each that comes would
   * cost two more looks into a map, and leave holes in it that every other look has to pass.
   */
  #young = new Map<string, Kept>();
  #old = new Map<string, Kept>();
  /** Seconds of the newest entry: ages are told by the log's own clock, the same on every box. */
  #newestSeconds = 0;
  /** The log's time without its leaps. */
  #seconds = 0;

  find(key: string): CachedReply | undefined {
    const kept = this.#young.get(key) ?? this.#old.get(key);
    if (kept === undefined) return undefined;
    if ((this.#seconds - kept.seconds) * 1000 > REPLY_AGE_MS_MAX) return undefined;
    return kept;
  }

  /** `reply` is kept as it is: a buffer that nobody reuses. */
  keep(key: string, reply: Buffer, position: number, time: Time): void {
    const step = time.seconds - this.#newestSeconds;
    if (step > 0) {
      this.#newestSeconds = time.seconds;
      this.#seconds += Math.min(step, STEP_SECONDS_MAX);
    }
    if (this.#young.size >= GENERATION_MAX) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, { reply, position, seconds: this.#seconds });
  }

  /** Forgets what entries beyond `position` said. */
  discardAfter(position: number): void {
    for (const generation of [this.#young, this.#old]) {
      for (const [key, kept] of generation) if (kept.position > position) generation.delete(key);
    }
  }
}
