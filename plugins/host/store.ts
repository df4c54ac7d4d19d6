/**
 * The store on LMDB.
 *
 * A commit is one synchronous LMDB transaction that reaches the page cache and not the disk: it costs tens of
 * microseconds, and the end of the process loses nothing. LMDB's own ways to be whole after a power cut all make the
 * committer wait: a plain transaction syncs before it returns, and so, in lmdb-js, does a synchronous one under
 * `overlappingSync` (it only releases the writer's lock earlier); `noSync` does not wait, but lets the disk
 * see a root page whose tree was never written. So the store keeps a *flush point* beside the data (`flush-point.ts`):
 *
 *   - `flushed` opens a read transaction, copies the two root pages, syncs the file in the thread pool, then records
 *     the copy. LMDB reuses no page that an open read transaction can see, so from here on the whole tree of the flush
 *     point stays in the file, whatever later commits write and whichever of their pages reach the disk. Only then is the
 *     read transaction of the flush point before it closed.
 *   - Opening after the end of a process in the same boot uses the file as it is. After a new boot, the recorded root
 *     pages are put back first: the store is exactly as it was at the flush point.
 */
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fdatasync,
  openSync,
  readSync,
  rmSync,
} from 'node:fs';
import { promisify } from 'node:util';
import {
  type Database,
  open as openLmdb,
  type RootDatabase,
  type Transaction,
  TransactionFlags,
} from 'lmdb';
import type { Log } from '#core/log-line.ts';
import { DiskError } from '#core/ports/disk.ts';
import {
  STORE_KEY_SIZE_MAX,
  type Store,
  type StoreKey,
  type StoreRow,
  type StoreWrite,
} from '#core/ports/store.ts';
import { Coalesced } from './coalesced.ts';
import { messageOf } from './errors.ts';
import { FlushPoint, isSameKind, PAGE_SIZE, ROOT_SIZE, restoreRoot } from './flush-point.ts';

/** Bytes of address space for the file, reserved and not used; LMDB takes more by itself when the file outgrows it. */
const MAP_SIZE = 16 * 1024 * 1024 * 1024;
/** Bytes that a write costs besides its key and value: the page that it stands on is rewritten. */
const WRITE_OVERHEAD = PAGE_SIZE / 4;
/** Bytes that a commit costs by itself: the pages from the root down, and the list of free ones. */
const COMMIT_OVERHEAD = 3 * PAGE_SIZE;
/** Read transactions at a time: the flush point, the next one, and the turn's own. */
const READERS_MAX = 16;
/** `transactionSync` returns when the transaction is committed, without a sync. */
const COMMIT_FLAGS: TransactionFlags =
  TransactionFlags.SYNCHRONOUS_COMMIT | TransactionFlags.NO_SYNC_FLUSH;

const sync = promisify(fdatasync);

export interface StoreOptions {
  /** The data file; two more stand beside it, with `-lock` and `-point` behind the name. */
  readonly path: string;
  readonly log: Log;
  /** Names this boot of the machine; another than last time means that the page cache was lost. */
  readonly boot: string;
}

/** Opens or creates the store. Rejects with one sentence when the file is of a newer format or not a store. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const point = FlushPoint.open(`${options.path}-point`, options.boot);
  try {
    prepare(options, point);
    const db = openDatabase(options.path);
    // LMDB makes its files for everybody; a catalog's names are nobody else's business.
    for (const suffix of ['', '-lock']) chmodSync(`${options.path}${suffix}`, 0o600);
    const store = new LmdbStore(options, db, point);
    await store.flushed();
    return store;
  } catch (error) {
    point.close();
    throw error;
  }
}

function prepare({ path, log, boot }: StoreOptions, point: FlushPoint): void {
  const { root, boot: before } = point;
  if (root === undefined) {
    if (existsSync(path) && !point.creating) {
      throw new Error(
        `${path}: not a store of this program (its flush point is missing); move the file away or choose another state directory`,
      );
    }
    point.begin();
    rmSync(path, { force: true }); // left behind by a creation that did not end
    return;
  }
  if (!existsSync(path)) {
    throw new Error(
      `${path}: missing although ${path}-point is there; restore the file, or remove both`,
    );
  }
  if (!isSameKind(path, root)) {
    throw new Error(
      `${path}: not a store any more, something else was written over it; restore it, or remove it and ${path}-point so that this box is filled again from its peers`,
    );
  }
  if (before === boot) return;
  log.info('store: back to the last flush point after a restart of the machine');
  restoreRoot(path, root);
}

/** A key is one byte a character, so both directions are a copy. */
const KEYS = {
  writeKey: (key: string, target: Buffer, start: number) =>
    start + target.write(key, start, key.length, 'latin1'),
  readKey: (source: Buffer, start: number, end: number) => source.toString('latin1', start, end),
};

/**
 * LMDB's bytes stand in one buffer of lmdb-js's until the next read, so they are copied out, once. Its own way to
 * do so costs three times as much for values of some hundred bytes.
 */
const VALUES = {
  encode: (value: Uint8Array) => value,
  decode(shared: Buffer): Buffer {
    const value = Buffer.allocUnsafe(shared.length);
    shared.copy(value, 0, 0, value.length);
    return value;
  },
};

function openDatabase(path: string): RootDatabase<Buffer, string> {
  try {
    return openLmdb<Buffer, string>({
      path,
      noSubdir: true,
      encoding: 'binary',
      encoder: VALUES,
      keyEncoder: KEYS,
      pageSize: PAGE_SIZE,
      mapSize: MAP_SIZE,
      maxDbs: 1,
      maxReaders: READERS_MAX,
      overlappingSync: false,
      cache: false,
    });
  } catch (error) {
    throw new Error(
      `${path}: cannot be opened as a store (${messageOf(error)}); restore it, or remove it so that this box is filled again from its peers`,
    );
  }
}

class LmdbStore implements Store {
  readonly #options: StoreOptions;
  readonly #db: Database<Buffer, string>;
  readonly #point: FlushPoint;
  readonly #fd: number;
  readonly #flushes = new Coalesced(() => this.#alone(() => this.#flush()));
  /** The flush under way, or done: one begins when the one before has ended. */
  #last: Promise<void> = Promise.resolve();
  /** Holds the pages of the last flush point. */
  #held: Transaction | undefined;
  #unflushedSize = 0;

  constructor(options: StoreOptions, db: Database<Buffer, string>, point: FlushPoint) {
    this.#options = options;
    this.#db = db;
    this.#point = point;
    this.#fd = openSync(options.path, constants.O_RDONLY);
  }

  get(key: StoreKey): Buffer | undefined {
    return this.#db.get(key);
  }

  range(from: StoreKey, to: StoreKey, limit: number): StoreRow[] {
    const rows: StoreRow[] = [];
    if (from >= to || limit <= 0) return rows;
    for (const row of this.#db.getRange({ start: from, end: to, limit })) rows.push(row);
    return rows;
  }

  last(from: StoreKey, to: StoreKey): StoreRow | undefined {
    if (from >= to) return undefined;
    // LMDB begins a backward walk at `to` itself where that key exists, which is one row too early.
    const options = { start: to, end: from, inclusiveEnd: true, reverse: true, limit: 2 };
    for (const row of this.#db.getRange(options)) {
      if (row.key < to) return row;
    }
    return undefined;
  }

  commit(writes: readonly StoreWrite[]): void {
    let size = COMMIT_OVERHEAD;
    for (const { key, value } of writes) {
      if (key.length === 0 || key.length > STORE_KEY_SIZE_MAX) {
        throw new RangeError(
          `key: ${key.length} bytes, at least 1 and at most ${STORE_KEY_SIZE_MAX}`,
        );
      }
      size += key.length + (value?.length ?? 0) + WRITE_OVERHEAD;
    }
    try {
      this.#db.transactionSync(() => this.#write(writes), COMMIT_FLAGS);
    } catch (error) {
      throw storeError(this.#options.path, error);
    }
    this.#unflushedSize += size;
  }

  get unflushedSize(): number {
    return this.#unflushedSize;
  }

  flushed(first?: () => Promise<void>): Promise<void> {
    if (first === undefined) return this.#flushes.run();
    return this.#alone(() => this.#flush(first));
  }

  async close(): Promise<void> {
    try {
      await this.flushed();
    } finally {
      await this.#flushes.settled();
      await this.#last;
      this.#held?.done();
      await this.#db.close();
      closeSync(this.#fd);
      this.#point.close();
    }
  }

  #write(writes: readonly StoreWrite[]): void {
    for (const { key, value } of writes) {
      if (value === undefined) this.#db.removeSync(key);
      else this.#db.putSync(key, value as Buffer);
    }
  }

  #alone(flush: () => Promise<void>): Promise<void> {
    const run = this.#last.then(flush);
    this.#last = run.catch(() => {});
    return run;
  }

  /** Up to the first `await` nothing can be committed in between: pages held and root copied are one state. */
  async #flush(first?: () => Promise<void>): Promise<void> {
    const size = this.#unflushedSize;
    const held = this.#db.useReadTransaction();
    const root = Buffer.allocUnsafe(ROOT_SIZE);
    try {
      this.#unflushedSize = 0;
      if (readSync(this.#fd, root, 0, ROOT_SIZE, 0) !== ROOT_SIZE) {
        throw new Error(`${this.#options.path}: shorter than its root`);
      }
      await first?.();
      await sync(this.#fd);
      await this.#point.record(root);
    } catch (error) {
      held.done();
      this.#unflushedSize += size;
      throw storeError(this.#options.path, error);
    }
    this.#held?.done();
    this.#held = held;
  }
}

function storeError(path: string, error: unknown): DiskError {
  if (error instanceof DiskError) return error;
  const full = /no space left|quota exceeded/i.test(messageOf(error));
  const what = full ? 'the disk is full; free some space or give it more' : messageOf(error);
  return new DiskError(`${path}: ${what}`, full);
}
