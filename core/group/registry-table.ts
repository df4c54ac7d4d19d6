/** The registry on one box: rows in the staged store, held whole in memory (see registry.ts for what it means). */
import { foldText } from '../vfs/fold.ts';
import type { StagedStore } from '../volume/staged-store.ts';
import type {
  AddressRecord,
  ExportRecord,
  HandleKey,
  RegistryChange,
  ServerIdentity,
  ShareRecord,
  UserRecord,
  VolumeRecord,
} from './registry.ts';

/** Before every catalog and local table (core/volume/rows.ts). */
const PREFIX = '\x00r';
const PREFIX_END = '\x00s';
/** Rows read at once when loading. A registry has tens of rows. */
const ROWS_MAX = 100_000;

type Key<T> = (record: T) => string;

/** One kind of record: a map in memory, rows `kind + key` in the store. */
class Table<T> {
  readonly byKey = new Map<string, T>();
  readonly kind: string;
  readonly keyOf: Key<T>;

  constructor(kind: string, keyOf: Key<T>) {
    this.kind = kind;
    this.keyOf = keyOf;
  }

  values(): readonly T[] {
    return [...this.byKey.values()];
  }
}

export class RegistryTable {
  readonly #staged: StagedStore;
  readonly #volumes = new Table<VolumeRecord>('v', (record) => String(record.id));
  readonly #exports = new Table<ExportRecord>('e', (record) => String(record.id));
  readonly #addresses = new Table<AddressRecord>('a', (record) => record.address);
  readonly #keys = new Table<HandleKey>('k', (record) => String(record.id));
  readonly #verifiers = new Table<string>('w', () => '');
  readonly #users = new Table<UserRecord>('u', (record) => String(record.id));
  readonly #shares = new Table<ShareRecord>('s', (record) => String(record.id));
  readonly #identities = new Table<ServerIdentity>('i', () => '');
  /** The highest id that a record ever had, by kind: ids stand in handles and SIDs and are never reused. */
  readonly #highest = new Table<{ kind: string; id: number }>('h', (record) => record.kind);
  #lists = this.#listAll();

  constructor(staged: StagedStore) {
    this.#staged = staged;
    this.load();
  }

  get volumes(): readonly VolumeRecord[] {
    return this.#lists.volumes;
  }

  get exports(): readonly ExportRecord[] {
    return this.#lists.exports;
  }

  get addresses(): readonly AddressRecord[] {
    return this.#lists.addresses;
  }

  get handleKeys(): readonly HandleKey[] {
    return this.#lists.handleKeys;
  }

  get users(): readonly UserRecord[] {
    return this.#lists.users;
  }

  /** By name. */
  get shares(): readonly ShareRecord[] {
    return this.#lists.shares;
  }

  get identity(): ServerIdentity | undefined {
    return this.#identities.byKey.get('');
  }

  /** In whatever case. */
  user(name: string): UserRecord | undefined {
    return this.#lists.userByName.get(foldText(name));
  }

  /** In whatever case. */
  share(name: string): ShareRecord | undefined {
    return this.#lists.shareByName.get(foldText(name));
  }

  /** Eight bytes, hex: part of the write verifier of every volume. */
  get verifier(): string {
    return this.#verifiers.byKey.get('') ?? '0000000000000000';
  }

  /** An id that no record of the kind has or ever had. */
  nextId(kind: 'volume' | 'export' | 'user' | 'share'): number {
    return (this.#highest.byKey.get(kind)?.id ?? 0) + 1;
  }

  /** Reads everything anew: at the start, and after staged entries were discarded. */
  load(): void {
    for (const table of this.#tables()) table.byKey.clear();
    for (const { key, value } of this.#staged.range(PREFIX, PREFIX_END, ROWS_MAX)) {
      const table = this.#tables().find((candidate) => candidate.kind === key[PREFIX.length]);
      table?.byKey.set(key.slice(PREFIX.length + 1), JSON.parse(value.toString('utf8')));
    }
    this.#lists = this.#listAll();
  }

  apply(change: RegistryChange): void {
    switch (change.kind) {
      case 'put-volume':
        this.#put(this.#volumes, change.record);
        this.#raise('volume', change.record.id);
        break;
      case 'put-export':
        this.#put(this.#exports, change.record);
        this.#raise('export', change.record.id);
        break;
      case 'remove-export':
        this.#remove(this.#exports, String(change.id));
        break;
      case 'put-address':
        this.#put(this.#addresses, change.record);
        break;
      case 'remove-address':
        this.#remove(this.#addresses, change.address);
        break;
      case 'put-handle-key':
        this.#put(this.#keys, change.record);
        break;
      case 'put-user':
        this.#put(this.#users, change.record);
        this.#raise('user', change.record.id);
        break;
      case 'remove-user':
        this.#remove(this.#users, String(change.id));
        break;
      case 'put-share':
        this.#put(this.#shares, change.record);
        this.#raise('share', change.record.id);
        break;
      case 'remove-share':
        this.#remove(this.#shares, String(change.id));
        break;
      case 'put-server-identity':
        this.#put(this.#identities, change.record);
        break;
      case 'put-verifier':
        this.#put(this.#verifiers, change.verifier);
        break;
      default:
        change satisfies never;
    }
    this.#lists = this.#listAll();
  }

  #put<T>(table: Table<T>, record: T): void {
    const key = table.keyOf(record);
    table.byKey.set(key, record);
    this.#staged.put(PREFIX + table.kind + key, Buffer.from(JSON.stringify(record), 'utf8'));
  }

  #raise(kind: string, id: number): void {
    if (id > (this.#highest.byKey.get(kind)?.id ?? 0)) this.#put(this.#highest, { kind, id });
  }

  #remove<T>(table: Table<T>, key: string): void {
    table.byKey.delete(key);
    this.#staged.put(PREFIX + table.kind + key, undefined);
  }

  // Typed as one family only where the kind of record does not matter.
  #tables(): readonly Table<unknown>[] {
    return [
      this.#volumes,
      this.#exports,
      this.#addresses,
      this.#keys,
      this.#verifiers,
      this.#users,
      this.#shares,
      this.#identities,
      this.#highest,
    ] as unknown as readonly Table<unknown>[];
  }

  #listAll() {
    const users = byName(this.#users.values());
    const shares = byName(this.#shares.values());
    return {
      volumes: this.#volumes.values(),
      exports: this.#exports.values(),
      addresses: this.#addresses.values(),
      handleKeys: this.#keys.values(),
      users,
      shares,
      userByName: new Map(users.map((record) => [foldText(record.name), record])),
      shareByName: new Map(shares.map((record) => [foldText(record.name), record])),
    };
  }
}

function byName<T extends { readonly name: string }>(records: readonly T[]): readonly T[] {
  return [...records].sort((one, other) => (one.name < other.name ? -1 : 1));
}
