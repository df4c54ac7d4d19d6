/** A backend's rows in the box's store: see core/volume/local-table.ts. */
import type { LocalTable } from '../volume/local-table.ts';
import type { StagedStore } from '../volume/staged-store.ts';

/** What every key of these begins with: behind every catalog (core/volume/rows.ts). */
export const OWN_ROWS = '\xfe';

export class StagedTable implements LocalTable {
  readonly #staged: StagedStore;
  readonly #prefix: string;

  constructor(staged: StagedStore, volume: number) {
    this.#staged = staged;
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(volume);
    this.#prefix = OWN_ROWS + bytes.toString('latin1');
  }

  get(key: string): Buffer | undefined {
    return this.#staged.get(this.#prefix + key);
  }

  range(
    prefix: string,
    limit: number,
  ): readonly { readonly key: string; readonly value: Buffer }[] {
    const from = this.#prefix + prefix;
    return this.#staged
      .range(from, `${from}\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff`, limit)
      .map(({ key, value }) => ({ key: key.slice(this.#prefix.length), value }));
  }

  put(key: string, value: Uint8Array): void {
    this.#staged.put(this.#prefix + key, Buffer.from(value));
  }

  remove(key: string): void {
    this.#staged.put(this.#prefix + key, undefined);
  }
}
