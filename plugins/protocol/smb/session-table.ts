/** All sessions of this server by their ids, which no two boxes give out alike ([MS-SMB2] §3.3.1.5 GlobalSessionTable). */
import type { Random } from '#core/ports/random.ts';
import type { ServerSession } from './server-session.ts';

export class SessionTable {
  readonly #random: Random;
  readonly #sessions = new Map<bigint, ServerSession>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** 64 random bits without the top one, so that the number is never all ones. */
  mintId(): bigint {
    for (;;) {
      const id = BigInt.asUintN(63, this.#random.bytes(8).readBigUInt64LE(0));
      if (id !== 0n && !this.#sessions.has(id)) return id;
    }
  }

  get(id: bigint): ServerSession | undefined {
    return this.#sessions.get(id);
  }

  add(session: ServerSession): void {
    this.#sessions.set(session.id, session);
  }

  remove(session: ServerSession): void {
    if (this.#sessions.get(session.id) === session) this.#sessions.delete(session.id);
  }

  all(): Iterable<ServerSession> {
    return this.#sessions.values();
  }

  get size(): number {
    return this.#sessions.size;
  }
}
