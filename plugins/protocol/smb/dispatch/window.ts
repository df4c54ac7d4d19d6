/**
 * Message ids that a client may use, and credits: each id once, in whatever order, and no more at a time than were granted
 * ([MS-SMB2] §3.3.1.1, §3.3.1.2, §3.3.5.2.3).
 */

/** Credits that a client may hold, and so ids that are under way at a time: above what any client asks for. */
export const CREDITS_MAX = 8192;
const MASK = CREDITS_MAX - 1;

export class MessageWindow {
  /** The lowest id that was not used. */
  #low = 0;
  /** Ids up to here, exclusive, were granted. */
  #high = 1;
  /** Ids from `#low` on, by their remainder: 1 is used. */
  readonly #used = new Uint8Array(CREDITS_MAX);

  /** Credits granted and not used. */
  #left = 1;

  get left(): number {
    return this.#left;
  }

  /** Uses up ids from `first` on. False where one of them was not granted, or was used: the connection must end. */
  use(first: bigint, count: number): boolean {
    if (first > BigInt(Number.MAX_SAFE_INTEGER)) return false;
    const start = Number(first);
    if (start < this.#low || start + count > this.#high) return false;
    for (let id = start; id < start + count; id += 1) if (this.#used[id & MASK] === 1) return false;
    for (let id = start; id < start + count; id += 1) this.#used[id & MASK] = 1;
    this.#left -= count;
    while (this.#low < this.#high && this.#used[this.#low & MASK] === 1) {
      this.#used[this.#low & MASK] = 0;
      this.#low += 1;
    }
    return true;
  }

  /** How many of `wanted` credits there are to give; an id that was skipped holds its place until it is used. */
  grant(wanted: number): number {
    const granted = Math.max(0, Math.min(wanted, this.#low + CREDITS_MAX - this.#high));
    this.#high += granted;
    this.#left += granted;
    return granted;
  }
}
