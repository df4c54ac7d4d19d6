/**
 * What frontends see of the group that they serve: change, wait for the commit, answer once.
 *
 * A changing call runs to its end in one turn: `begin`, operations on volumes (each takes effect in the overlay),
 * the encoded reply, `seal`. The reply may leave when `afterCommit` says so. A reading call asks `seen` of what it
 * answered from, and waits likewise when that is not committed yet, so that no client sees what may still be lost.
 */
import type { Result } from '../result.ts';
import { service } from '../services.ts';
import type { Caller } from '../vfs/caller.ts';
import type { HandleStrategy } from '../vfs/handle.ts';
import type { FileId } from '../vfs/inode.ts';
import type { FsError } from '../vfs/status.ts';
import type { Space, VolumeLimits } from '../volume/backend.ts';
import type { Operation, Stamp, Tree } from '../volume/operation.ts';
import type { AnyOperation } from '../volume/operations.ts';
import type { BoxId, Position, View } from './entry.ts';
import type { ProtocolRow } from './protocol-table.ts';
import type { AddressRecord, ExportRecord, HandleKey, VolumeRecord } from './registry.ts';
import type { ReplyCache } from './reply-cache.ts';

/** One client call's changes, which become one entry. */
export interface Transaction {
  /**
   * Checks and applies one operation. `data` is a write's bulk; it may be kept until the entry is sent and logged,
   * at the latest until `afterCommit` of its position runs.
   */
  change<Args, Change, Outcome>(
    operation: Operation<Args, Change, Outcome>,
    volume: ServedVolume,
    caller: Caller,
    args: Args,
    options?: {
      readonly strategy?: HandleStrategy;
      readonly data?: Buffer;
      readonly stable?: boolean;
    },
  ): Result<Outcome, FsError>;
  /**
   * Puts a row of a protocol's (protocol-table.ts) into the same entry. It reaches every in-sync box before the reply, but
   * does not by itself ask for a sync of the disk: what it tells of ends with all boxes' power anyway. The value is kept.
   * Throws, with nothing changed, when the row is too large or the table full (`refusesRow` says so beforehand), or when
   * the entry has no room for it.
   */
  put(key: string, value: Buffer): void;
  /** Takes a row away; nothing happens where there is none. */
  remove(key: string): void;
  /** Bytes that rows of this entry may still take, keys included. */
  readonly roomForRows: number;
}

/** The reply that a retransmitted call must get (DESIGN section 8). */
export interface ReplyRecord {
  /** Client address without port, xid, program, procedure and a checksum of the call: see reply-cache.ts. */
  readonly key: string;
  /** The whole RPC reply message. Copied by `seal`. */
  readonly reply: Buffer;
}

export interface ServedVolume {
  readonly record: VolumeRecord;
  readonly tree: Tree;
  readonly limits: VolumeLimits;
  /** `target.length` bytes at most, fewer at end of file as the catalog has it. */
  read(file: FileId, offset: number, target: Buffer): number | Promise<number>;
  space(): Space;
  /** File id behind an issuer handle, from the replicated table. */
  issued(issuer: string, handle: string): FileId | undefined;
  /** Stays the same as long as every unstable byte is on every in-sync box (RFC 1813 §3.3.7): 8 bytes. */
  readonly writeVerifier: Buffer;
}

/** A change that this box has just made as primary: staged, so not committed yet. */
export interface MadeChange {
  readonly volume: ServedVolume;
  readonly operation: AnyOperation;
  /** As the operation decided it, and what it answered: of the operation's own types. */
  readonly change: unknown;
  readonly outcome: unknown;
  readonly stamp: Stamp;
}

export interface Group {
  /** This box is primary and may take calls (it may still hold their replies for want of a lease). */
  readonly serving: boolean;
  /** False also while a planned move waits for the last entries: calls that come now must be held for a moment. */
  readonly accepting: boolean;
  readonly view: View;
  readonly self: BoxId;
  readonly committed: Position;
  readonly replies: ReplyCache;

  volume(id: number): ServedVolume | undefined;
  volumes(): readonly ServedVolume[];
  exports(): readonly ExportRecord[];
  addresses(): readonly AddressRecord[];
  /** Oldest first; the last one signs. The same array for as long as nothing changed. */
  handleKeys(): readonly HandleKey[];
  /** Rows of protocols whose key begins with `prefix`, in the order of keys, staged ones included. */
  rows(prefix: string): readonly ProtocolRow[];
  /** Why a row cannot be put, as a sentence; `undefined` when it can. */
  refusesRow(key: string, value: Buffer): string | undefined;

  begin(): Transaction;
  /**
   * Ends the transaction begun last: forms its entry, with the reply that belongs to it, and returns its position.
   * A transaction without changes and without reply makes no entry and returns the last staged position.
   */
  seal(reply: ReplyRecord | undefined): Position;
  /** Forgets the transaction begun last; allowed only while it has changed nothing. */
  abandon(): void;

  /**
   * Runs `send` when everything up to `position` is committed and this box's lease is valid: at once, in this turn,
   * where that is so already. Never runs it if the box is replaced first. Order of calls is kept among equals.
   */
  afterCommit(position: Position, send: () => void): void;
  /** Makes a file's content durable on every in-sync box, to its volume's durability; for COMMIT. */
  sync(volume: number, file: FileId): Promise<void>;
  /**
   * Who knows which files somebody has open: those stay when they lose their last name, until `release`. Asked at each
   * removal, so it must be quick; the last one given counts.
   */
  onRemoval(isOpen: (volume: number, file: FileId) => boolean): void;
  /** `serving` became true or false. Runs `change` once at registration with the state of that moment. */
  onServing(change: (serving: boolean) => void): void;
  /** Exports or addresses changed (also once per change of `serving`). */
  onRegistry(change: () => void): void;
  /**
   * Each change of a volume that is made here, whatever protocol asked for it, in the turn in which it is made. What is
   * told to clients of it waits for `afterCommit` of its position.
   */
  onChange(made: (change: MadeChange) => void): void;
}

export const GROUP = service<Group>('cluster/replication');
