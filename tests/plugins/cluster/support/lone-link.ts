/** A link whose peers are the test: it hands over frames as they come off a connection, and sees what is sent. */
import type { BoxId } from '#core/group/entry.ts';
import type { Channel, Link, LinkHandler } from '#core/group/link.ts';
import { DecodeError } from '#core/wire/reader.ts';

/** Frames sent that are remembered. */
const SENT_MAX = 100;

export interface Sent {
  readonly peer: BoxId;
  readonly channel: Channel;
  readonly frame: Buffer;
}

export class LoneLink implements Link {
  readonly self: BoxId;
  readonly peers: readonly BoxId[];
  readonly sent: Sent[] = [];
  isEveryPathThere = true;
  readonly #handlers = new Map<Channel, LinkHandler>();
  readonly #up = new Set<BoxId>();

  constructor(self: BoxId, peers: readonly BoxId[]) {
    this.self = self;
    this.peers = peers;
  }

  isUp(peer: BoxId): boolean {
    return this.#up.has(peer);
  }

  isWhole(): boolean {
    return this.isEveryPathThere;
  }

  send(peer: BoxId, channel: Channel, parts: readonly Uint8Array[]): void {
    if (!this.#up.has(peer)) return;
    this.sent.push({ peer, channel, frame: Buffer.concat(parts) });
    if (this.sent.length > SENT_MAX) this.sent.shift();
  }

  queuedSize(): number {
    return 0;
  }

  handle(channel: Channel, handler: LinkHandler): void {
    this.#handlers.set(channel, handler);
    for (const peer of this.#up) handler.up?.(peer);
  }

  up(peer: BoxId): void {
    this.#up.add(peer);
    for (const handler of this.#handlers.values()) handler.up?.(peer);
  }

  down(peer: BoxId, closedByPeer: boolean): void {
    this.#up.delete(peer);
    for (const handler of this.#handlers.values()) handler.down?.(peer, closedByPeer);
  }

  /** As a session does: bytes that are no message end the connection, which is up again at once. Anything else is thrown. */
  deliver(peer: BoxId, channel: Channel, frame: Buffer): void {
    try {
      this.#handlers.get(channel)?.frame?.(peer, frame);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.down(peer, false);
      this.up(peer);
    }
  }
}
