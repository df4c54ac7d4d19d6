/** Requests of one connection that were told to wait ([MS-SMB2] §3.3.4.2, §3.3.5.16). */

/** As Samba has it: beyond, STATUS_INSUFFICIENT_RESOURCES. */
export const PENDED_MAX = 512;

export interface Pended {
  readonly asyncId: bigint;
  readonly messageId: bigint;
  /** Runs once, when the client cancels or goes. */
  cancel: (() => void) | undefined;
  /** An interim response went out: the client knows the AsyncId. */
  isTold: boolean;
}

export class PendedTable {
  readonly #rows = new Map<bigint, Pended>();
  #nextId = 1n;

  /** `undefined` when too many wait. */
  add(messageId: bigint, cancel: () => void): Pended | undefined {
    if (this.#rows.size >= PENDED_MAX) return undefined;
    const pended = { asyncId: this.#nextId, messageId, cancel, isTold: false };
    this.#nextId += 1n;
    this.#rows.set(pended.asyncId, pended);
    return pended;
  }

  remove(pended: Pended): void {
    this.#rows.delete(pended.asyncId);
  }

  /** By AsyncId, or where the client knows none by MessageId. */
  cancel(asyncId: bigint, messageId: bigint): void {
    if (asyncId !== 0n) {
      run(this.#rows.get(asyncId));
      return;
    }
    for (const pended of this.#rows.values()) if (pended.messageId === messageId) run(pended);
  }

  cancelAll(): void {
    for (const pended of [...this.#rows.values()]) run(pended);
  }

  get size(): number {
    return this.#rows.size;
  }
}

function run(pended: Pended | undefined): void {
  const cancel = pended?.cancel;
  if (pended === undefined || cancel === undefined) return;
  pended.cancel = undefined;
  cancel();
}
