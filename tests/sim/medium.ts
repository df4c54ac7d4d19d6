/**
 * Where a box of the simulation keeps content and names: bytes by file id, and a tree that mirror calls make. What was
 * not synced survives the end of a process, and of a power cut some of it.
 */
import type { FileId } from '#core/vfs/inode.ts';

interface Chance {
  below(below: number): number;
}

/** Bytes that reach the medium together. */
const BLOCK_SIZE = 16;
const NOTHING = Buffer.alloc(0);

export class Medium {
  /** Content as processes see it. A buffer in here is never written to. */
  readonly content = new Map<FileId, Buffer>();
  /** `directory/name` to file. */
  readonly names = new Map<string, FileId>();
  /** Counts snapshots: an older one that is late takes nothing back. */
  #turns = 0;
  readonly #secured = new Map<FileId, number>();
  readonly #durable = new Map<FileId, Buffer>();
  #durableNames = new Map<string, FileId>();
  /** Changes of names since they were durable, in order. */
  #unsynced: ((names: Map<string, FileId>) => void)[] = [];

  put(file: FileId, bytes: Buffer | undefined): void {
    if (bytes === undefined) this.content.delete(file);
    else this.content.set(file, bytes);
  }

  rename(change: (names: Map<string, FileId>) => void): void {
    change(this.names);
    this.#unsynced.push(change);
  }

  /** What is there now; the function returned makes it durable. */
  snapshot(file: FileId): () => void {
    const bytes = this.content.get(file);
    this.#turns += 1;
    const turn = this.#turns;
    return () => {
      if (turn < (this.#secured.get(file) ?? 0)) return;
      this.#secured.set(file, turn);
      this.#secure(file, bytes);
    };
  }

  /** The same of everything. */
  snapshotAll(): () => void {
    const files = new Set([...this.content.keys(), ...this.#durable.keys()]);
    const secures = [...files].map((file) => this.snapshot(file));
    const names = new Map(this.names);
    const count = this.#unsynced.length;
    return () => {
      for (const secure of secures) secure();
      this.#durableNames = names;
      this.#unsynced = this.#unsynced.slice(count);
    };
  }

  powerCut(chance: Chance): void {
    for (const file of new Set([...this.content.keys(), ...this.#durable.keys()])) {
      const bytes = mixed(this.#durable.get(file), this.content.get(file), chance);
      this.put(file, bytes);
      if (bytes === undefined) this.#durable.delete(file);
      else this.#durable.set(file, bytes);
    }
    const kept = this.#unsynced.slice(0, chance.below(this.#unsynced.length + 1));
    for (const change of kept) change(this.#durableNames);
    this.#unsynced = [];
    this.names.clear();
    for (const [name, file] of this.#durableNames) this.names.set(name, file);
  }

  #secure(file: FileId, bytes: Buffer | undefined): void {
    if (bytes === undefined) this.#durable.delete(file);
    else this.#durable.set(file, bytes);
  }
}

/** What a power cut leaves of a file that was `durable` and had become `live`. */
function mixed(
  durable: Buffer | undefined,
  live: Buffer | undefined,
  chance: Chance,
): Buffer | undefined {
  const kind = chance.below(3);
  if (kind === 0) return durable;
  if (kind === 1) return live;
  const [before, after] = [durable ?? NOTHING, live ?? NOTHING];
  const bytes = Buffer.alloc(chance.below(2) === 0 ? before.length : after.length);
  for (let at = 0; at < bytes.length; at += BLOCK_SIZE) {
    const from = chance.below(2) === 0 ? before : after;
    from.subarray(at, Math.min(at + BLOCK_SIZE, bytes.length)).copy(bytes, at);
  }
  return bytes;
}
