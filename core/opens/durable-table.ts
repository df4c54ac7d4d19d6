/** Keeps durable opens in rows of the group's protocol table, and makes opens of the rows again (see durable.ts). */
import type { Group, Transaction } from '../group/group.ts';
import type { Log } from '../log-line.ts';
import { DecodeError } from '../wire/reader.ts';
import type { DurableInfo, DurableOpen, DurableOpens } from './durable.ts';
import { type DurableRecord, decodeDurable, encodeDurable } from './durable-record.ts';
import type { Opens } from './manager.ts';
import type { HeldOpen } from './types.ts';

/** What every key of these rows begins with; 16 digits of the persistent id follow. */
const PREFIX = 'smb/open/';
/** Bytes of an entry left to whoever else puts rows into it. */
const ROOM_LEFT = 1024;

export interface DurableDependencies {
  readonly group: Pick<Group, 'rows' | 'refusesRow' | 'volume'>;
  readonly opens: Opens;
  readonly log: Log;
}

export class DurableTable implements DurableOpens {
  readonly #deps: DurableDependencies;
  readonly #byId = new Map<bigint, HeldOpen>();
  readonly #byCreateGuid = new Map<string, HeldOpen>();
  /** Also of opens that ended: whoever is told of the end asks for it. */
  readonly #infos = new WeakMap<HeldOpen, DurableInfo>();
  readonly #dirty = new Set<HeldOpen>();
  readonly #going = new Set<string>();
  #onDirty: () => void = () => {};

  constructor(deps: DurableDependencies) {
    this.#deps = deps;
    deps.opens.onChanged((open) => this.#changed(open));
    deps.opens.onGone((open) => this.revoke(open));
  }

  get isDirty(): boolean {
    return this.#dirty.size > 0;
  }

  /** Whether there is anything to flush, rows that go included. */
  get hasWork(): boolean {
    return this.#dirty.size > 0 || this.#going.size > 0;
  }

  get count(): number {
    return this.#byId.size;
  }

  /** Called when there is something to flush, again and again. */
  onDirty(run: () => void): void {
    this.#onDirty = run;
  }

  grant(open: HeldOpen, info: DurableInfo): void {
    this.#know(open, info);
    this.#going.delete(keyOf(info));
    this.#changed(open);
  }

  revoke(open: HeldOpen): void {
    const info = this.#infos.get(open);
    if (info === undefined || this.#byId.get(info.persistentId) !== open) return;
    this.#byId.delete(info.persistentId);
    const guid = guidOf(open, info);
    if (this.#byCreateGuid.get(guid) === open) this.#byCreateGuid.delete(guid);
    this.#dirty.delete(open);
    this.#going.add(keyOf(info));
    this.#onDirty();
  }

  infoOf(open: HeldOpen): DurableInfo | undefined {
    return this.#infos.get(open);
  }

  find(persistentId: bigint): DurableOpen | undefined {
    return this.#found(this.#byId.get(persistentId));
  }

  findByCreateGuid(clientGuid: string, createGuid: string): DurableOpen | undefined {
    return this.#found(this.#byCreateGuid.get(`${clientGuid}/${createGuid}`));
  }

  flush(transaction: Transaction): void {
    for (const key of this.#going) {
      if (transaction.roomForRows < ROOM_LEFT) return;
      transaction.remove(key);
      this.#going.delete(key);
    }
    for (const open of this.#dirty) {
      const info = this.#infos.get(open) as DurableInfo;
      const row = encodeDurable({ info, kept: this.#deps.opens.keep(open) });
      const isRefused =
        row === undefined || this.#deps.group.refusesRow(keyOf(info), row) !== undefined;
      if (isRefused) {
        this.#forget(open, transaction);
        continue;
      }
      if (transaction.roomForRows < row.length + ROOM_LEFT) return;
      transaction.put(keyOf(info), row);
      this.#dirty.delete(open);
    }
  }

  load(): void {
    this.clear();
    for (const { key, value } of this.#deps.group.rows(PREFIX)) {
      const record = this.#decode(key, value);
      const request = record?.kept.request;
      const tree = request && this.#deps.group.volume(request.volume)?.tree;
      // A file that went meanwhile takes its opens along.
      if (
        record === undefined ||
        request === undefined ||
        tree?.inode(request.file) === undefined
      ) {
        this.#going.add(key);
        continue;
      }
      this.#know(this.#deps.opens.restore(record.kept, record.info.timeoutMs), record.info);
    }
    this.#dirty.clear();
    if (this.hasWork) this.#onDirty();
  }

  /** This box serves no longer. The rows stay. */
  clear(): void {
    this.#byId.clear();
    this.#byCreateGuid.clear();
    this.#dirty.clear();
    this.#going.clear();
  }

  #know(open: HeldOpen, info: DurableInfo): void {
    this.#infos.set(open, info);
    this.#byId.set(info.persistentId, open);
    if (info.version === 2) this.#byCreateGuid.set(guidOf(open, info), open);
  }

  /** More than a row holds: its client finds it again only while this box and its connection live. */
  #forget(open: HeldOpen, transaction: Transaction): void {
    const info = this.#infos.get(open) as DurableInfo;
    this.revoke(open);
    this.#going.delete(keyOf(info));
    transaction.remove(keyOf(info));
  }

  #found(open: HeldOpen | undefined): DurableOpen | undefined {
    const info = open && this.#infos.get(open);
    return open === undefined || info === undefined ? undefined : { open, info };
  }

  #changed(open: HeldOpen): void {
    const info = this.#infos.get(open);
    if (info === undefined || this.#byId.get(info.persistentId) !== open) return;
    this.#dirty.add(open);
    this.#onDirty();
  }

  #decode(key: string, value: Buffer): DurableRecord | undefined {
    try {
      return decodeDurable(BigInt(`0x${key.slice(PREFIX.length)}`), value);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#deps.log.warn(`row ${key}: ${error.message}; the open is gone`);
      return undefined;
    }
  }
}

function keyOf({ persistentId }: DurableInfo): string {
  return PREFIX + persistentId.toString(16).padStart(16, '0');
}

function guidOf(open: HeldOpen, info: DurableInfo): string {
  return `${open.clientGuid}/${info.createGuid}`;
}
