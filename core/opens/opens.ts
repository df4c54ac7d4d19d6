/**
 * The manager of opens: share modes, byte-range locks, caching grants, delete-pending, one for all protocols of the box
 * that serves ([MS-SMB2] §3.3.4.6, §3.3.4.7, §3.3.5.9.8, §3.3.5.9.11; [MS-FSA] §2.1.4.10, §2.1.5.1.2.2).
 *
 * It knows files by id and holders by face; names, rights to a file and bytes are other people's affair. Everything is
 * synchronous: an answer, or a `Wait` after which to ask again.
 */
import type { Clock } from '../ports/clock.ts';
import { service } from '../services.ts';
import type { CacheRights, Grant, OplockLevel } from './grants.ts';
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

export type OplockAnswer =
  /** Answer with this level (§3.3.5.22.1). */
  | { readonly kind: 'acknowledged'; readonly level: OplockLevel }
  /** STATUS_INVALID_OPLOCK_PROTOCOL; an oplock that was breaking is none now. */
  | { readonly kind: 'invalid-protocol' }
  /** Nothing was breaking: STATUS_INVALID_OPLOCK_PROTOCOL for II and none, STATUS_INVALID_PARAMETER for the others. */
  | { readonly kind: 'not-breaking' };

/** A lease and the file that it is on. */
export interface Lease extends Grant {
  readonly ref: FileRef;
}

export type LeaseAnswer =
  /** Answer with these rights; a further break may follow on its heels. */
  | { readonly kind: 'acknowledged'; readonly rights: CacheRights; readonly grant: Grant }
  /** No such lease: STATUS_OBJECT_NAME_NOT_FOUND (§3.3.5.22.2). */
  | { readonly kind: 'unknown' }
  /** Nothing was breaking: STATUS_UNSUCCESSFUL. */
  | { readonly kind: 'not-breaking' }
  /** More than the break left: STATUS_REQUEST_NOT_ACCEPTED. */
  | { readonly kind: 'too-much' };

export interface OpensManager {
  /** Nobody has anything open: all that other protocols need to ask on their hot paths. */
  readonly isIdle: boolean;

  /** Checks delete-pending, share modes and grants in one go, and counts the open if all agree. */
  open(request: OpenRequest): OpenOutcome;
  /** Releases locks and grant, drops waiting locks. What `removes` says is the caller's to do. */
  close(open: HeldOpen): Closed;
  /** All opens of a file, oldest first; disconnected ones included. */
  opensOf(ref: FileRef): readonly HeldOpen[];

  /** The lease that a client holds under this key, on whatever file. */
  lease(clientGuid: string, key: string): Lease | undefined;
  acknowledgeOplock(open: HeldOpen, level: number): OplockAnswer;
  acknowledgeLease(clientGuid: string, key: string, rights: CacheRights): LeaseAnswer;
  /**
   * Others give up what does not go with the deed; grants of `actor` (its whole lease) stay. `undefined`: go on.
   * Otherwise wait, then ask again.
   */
  breakFor(ref: FileRef, deed: Deed, actor: Actor): Wait | undefined;
  /** Takes all ranges or none, without waiting. */
  lock(open: HeldOpen, ranges: readonly RangeRequest[]): LockOutcome;
  /**
   * Waits for one range that was just not granted; first come, first served. `run` is called once when the lock has been
   * taken ('granted') or the open was closed ('closed'), later than this turn. `undefined`: too many wait.
   */
  awaitLock(
    open: HeldOpen,
    range: RangeRequest,
    run: (outcome: 'granted' | 'closed') => void,
  ): Cancel | undefined;
  /** False: STATUS_RANGE_NOT_LOCKED. Only ranges as they were locked, one lock each. */
  unlock(open: HeldOpen, offset: bigint, length: bigint): boolean;
  locksOf(open: HeldOpen): readonly RangeRequest[];

  /**
   * Whether locks, and for an actor without an open share modes too, let these bytes be read. Zero bytes may always.
   * Refused: STATUS_FILE_LOCK_CONFLICT, NFS3ERR_ACCES.
   */
  mayRead(ref: FileRef, actor: Actor, offset: number, size: number): boolean;
  mayWrite(ref: FileRef, actor: Actor, offset: number, size: number): boolean;
  /** Whether somebody without an open may take the name away: every open shares DELETE. */
  mayUnlink(ref: FileRef): boolean;

  /** Marks or unmarks the file: while marked nobody else may open it, and the last close removes it. */
  setDeletePending(ref: FileRef, isPending: boolean): void;
  isDeletePending(ref: FileRef): boolean;
  /** Files of a volume that somebody has open: a folder above one is not renamed ([MS-FSA] §2.1.5.15.11). */
  openFiles(volume: number): Iterable<FileRef>;
  /** Whether anybody has the file open, disconnected opens included: its bytes must stay when its last name goes. */
  hasOpens(ref: FileRef): boolean;

  /** A durable open goes on without a connection only if handles may be cached and nobody asks for them back (§3.3.7.1). */
  survives(open: HeldOpen): boolean;
  /** The holder is gone; the open waits `timeoutMs` for `reconnect`. Locks and grant stay. */
  disconnect(open: HeldOpen, timeoutMs: number): void;
  /** The open has a holder again. What a client may see (§3.3.5.9.7) the caller has checked. */
  reconnect(open: HeldOpen, holder: Holder): void;
  /** An open that another box granted, or this one before: it is there at once, disconnected, and nobody is asked. */
  restore(kept: KeptOpen, timeoutMs: number): HeldOpen;
  /** Called for each open that ended on its own, after it ended; the caller removes the file if `closed` says so. */
  onEnded(listener: (open: HeldOpen, ending: Ending, closed: Closed) => void): void;
  /** Called for each open that ended, however. */
  onGone(listener: (open: HeldOpen) => void): void;
  /** Locks, lease, oplock or delete-on-close of an open changed: what is kept of a durable one must be written again. */
  onChanged(listener: (open: HeldOpen) => void): void;

  /** This box serves no longer: forgets everything, calls nobody. */
  clear(): void;
}

export const OPENS = service<OpensManager>('core/opens');

/** What the manager is made of. */
export interface OpensDependencies {
  readonly clock: Clock;
}
