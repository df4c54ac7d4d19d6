/**
 * The connections to one peer, one a path, and which of them carries the frames. A pure table: it sends nothing.
 *
 * The box that dials decides, so that both always mean the same connection: it says "use this" on it. A path that is
 * silent while another one speaks is left at once; frames under way on it are lost, as when a connection ends.
 */

/** What the table wants to know of a connection. */
export interface PathSession {
  /** Whether anything has come since it was asked last. */
  takeHeard(): boolean;
}

/** Ticks of silence after which a path is left for one that speaks: see TICK_MS of link.ts. */
const SILENT_TICKS_MAX = 4;

export class Paths<S extends PathSession> {
  readonly #slots: (S | undefined)[];
  readonly #silent = new Map<S, number>();
  readonly #decides: boolean;
  current: S | undefined;

  /** @param decides Whether this box dials the peer. */
  constructor(count: number, decides: boolean) {
    this.#slots = Array.from({ length: count }, () => undefined);
    this.#decides = decides;
  }

  get isRedundant(): boolean {
    return this.#slots.length > 1;
  }

  /** A connection on every path, and none is silent. */
  get isWhole(): boolean {
    return this.#slots.every(
      (session) => session !== undefined && this.#silenceOf(session) < SILENT_TICKS_MAX,
    );
  }

  get sessions(): readonly S[] {
    return this.#slots.filter((session) => session !== undefined);
  }

  /** A connection is ready on a path; returns the older one there, which it replaces. */
  greeted(path: number, session: S): S | undefined {
    const older = this.#slots[path];
    this.#slots[path] = session;
    this.#silent.set(session, 0);
    if (older !== undefined) this.#silent.delete(older);
    const isFree = this.current === undefined && (this.#decides || !this.isRedundant);
    if (isFree || (older !== undefined && older === this.current)) this.current = session;
    return older;
  }

  gone(session: S): void {
    const path = this.#slots.indexOf(session);
    if (path < 0) return;
    this.#slots[path] = undefined;
    this.#silent.delete(session);
    // Whoever does not decide goes along: the other side sees the same end, and chooses among the same.
    if (this.current === session) this.current = this.sessions[0];
  }

  /** The peer says that it uses this one. */
  asked(session: S): void {
    if (this.#slots.includes(session)) this.current = session;
  }

  tick(): void {
    for (const session of this.sessions) {
      this.#silent.set(session, session.takeHeard() ? 0 : this.#silenceOf(session) + 1);
    }
    const { current } = this;
    if (!this.#decides || current === undefined) return;
    if (this.#silenceOf(current) < SILENT_TICKS_MAX) return;
    const better = this.sessions.find((session) => this.#silenceOf(session) <= 1);
    if (better !== undefined) this.current = better;
  }

  /** A path on which nothing comes in is one on which nothing should be said: so the other side learns of it. */
  speaksTo(session: S): boolean {
    return session === this.current || this.#silenceOf(session) < SILENT_TICKS_MAX;
  }

  #silenceOf(session: S): number {
    return this.#silent.get(session) ?? 0;
  }
}
