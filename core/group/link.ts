/** Links between boxes (and to the witness): frames over mutual TLS, in order, to peers known by name. */
import { service } from '../services.ts';
import type { BoxId } from './entry.ts';

/** What a frame is about; a byte on the wire. */
export const CHANNEL = { group: 1, request: 2, witness: 3, clients: 4, sight: 5 } as const;
export type Channel = (typeof CHANNEL)[keyof typeof CHANNEL];

/** Largest frame, bytes: one bulk write of 1 MiB with its entry, with room for a batch of small entries. */
export const FRAME_SIZE_MAX = 8 * 1024 * 1024;

export interface LinkHandler {
  /** `frame` is valid until the handler returns. */
  frame?(peer: BoxId, frame: Buffer): void;
  up?(peer: BoxId): void;
  /**
   * `closedByPeer`: its kernel closed the connection, so its process is gone or let go of it; otherwise a time-out or
   * error, or a newer connection of the same peer took its place (`up` follows in the same turn). Frames queued are lost.
   */
  down?(peer: BoxId, closedByPeer: boolean): void;
}

export interface Link {
  readonly self: BoxId;
  /** Members and witness, as configured; `isUp` says who is there now. */
  readonly peers: readonly BoxId[];
  isUp(peer: BoxId): boolean;
  /** Every path to the peer speaks, where there is more than one. */
  isWhole(peer: BoxId): boolean;
  /**
   * Queues one frame made of the parts, in order, and sends it with others of this turn. The parts belong to the
   * link until the kernel has them: give it buffers that are not reused. Dropped without a word if the link is down.
   */
  send(peer: BoxId, channel: Channel, parts: readonly Uint8Array[]): void;
  /** Bytes queued to the peer and not yet taken by the kernel. */
  queuedSize(peer: BoxId): number;
  /** One handler a channel. Its `up` is called at once for every peer that is there already. */
  handle(channel: Channel, handler: LinkHandler): void;
}

export const LINK = service<Link>('cluster/link');
