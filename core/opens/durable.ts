/**
 * Durable opens: what is kept of an open so that its client finds it again after a lost connection, a restart or a
 * takeover ([MS-SMB2] §3.3.5.9.6 to .12). Each is one row of the group's protocol table; other opens have none.
 *
 * How it is used: CREATE calls `grant` once it decided on durability; whatever changes locks, lease, oplock or
 * delete-on-close makes the open dirty by itself; whoever runs commands asks `isDirty` at the end of each and
 * puts `flush` into the command's transaction, so that the reply waits for the row. What became dirty elsewhere is
 * flushed soon after. `find` serves DHnC and DH2C.
 */
import type { Transaction } from '../group/group.ts';
import { service } from '../services.ts';
import type { HeldOpen } from './types.ts';

/** What the protocol wants back at reconnect beside what the manager knows of the open. */
export interface DurableInfo {
  /** FileId.Persistent, 64 bits: the row's key. */
  readonly persistentId: bigint;
  readonly version: 1 | 2;
  /** 16 bytes, hex; zeros in version 1. */
  readonly createGuid: string;
  /** As it stands in the users' table. */
  readonly user: string;
  readonly share: string;
  /** Of the path below the share, text: what it is opened and removed by. */
  readonly path: string;
  readonly timeoutMs: number;
  /** [MS-SMB2] §3.3.1.10, Open.ChannelSequence. */
  readonly channelSequence: number;
  /** Open.LockSequenceArray: 64 bytes, 0xff where nothing was locked; empty where the dialect has none. */
  readonly lockSequences: Buffer;
  /** CreateOptions and file attributes as they were asked for: compared when a create is replayed. */
  readonly createOptions: number;
  /** Whatever else the command wants back; at most 512 bytes. */
  readonly extra: Buffer;
}

export interface DurableOpen {
  readonly open: HeldOpen;
  readonly info: DurableInfo;
}

export interface DurableOpens {
  /** Rows must be put; a row that goes may go a little later, and does not count. */
  readonly isDirty: boolean;
  /** From now on the open is kept; also tells new facts of one that is (channel sequence, lock sequences, path). */
  grant(open: HeldOpen, info: DurableInfo): void;
  /** The open is an ordinary one again. */
  revoke(open: HeldOpen): void;
  /** Of an open that is durable, or was until it ended. */
  infoOf(open: HeldOpen): DurableInfo | undefined;
  /** Connected or not: the caller looks at `open.isDisconnected`. */
  find(persistentId: bigint): DurableOpen | undefined;
  /** For replays of CREATE (§3.3.5.9.10) and DH2C. */
  findByCreateGuid(clientGuid: string, createGuid: string): DurableOpen | undefined;
  /** Puts and removes the rows of all that changed since, as many as one entry takes. */
  flush(transaction: Transaction): void;
  /** This box has just begun to serve: every row becomes a disconnected open, whose time-out starts now. */
  load(): void;
}

export const DURABLE_OPENS = service<DurableOpens>('core/opens/durable');
