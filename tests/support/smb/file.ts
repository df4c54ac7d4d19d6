/** An open file of a mount, durable where that was asked for and granted. */
import { randomBytes } from 'node:crypto';
import { close } from '#plugins/protocol/smb/commands/close.ts';
import { flush } from '#plugins/protocol/smb/commands/flush.ts';
import {
  type LockElement,
  lock,
  SMB2_LOCKFLAG_EXCLUSIVE_LOCK,
  SMB2_LOCKFLAG_FAIL_IMMEDIATELY,
  SMB2_LOCKFLAG_UNLOCK,
} from '#plugins/protocol/smb/commands/lock.ts';
import { read } from '#plugins/protocol/smb/commands/read.ts';
import { write } from '#plugins/protocol/smb/commands/write.ts';
import type { RequestedContexts } from '#plugins/protocol/smb/contexts/requested.ts';
import type { FileHandle } from '#plugins/protocol/smb/open.ts';
import { Refused } from './login.ts';
import type { Link, Reopened, SmbMount } from './mount.ts';
import {
  CREATE,
  type CreateCall,
  type Created,
  OPLOCK_BATCH,
  OPLOCK_LEASE,
  readCreated,
  SET_INFO,
  writeCreate,
  writeDeletePending,
  writeRename,
} from './requests.ts';

export type Durability = 'none' | 'v1' | 'v2';
export type Caching = 'none' | 'batch' | 'lease';

export interface OpenOptions extends Omit<CreateCall, 'oplock' | 'contexts'> {
  readonly durability?: Durability;
  readonly caching?: Caching;
}

const LEASE_ALL = 0x7;
const LEASE_HANDLE = 0x2;
const STATUS_OBJECT_NAME_COLLISION = 0xc000_0035;
const STATUS_END_OF_FILE = 0xc000_0011;
const STATUS_LOCK_NOT_GRANTED = 0xc000_0055;
const STATUS_RANGE_NOT_LOCKED = 0xc000_007e;
/** Milliseconds that the server is asked to keep an open for whose connection is gone. */
const DURABLE_MS = 60_000;
const SEQUENCE_BUCKETS = 64;

export class SmbFile implements Reopened {
  readonly #mount: SmbMount;
  readonly #options: OpenOptions;
  readonly #leaseKey = randomBytes(16).toString('hex');
  #createGuid = randomBytes(16).toString('hex');
  #created: Created;
  #name: string;
  #isDurable: boolean;
  #isEnding = false;
  #isGone = false;
  #sequence = 0;
  /** Oplock level or lease state, as far as the server told. */
  caching: number;

  private constructor(mount: SmbMount, options: OpenOptions, created: Created) {
    this.#mount = mount;
    this.#options = options;
    this.#name = options.name;
    this.#created = created;
    this.#isDurable = false;
    this.caching = created.oplock;
  }

  /** Rejects with `Refused`. */
  static async open(mount: SmbMount, options: OpenOptions): Promise<SmbFile> {
    const nothing = { id: { persistent: 0n, volatile: 0n }, contexts: {} } as Created;
    const file = new SmbFile(mount, options, nothing);
    const { status } = await mount.run(async (link, isRetry) => {
      const first = await file.#create(link, file.#wanted(), isRetry);
      if (!isRetry || first === 0) return { status: first };
      // What was not answered may be there, as an open of ours that nobody holds: it makes way.
      file.#createGuid = randomBytes(16).toString('hex');
      return { status: await file.#create(link, file.#wanted(), false) };
    });
    if (status !== 0) throw new Refused(`CREATE ${options.name}`, status);
    mount.opens.add(file);
    return file;
  }

  get created(): Created {
    return this.#created;
  }

  get id(): FileHandle {
    return this.#created.id;
  }

  get isDurable(): boolean {
    return this.#isDurable;
  }

  async write(offset: number, data: Buffer): Promise<number> {
    const { status } = await this.tryWrite(offset, data);
    if (status !== 0) throw new Refused(`WRITE ${this.#name} at ${offset}`, status);
    return data.length;
  }

  tryWrite(offset: number, data: Buffer): Promise<{ readonly status: number }> {
    return this.#run((link, options) =>
      link.wire.call(
        write,
        { id: this.id, offset: BigInt(offset), flags: 0, channel: 0, data },
        { ...options, payload: data.length },
      ),
    );
  }

  /** Less than asked for at the end, nothing behind it. */
  async read(offset: number, length: number): Promise<Buffer> {
    const { status, answer } = await this.#run((link, options) =>
      link.wire.call(
        read,
        { id: this.id, offset: BigInt(offset), length, minimumCount: 0, flags: 0, channel: 0 },
        { ...options, payload: length },
      ),
    );
    if (status === STATUS_END_OF_FILE) return Buffer.alloc(0);
    if (answer === undefined) throw new Refused(`READ ${this.#name} at ${offset}`, status);
    return answer.data;
  }

  async flush(): Promise<void> {
    const { status } = await this.#run((link, options) =>
      link.wire.call(flush, { id: this.id } as never, options),
    );
    if (status !== 0) throw new Refused(`FLUSH ${this.#name}`, status);
  }

  /** Exclusive and at once; an NTSTATUS. */
  async lock(offset: number, length: number): Promise<number> {
    const flags = SMB2_LOCKFLAG_EXCLUSIVE_LOCK | SMB2_LOCKFLAG_FAIL_IMMEDIATELY;
    const element = { offset: BigInt(offset), length: BigInt(length), flags };
    const { status, isRetry } = await this.#lock(element);
    // Without lock sequences, which came with 3.0, an open meets the lock that it took itself.
    const isOwn = isRetry && !this.#mount.isNewest && status === STATUS_LOCK_NOT_GRANTED;
    return isOwn ? 0 : status;
  }

  async unlock(offset: number, length: number): Promise<void> {
    const flags = SMB2_LOCKFLAG_UNLOCK;
    const { status, isRetry } = await this.#lock({
      offset: BigInt(offset),
      length: BigInt(length),
      flags,
    });
    const isDone = status === 0 || (isRetry && status === STATUS_RANGE_NOT_LOCKED);
    if (!isDone) throw new Refused(`unlock ${this.#name} at ${offset}`, status);
  }

  async rename(name: string): Promise<void> {
    const { status, isRetry } = await this.#run((link, options) =>
      link.wire.exchange(SET_INFO, (to) => writeRename(to, this.id, name), options),
    );
    const isDone = status === 0 || (isRetry && status === STATUS_OBJECT_NAME_COLLISION);
    if (!isDone) throw new Refused(`rename ${this.#name} to ${name}`, status);
    this.#name = name;
  }

  /** It goes with its last close. */
  async deletePending(): Promise<void> {
    const { status } = await this.#run((link, options) =>
      link.wire.exchange(SET_INFO, (to) => writeDeletePending(to, this.id), options),
    );
    if (status !== 0) throw new Refused(`delete ${this.#name}`, status);
  }

  async close(): Promise<void> {
    this.#isEnding = true;
    const { status, isRetry } = await this.#run(async (link, options) => {
      if (this.#isGone) return { status: 0 };
      return link.wire.call(close, { flags: 0, id: this.id }, options);
    });
    this.#mount.opens.delete(this);
    if (status !== 0 && !isRetry) throw new Refused(`CLOSE ${this.#name}`, status);
  }

  async reopen(link: Link): Promise<void> {
    if (this.#isGone) return;
    const { id } = this;
    const v2 = { id, createGuid: this.#createGuid, flags: 0 };
    const lease = this.#lease();
    const isV2 = this.#options.durability === 'v2';
    const contexts: RequestedContexts = {
      ...(isV2 ? { durableReconnectV2: v2 } : { durableReconnect: id }),
      ...(lease && { lease }),
    };
    const status = this.#isDurable ? await this.#create(link, contexts, false) : 0xc000_0034;
    if (status === 0) return;
    if (!this.#isEnding) throw new Refused(`durable reconnect of ${this.#name}`, status);
    this.#isGone = true;
  }

  broken(kind: 'oplock' | 'lease', key: string, after: number): void {
    const { persistent, volatile } = this.id;
    const isOurs = kind === 'lease' ? key === this.#leaseKey : key === `${persistent}:${volatile}`;
    if (!isOurs) return;
    this.caching = after;
    const isHeld = kind === 'lease' ? (after & LEASE_HANDLE) !== 0 : after === OPLOCK_BATCH;
    if (!isHeld) this.#isDurable = false;
  }

  #wanted(): RequestedContexts {
    const { durability = 'none' } = this.#options;
    const lease = this.#lease();
    const v2 = { timeoutMs: DURABLE_MS, flags: 0, createGuid: this.#createGuid };
    return {
      ...(durability === 'v1' && { durable: true }),
      ...(durability === 'v2' && { durableV2: v2 }),
      ...(lease && { lease }),
    };
  }

  /** Of the second version from 3.0 on. */
  #lease(): RequestedContexts['lease'] {
    if (this.#options.caching !== 'lease') return undefined;
    const version = this.#mount.isNewest ? 2 : 1;
    return { version, key: this.#leaseKey, state: LEASE_ALL, flags: 0, parentKey: '', epoch: 0 };
  }

  /** An NTSTATUS. */
  async #create(link: Link, contexts: RequestedContexts, isRetry: boolean): Promise<number> {
    const { caching = 'none' } = this.#options;
    const oplock = { none: 0, batch: OPLOCK_BATCH, lease: OPLOCK_LEASE }[caching];
    const call = { ...this.#options, name: this.#name, oplock, contexts };
    const body = (to: Parameters<typeof writeCreate>[0]) => writeCreate(to, call);
    const { status, from } = await link.wire.exchange(CREATE, body, link.options(isRetry));
    if (status !== 0) return status;
    this.#created = readCreated(from);
    const { durable, durableV2, lease } = this.#created.contexts;
    const isTakenUp =
      contexts.durableReconnect !== undefined || contexts.durableReconnectV2 !== undefined;
    if (!isTakenUp) this.#isDurable = durable === true || durableV2 !== undefined;
    this.caching = lease?.state ?? this.#created.oplock;
    return 0;
  }

  async #lock(element: LockElement): Promise<{ status: number; isRetry: boolean }> {
    const turn = this.#sequence;
    this.#sequence += 1;
    const bucket = 1 + (turn % SEQUENCE_BUCKETS);
    const number = Math.floor(turn / SEQUENCE_BUCKETS) % 16;
    const sequence = this.#mount.isNewest ? (bucket << 4) | number : 0;
    return this.#run((link, options) =>
      link.wire.call(lock, { id: this.id, sequence, locks: [element] }, options),
    );
  }

  async #run<T extends { readonly status: number }>(
    work: (link: Link, options: ReturnType<Link['options']>) => Promise<T>,
  ): Promise<T & { readonly isRetry: boolean }> {
    return this.#mount.run(async (link, isRetry) => {
      return { ...(await work(link, link.options(isRetry))), isRetry };
    });
  }
}
