/**
 * Who has mounted what, as MOUNT's DUMP tells it. A courtesy for people, as RFC 1813 §5.2.2 says itself: in memory only,
 * and it forgets at a takeover.
 */
export interface MountRow {
  /** The client's address. */
  readonly host: string;
  /** Byte string. */
  readonly path: string;
}

/** Rows kept; the oldest make room. More than any console shows. */
const MOUNTS_MAX = 512;

export class MountList {
  readonly #rows = new Map<string, MountRow>();

  add(row: MountRow): void {
    const key = keyOf(row);
    this.#rows.delete(key);
    this.#rows.set(key, row);
    if (this.#rows.size <= MOUNTS_MAX) return;
    const [oldest] = this.#rows.keys();
    if (oldest !== undefined) this.#rows.delete(oldest);
  }

  remove(row: MountRow): void {
    this.#rows.delete(keyOf(row));
  }

  removeAll(host: string): void {
    for (const [key, row] of this.#rows) if (row.host === host) this.#rows.delete(key);
  }

  rows(): readonly MountRow[] {
    return [...this.#rows.values()];
  }
}

function keyOf({ host, path }: MountRow): string {
  return `${host} ${path}`;
}
