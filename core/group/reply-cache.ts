/**
 * The duplicate-request cache: the first reply to every call that changes something, held on every box, so that a
 * retransmission after a takeover is answered and not executed again (P3).
 *
 * Calls run to their end in one turn, so a call "in progress" is one whose entry is not committed yet: its reply is
 * known, and `position` says what it waits for.
 */
export interface CachedReply {
  readonly reply: Buffer;
  readonly position: number;
}

export interface ReplyCache {
  /** `key`: client address without port, xid, program, version, procedure and a checksum of the call. */
  find(key: string): CachedReply | undefined;
}
