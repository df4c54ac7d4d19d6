/** A backend's table for tests: a map, in the order of a store. */
import type { LocalTable } from '#core/volume/local-table.ts';

export class MapTable implements LocalTable {
  readonly rows = new Map<string, Buffer>();

  get(key: string): Buffer | undefined {
    return this.rows.get(key);
  }

  range(
    prefix: string,
    limit: number,
  ): readonly { readonly key: string; readonly value: Buffer }[] {
    const keys = [...this.rows.keys()].filter((key) => key.startsWith(prefix)).sort();
    return keys.slice(0, limit).map((key) => ({ key, value: this.rows.get(key) as Buffer }));
  }

  put(key: string, value: Uint8Array): void {
    this.rows.set(key, Buffer.from(value));
  }

  remove(key: string): void {
    this.rows.delete(key);
  }

  /** As it is now, for a process that ended before later rows were committed. */
  copy(): MapTable {
    const table = new MapTable();
    for (const [key, value] of this.rows) table.rows.set(key, Buffer.from(value));
    return table;
  }
}
