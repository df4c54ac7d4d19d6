/** What is asked of the manager of opens and what it answers: the words that all protocols share. */
import type { FileId } from '../vfs/inode.ts';
import type { BreakNotice, CacheRights, Grant, GrantRequest } from './grants.ts';

/** Volume id and file id. A stream is a file of its own here. */
export interface FileRef {
  readonly volume: number;
  readonly file: FileId;
}

/** Who holds opens: an SMB session or an NFSv4 client. */
export interface Holder {
  /**
   * Tells the client of a break, in this turn. False: it cannot be told (its connection is gone); the manager asks the
   * holder of the lease's next open, and if none can be told, acts as if acknowledged.
   */
  told(notice: BreakNotice): boolean;
}

export interface OpenRequest extends FileRef {
  readonly holder: Holder;
  /** 16 bytes, hex: names the leases of a client. Empty where the dialect has none. */
  readonly clientGuid: string;
  /** The granted access mask of the open, generic rights resolved. */
  readonly access: number;
  /** ShareAccess bits. */
  readonly share: number;
  /** FILE_SUPERSEDE, FILE_OVERWRITE or FILE_OVERWRITE_IF met an existing file: its content goes. */
  readonly overwrites: boolean;
  /** FILE_DELETE_ON_CLOSE: the file becomes delete-pending when this open is closed. */
  readonly deleteOnClose: boolean;
  readonly isDirectory: boolean;
  /** The file did not exist before: nothing can conflict. */
  readonly created: boolean;
  readonly grant: GrantRequest;
  /**
   * Set when the request comes again after `breaking`: a break that is still under way does no longer let it pass
   * ([MS-SMB2] leaves it open; Windows and Samba agree).
   */
  readonly again?: boolean;
}

/** An open that counts. Read it; only the manager writes it. */
export interface HeldOpen extends FileRef {
  /** Unique in this manager. */
  readonly number: number;
  readonly holder: Holder;
  readonly clientGuid: string;
  readonly access: number;
  readonly share: number;
  readonly isDirectory: boolean;
  readonly deleteOnClose: boolean;
  /** Shared by all opens of a lease; an open that was granted nothing has one with no rights. */
  readonly grant: Grant;
  /** Nobody speaks for it: it waits for its client to reconnect. */
  readonly isDisconnected: boolean;
}

/** All that makes an open again: as it was asked for, and what became of it. */
export interface KeptOpen {
  readonly request: OpenRequest;
  /** What its grant came to; the request's own wish counts no more. */
  readonly rights: CacheRights;
  readonly epoch: number;
  readonly locks: readonly RangeRequest[];
  /** Of the file. */
  readonly isDeletePending: boolean;
}

/** Stops waiting; the run will not be called any more. Calling it twice, or after the run, does nothing. */
export type Cancel = () => void;

export interface Wait {
  /** Runs once when the break was acknowledged, timed out (35 s) or its holder went. Ask again then. */
  resume(run: () => void): Cancel;
}

export type OpenOutcome =
  | { readonly kind: 'granted'; readonly open: HeldOpen }
  /** STATUS_SHARING_VIOLATION. */
  | { readonly kind: 'sharing-violation' }
  /** STATUS_DELETE_PENDING. */
  | { readonly kind: 'delete-pending' }
  /** The lease key names a lease on another file: STATUS_INVALID_PARAMETER (§3.3.5.9.8). */
  | { readonly kind: 'lease-elsewhere' }
  /** Bounds of the manager: STATUS_INSUFFICIENT_RESOURCES. */
  | { readonly kind: 'too-many' }
  /** Others must give up caching first: wait, then ask again with `again: true`. */
  | { readonly kind: 'breaking'; readonly wait: Wait };

/** What a close leaves to do. */
export interface Closed {
  /** No open of the file is left. */
  readonly isLast: boolean;
  /** The file is to be removed now: it was the last, and delete-pending. */
  readonly removes: boolean;
}

/** Why an open ended without its holder's asking. */
export type Ending =
  /** Its client did not reconnect in time. */
  | 'expired'
  /** A disconnected open gave way to somebody else's. */
  | 'purged';

/** One range of a LOCK request. */
export interface RangeRequest {
  /** 0 to 2^64-1. */
  readonly offset: bigint;
  /** 0 to 2^64-1; a length of 0 is a range of its own kind ([MS-FSA] §2.1.4.10). */
  readonly length: bigint;
  readonly exclusive: boolean;
}

export type LockOutcome =
  | 'granted'
  /** STATUS_LOCK_NOT_GRANTED; nothing of the request was kept. */
  | 'not-granted'
  /** Ends beyond 2^64: STATUS_INVALID_LOCK_RANGE. */
  | 'invalid-range'
  | 'too-many';

/** Who reads or writes: an open, or nobody's (NFSv3), whom every lock and share mode binds. */
export type Actor = HeldOpen | undefined;

/** What somebody does to a file besides opening it; each row of the table in `breaks.ts` says what others lose. */
export type Deed =
  /** Bytes are looked at by somebody without an open (NFS): dirty data must come first. */
  | 'read'
  /** Bytes, size or allocation change. */
  | 'write'
  /** A byte-range lock is taken. */
  | 'lock'
  /** The name changes. */
  | 'rename'
  /** The name goes: REMOVE, RENAME over it, FileDispositionInformation. */
  | 'unlink'
  /** Mode, owner, times or the security descriptor change. */
  | 'attributes';
