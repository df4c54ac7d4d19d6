/** The one implementation of `OpensManager`: opens and their ends, grants and their breaks, locks and their queue. */
import type { Clock, Timer } from '../ports/clock.ts';
import { FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE } from './access.ts';
import { deedRules } from './breaks.ts';
import { CacheGrant, type Told } from './cache-grant.ts';
import { demandsOf, possibleRights } from './granting.ts';
import {
  CACHE_HANDLE,
  CACHE_WRITE,
  type CacheRights,
  type GrantRequest,
  levelOfRights,
  OPLOCK_II,
  OPLOCK_NONE,
  rightsOfLevel,
} from './grants.ts';
import {
  BREAK_MS_MAX,
  BREAK_WAITS_PER_FILE_MAX,
  LOCK_WAITS_PER_FILE_MAX,
  OPENS_MAX,
} from './limits.ts';
import { type LockWait, OpenFile, type OpenRecord, recordOf } from './open-file.ts';
import type { Lease, LeaseAnswer, OpensDependencies, OpensManager, OplockAnswer } from './opens.ts';
import { deniesAnonymous, sharesConflict } from './share-modes.ts';
import type {
  Actor,
  Cancel,
  Closed,
  Deed,
  Ending,
  FileRef,
  HeldOpen,
  Holder,
  KeptOpen,
  LockOutcome,
  OpenOutcome,
  OpenRequest,
  RangeRequest,
  Wait,
} from './types.ts';

type EndedListener = (open: HeldOpen, ending: Ending, closed: Closed) => void;

export class Opens implements OpensManager {
  readonly #clock: Clock;
  readonly #volumes = new Map<number, Map<number, OpenFile>>();
  readonly #leases = new Map<string, CacheGrant>();
  /** Of grants whose holder was told and has not answered. */
  readonly #breakTimers = new Map<CacheGrant, Timer>();
  readonly #ended: EndedListener[] = [];
  readonly #changed: ((open: HeldOpen) => void)[] = [];
  readonly #gone: ((open: HeldOpen) => void)[] = [];
  #count = 0;
  #numbers = 0;
  #deferred: (() => void)[] = [];

  constructor({ clock }: OpensDependencies) {
    this.#clock = clock;
  }

  get isIdle(): boolean {
    return this.#count === 0;
  }

  get count(): number {
    return this.#count;
  }

  // ---- opening and closing

  open(request: OpenRequest): OpenOutcome {
    if (this.#count >= OPENS_MAX) return { kind: 'too-many' };
    const { grant: asked } = request;
    const lease =
      asked.kind === 'lease'
        ? this.#leases.get(leaseName(request.clientGuid, asked.key))
        : undefined;
    if (lease !== undefined && !isSame(lease.ref, request)) return { kind: 'lease-elsewhere' };
    const file = this.#find(request);
    if (file === undefined)
      return { kind: 'granted', open: this.#admit(this.#file(request), request) };
    if (file.isDeletePending) return { kind: 'delete-pending' };
    if (!this.#makesRoom(file, request)) {
      const wait = this.#waitFor(file);
      return wait === undefined ? { kind: 'too-many' } : { kind: 'breaking', wait };
    }
    // What gave way was the last open of a file that was to go with it: it goes after this turn.
    if (file.isDeletePending) return { kind: 'breaking', wait: this.#soon };
    if (violates(file, request)) return { kind: 'sharing-violation' };
    // Making room may have ended the last open that there was.
    return { kind: 'granted', open: this.#admit(this.#file(request), request) };
  }

  close(open: HeldOpen): Closed {
    return this.#end(open as OpenRecord);
  }

  opensOf(ref: FileRef): readonly HeldOpen[] {
    return this.#find(ref)?.opens ?? [];
  }

  *openFiles(volume: number): Iterable<FileRef> {
    for (const file of this.#volumes.get(volume)?.values() ?? []) yield file.ref;
  }

  hasOpens(ref: FileRef): boolean {
    return this.#find(ref) !== undefined;
  }

  #admit(file: OpenFile, request: OpenRequest): OpenRecord {
    const grant = this.#grant(file, request);
    this.#numbers += 1;
    this.#count += 1;
    const open = recordOf(this.#numbers, request, grant, file);
    file.opens.push(open);
    grant.opens.add(open);
    return open;
  }

  #grant(file: OpenFile, request: OpenRequest): CacheGrant {
    const asked = request.grant;
    const rights = possibleRights(file, request);
    if (asked.kind === 'oplock') {
      const facts = { kind: 'oplock', clientGuid: '', key: '', parentKey: '', version: 1 } as const;
      return new CacheGrant(file.ref, facts, rights, 0);
    }
    const name = leaseName(request.clientGuid, asked.key);
    const lease = this.#leases.get(name);
    if (lease !== undefined) {
      if (lease.raise(asked.rights, rights)) this.#tellChanged(lease);
      return lease;
    }
    const { kind, key, parentKey, version } = asked;
    const facts = { kind, key, parentKey, version, clientGuid: request.clientGuid };
    const made = new CacheGrant(file.ref, facts, rights, version === 2 ? asked.epoch + 1 : 0);
    this.#leases.set(name, made);
    return made;
  }

  #end(open: OpenRecord): Closed {
    const file = open.inFile;
    file.remove(open);
    this.#count -= 1;
    open.timer?.cancel();
    file.locks.release(open);
    this.#dropLockWaits(file, open);
    this.#leave(open);
    if (open.deleteOnClose) file.isDeletePending = true;
    const isLast = file.opens.length === 0;
    if (isLast) this.#volumes.get(file.ref.volume)?.delete(file.ref.file);
    else this.#retryLocks(file);
    this.#wake(file);
    for (const listener of this.#gone) listener(open);
    return { isLast, removes: isLast && file.isDeletePending };
  }

  /** The last open of a grant takes it along. */
  #leave(open: OpenRecord): void {
    const { grant } = open;
    grant.opens.delete(open);
    if (grant.opens.size > 0) return;
    this.#settled(grant);
    if (grant.kind === 'lease') this.#leases.delete(leaseName(grant.clientGuid, grant.key));
  }

  // ---- grants

  lease(clientGuid: string, key: string): Lease | undefined {
    return this.#leases.get(leaseName(clientGuid, key));
  }

  acknowledgeOplock(open: HeldOpen, level: number): OplockAnswer {
    const { grant } = open as OpenRecord;
    const lowers = level === OPLOCK_II || level === OPLOCK_NONE;
    if (!grant.breaking || grant.kind !== 'oplock') return { kind: 'not-breaking' };
    const rights = lowers ? rightsOfLevel[level] & grant.breakTo : 0;
    grant.acknowledge(rights);
    this.#release(grant);
    if (!lowers) return { kind: 'invalid-protocol' };
    return { kind: 'acknowledged', level: levelOfRights(rights) };
  }

  acknowledgeLease(clientGuid: string, key: string, rights: CacheRights): LeaseAnswer {
    const grant = this.#leases.get(leaseName(clientGuid, key));
    if (grant === undefined) return { kind: 'unknown' };
    if (!grant.breaking) return { kind: 'not-breaking' };
    if ((rights & ~grant.breakTo) !== 0) return { kind: 'too-much' };
    const next = grant.acknowledge(rights);
    this.#release(grant);
    // The holder's answer goes out first.
    if (next !== undefined) this.#defer(() => this.#tell(grant, next));
    return { kind: 'acknowledged', rights, grant };
  }

  breakFor(ref: FileRef, deed: Deed, actor: Actor): Wait | undefined {
    if (this.#count === 0) return undefined;
    const file = this.#find(ref);
    if (file === undefined) return undefined;
    const { touches, leaves, awaits } = deedRules[deed];
    const own = (actor as OpenRecord | undefined)?.grant;
    // Who may cache writes is alone: nobody is to be told.
    if (own !== undefined && (own.rights & CACHE_WRITE) !== 0) return undefined;
    let waits = false;
    for (const grant of file.grants()) {
      // Who writes without an exclusive oplock loses its own as well: no cache was told to follow these bytes.
      const spares = grant.kind === 'lease' || touches === CACHE_HANDLE;
      if ((grant === own && spares) || (grant.rights & touches) === 0) continue;
      this.#breakDown(grant, grant.rights & leaves);
      if (grant.breaking && (grant.rights & awaits) !== 0) waits = true;
    }
    return waits ? this.#waitFor(file) : undefined;
  }

  /** Has others give up what is in the way; false when that takes time. */
  #makesRoom(file: OpenFile, request: OpenRequest): boolean {
    const { demands, waits } = demandsOf(file, request, violates(file, request));
    for (const { grant, to } of demands) this.#breakDown(grant, to);
    // Those who could not be told are gone or have come down already.
    return !waits || !demandsOf(file, request, violates(file, request)).waits;
  }

  #breakDown(grant: CacheGrant, to: CacheRights): void {
    const told = grant.breakDown(to);
    if (told !== undefined) this.#tell(grant, told);
  }

  #tell(grant: CacheGrant, told: Told): void {
    if (grant.opens.size === 0) return;
    if (told.acknowledge) {
      const timer = this.#clock.after(BREAK_MS_MAX, () => this.#expire(grant));
      this.#breakTimers.get(grant)?.cancel();
      this.#breakTimers.set(grant, timer);
    }
    const epoch = grant.version === 2 ? grant.epoch : 0;
    for (const open of grant.opens as Set<OpenRecord>) {
      if (open.isDisconnected) continue;
      if (open.holder.told({ open, grant, ...told, epoch })) {
        this.#tellChanged(grant);
        return;
      }
    }
    this.#untold(grant, told);
  }

  /** Nobody speaks for the grant: what waits for a reconnect gives way, what is about to close comes down. */
  #untold(grant: CacheGrant, told: Told): void {
    grant.settle(told.to);
    this.#settled(grant);
    for (const open of [...grant.opens] as OpenRecord[]) {
      if (open.isDisconnected) this.#endUnasked(open, 'purged');
    }
    this.#tellChanged(grant);
  }

  #expire(grant: CacheGrant): void {
    grant.settle(0);
    this.#release(grant);
  }

  #release(grant: CacheGrant): void {
    if (!grant.breaking) this.#settled(grant);
    this.#tellChanged(grant);
    const file = this.#find(grant.ref);
    if (file !== undefined) this.#wake(file);
  }

  #settled(grant: CacheGrant): void {
    this.#breakTimers.get(grant)?.cancel();
    this.#breakTimers.delete(grant);
  }

  readonly #soon: Wait = {
    resume: (run) => {
      let isWanted = true;
      this.#defer(() => {
        if (isWanted) run();
      });
      return () => {
        isWanted = false;
      };
    },
  };

  /** Beyond the bound nobody waits: an open is refused, a deed goes on. */
  #waitFor(file: OpenFile): Wait | undefined {
    if (file.breakWaits.size >= BREAK_WAITS_PER_FILE_MAX) return undefined;
    return {
      resume: (run) => {
        const waiter = { run };
        file.breakWaits.add(waiter);
        return () => file.breakWaits.delete(waiter);
      },
    };
  }

  /** Asks all that wait for a break to look again. */
  #wake(file: OpenFile): void {
    for (const waiter of file.breakWaits) {
      this.#defer(() => {
        if (file.breakWaits.delete(waiter)) waiter.run();
      });
    }
  }

  // ---- locks

  lock(open: HeldOpen, ranges: readonly RangeRequest[]): LockOutcome {
    const { inFile: file } = open as OpenRecord;
    const outcome = file.locks.lock(open, ranges);
    if (outcome === 'granted') {
      this.breakFor(open, 'lock', open);
      this.#tellOpen(open);
    }
    return outcome;
  }

  awaitLock(
    open: HeldOpen,
    range: RangeRequest,
    run: (outcome: 'granted' | 'closed') => void,
  ): Cancel | undefined {
    const record = open as OpenRecord;
    const file = record.inFile;
    if (file.lockWaits.length >= LOCK_WAITS_PER_FILE_MAX) return undefined;
    const wait: LockWait = { open: record, range, run, state: 'waiting' };
    file.lockWaits.push(wait);
    return () => this.#cancelWait(file, wait);
  }

  unlock(open: HeldOpen, offset: bigint, length: bigint): boolean {
    const { inFile: file } = open as OpenRecord;
    if (!file.locks.unlock(open, offset, length)) return false;
    this.#tellOpen(open);
    this.#retryLocks(file);
    return true;
  }

  locksOf(open: HeldOpen): readonly RangeRequest[] {
    return (open as OpenRecord).inFile.locks.of(open);
  }

  #retryLocks(file: OpenFile): void {
    for (const wait of [...file.lockWaits]) {
      if (file.locks.lock(wait.open, [wait.range]) !== 'granted') continue;
      wait.state = 'granted';
      file.lockWaits.splice(file.lockWaits.indexOf(wait), 1);
      this.breakFor(wait.open, 'lock', wait.open);
      this.#tellOpen(wait.open);
      this.#defer(() => {
        if (wait.state !== 'granted') return;
        wait.state = 'over';
        wait.run('granted');
      });
    }
  }

  #cancelWait(file: OpenFile, wait: LockWait): void {
    const { state, open, range } = wait;
    wait.state = 'over';
    if (state === 'waiting') file.lockWaits = file.lockWaits.filter((other) => other !== wait);
    // It was granted in this turn, and its client will be told that it was not.
    if (state === 'granted') this.unlock(open, range.offset, range.length);
  }

  #dropLockWaits(file: OpenFile, open: OpenRecord): void {
    const dropped = file.lockWaits.filter((wait) => wait.open === open);
    file.lockWaits = file.lockWaits.filter((wait) => wait.open !== open);
    for (const wait of dropped) {
      wait.state = 'over';
      this.#defer(() => wait.run('closed'));
    }
  }

  // ---- what others may do meanwhile

  mayRead(ref: FileRef, actor: Actor, offset: number, size: number): boolean {
    const file = this.#find(ref);
    if (file === undefined) return true;
    if (actor === undefined && denies(file, FILE_SHARE_READ)) return false;
    return file.locks.mayRead(actor, offset, size);
  }

  mayWrite(ref: FileRef, actor: Actor, offset: number, size: number): boolean {
    const file = this.#find(ref);
    if (file === undefined) return true;
    if (actor === undefined && denies(file, FILE_SHARE_WRITE)) return false;
    return file.locks.mayWrite(actor, offset, size);
  }

  mayUnlink(ref: FileRef): boolean {
    const file = this.#find(ref);
    return file === undefined || !denies(file, FILE_SHARE_DELETE);
  }

  setDeletePending(ref: FileRef, isPending: boolean): void {
    const file = this.#find(ref);
    if (file === undefined || file.isDeletePending === isPending) return;
    file.isDeletePending = isPending;
    for (const open of file.opens) this.#tellOpen(open);
  }

  isDeletePending(ref: FileRef): boolean {
    return this.#find(ref)?.isDeletePending ?? false;
  }

  // ---- opens without a connection

  survives(open: HeldOpen): boolean {
    return !open.grant.breaking && (open.grant.rights & CACHE_HANDLE) !== 0;
  }

  disconnect(open: HeldOpen, timeoutMs: number): void {
    const record = open as OpenRecord;
    record.isDisconnected = true;
    record.timer?.cancel();
    record.timer = this.#clock.after(timeoutMs, () => this.#endUnasked(record, 'expired'));
    this.#dropLockWaits(record.inFile, record);
  }

  reconnect(open: HeldOpen, holder: Holder): void {
    const record = open as OpenRecord;
    record.timer?.cancel();
    record.timer = undefined;
    record.isDisconnected = false;
    record.holder = holder;
  }

  /** What makes the open again: the opposite of `restore`. */
  keep(open: HeldOpen): KeptOpen {
    const { grant, holder, volume, file, clientGuid, access, share, isDirectory, deleteOnClose } =
      open;
    const { kind, version, key, rights, parentKey, epoch } = grant;
    const asked: GrantRequest =
      kind === 'lease'
        ? { kind, version, key, rights, parentKey, epoch }
        : { kind, level: levelOfRights(rights) };
    const how = { overwrites: false, created: false, grant: asked };
    return {
      request: {
        volume,
        file,
        holder,
        clientGuid,
        access,
        share,
        isDirectory,
        deleteOnClose,
        ...how,
      },
      rights,
      epoch,
      locks: this.locksOf(open),
      isDeletePending: this.isDeletePending(open),
    };
  }

  restore(kept: KeptOpen, timeoutMs: number): HeldOpen {
    const { request, locks, isDeletePending } = kept;
    const file = this.#file(request);
    const grant = this.#restoredGrant(file, kept);
    this.#numbers += 1;
    this.#count += 1;
    const open = recordOf(this.#numbers, request, grant, file);
    file.opens.push(open);
    grant.opens.add(open);
    file.locks.restore(open, locks);
    if (isDeletePending) file.isDeletePending = true;
    this.disconnect(open, timeoutMs);
    return open;
  }

  #restoredGrant(file: OpenFile, { request, rights, epoch }: KeptOpen): CacheGrant {
    const asked = request.grant;
    if (asked.kind === 'oplock') {
      const facts = { kind: 'oplock', clientGuid: '', key: '', parentKey: '', version: 1 } as const;
      return new CacheGrant(file.ref, facts, rights, 0);
    }
    const name = leaseName(request.clientGuid, asked.key);
    const { kind, key, parentKey, version } = asked;
    const facts = { kind, key, parentKey, version, clientGuid: request.clientGuid };
    const grant = this.#leases.get(name) ?? new CacheGrant(file.ref, facts, rights, epoch);
    // Its opens' rows may have been written one after the other while it came down.
    grant.settle(rights);
    this.#leases.set(name, grant);
    return grant;
  }

  #endUnasked(open: OpenRecord, ending: Ending): void {
    const closed = this.#end(open);
    for (const listener of this.#ended) listener(open, ending, closed);
  }

  onEnded(listener: EndedListener): void {
    this.#ended.push(listener);
  }

  onChanged(listener: (open: HeldOpen) => void): void {
    this.#changed.push(listener);
  }

  onGone(listener: (open: HeldOpen) => void): void {
    this.#gone.push(listener);
  }

  clear(): void {
    for (const timer of this.#breakTimers.values()) timer.cancel();
    for (const files of this.#volumes.values()) {
      for (const file of files.values()) for (const open of file.opens) open.timer?.cancel();
    }
    this.#breakTimers.clear();
    this.#volumes.clear();
    this.#leases.clear();
    this.#deferred = [];
    this.#count = 0;
  }

  // ---- small things

  #find(ref: FileRef): OpenFile | undefined {
    return this.#volumes.get(ref.volume)?.get(ref.file);
  }

  #file(ref: FileRef): OpenFile {
    const file = this.#find(ref) ?? new OpenFile(ref);
    const files = this.#volumes.get(ref.volume) ?? new Map<number, OpenFile>();
    this.#volumes.set(ref.volume, files.set(ref.file, file));
    return file;
  }

  #tellChanged(grant: CacheGrant): void {
    for (const open of grant.opens) this.#tellOpen(open);
  }

  #tellOpen(open: HeldOpen): void {
    for (const listener of this.#changed) listener(open);
  }

  /** Runs after what is going on now: no handler finds itself inside another one. */
  #defer(run: () => void): void {
    this.#deferred.push(run);
    if (this.#deferred.length > 1) return;
    this.#clock.after(0, () => {
      const due = this.#deferred;
      this.#deferred = [];
      for (const each of due) each();
    });
  }
}

function violates(file: OpenFile, request: OpenRequest): boolean {
  return file.opens.some((open) => sharesConflict(open, request));
}

function denies(file: OpenFile, share: number): boolean {
  return file.opens.some((open) => deniesAnonymous(open, share));
}

function isSame(one: FileRef, other: FileRef): boolean {
  return one.file === other.file && one.volume === other.volume;
}

function leaseName(clientGuid: string, key: string): string {
  return `${clientGuid}/${key}`;
}
