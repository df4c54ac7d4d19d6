/** Bounds that more than one module shares, each with its unit and its reason. A module's own stand in the module. */

/** Bytes of one READ or WRITE: what Linux asks for at most, and what FSINFO says on every box. */
export const IO_SIZE_MAX = 1024 * 1024;
/** Bytes of one call or reply: a full WRITE or READ with its headers. */
export const MESSAGE_SIZE_MAX = IO_SIZE_MAX + 64 * 1024;
/** Bytes of a symbolic link's target: PATH_MAX of Linux without its NUL. */
export const SYMLINK_SIZE_MAX = 4095;
/** Replies kept for retransmissions at most, and half of that at least: a client has some hundred calls outstanding. */
export const REPLIES_MAX = 16_384;
/** Milliseconds after which a kept reply no longer answers: by then an xid may be used anew. */
export const REPLY_AGE_MS_MAX = 10 * 60 * 1000;
/** Milliseconds a primary may serve after its backups last granted it (DESIGN section 6). */
export const LEASE_MS = 160;
/** Milliseconds between heartbeats: several within a lease, so that one late turn costs nothing. */
export const HEARTBEAT_MS = 40;
/** Milliseconds added to a lease before anyone acts against it: clock drift and a late turn. */
export const LEASE_MARGIN_MS = 20;
/** Milliseconds of silence on an open link after which a peer is taken for gone: far above any pause we have seen. */
export const SILENCE_MS = 900;
/** Bytes of log kept for boxes that come back; beyond it a returning box must be compared instead. */
export const LOG_SIZE_MAX = 1024 * 1024 * 1024;
/** Bytes of one log segment file. */
export const LOG_SEGMENT_SIZE = 64 * 1024 * 1024;
/** Bytes that must stay free in the state directory: log and catalog grow after a change was accepted. */
export const STATE_RESERVE_SIZE = 64 * 1024 * 1024;
/**
 * Bytes free in the state directory below which log that is kept for boxes that come back goes, before LOG_SIZE_MAX is
 * reached: two segments above the reserve, because whole ones go, and the next is full before a checkpoint frees one.
 */
export const LOG_FREE_SIZE_MIN = STATE_RESERVE_SIZE + 2 * LOG_SEGMENT_SIZE;
/** Milliseconds for which free room is believed to be what it was: within it a fast client fills a segment or two. */
export const ROOM_MS_MAX = 500;
/** Milliseconds that a restarted box waits for the others in sync before it proposes itself alone. */
export const RECOVERY_WAIT_MS = 2_000;
/** Milliseconds between attempts to reach the arbiter, or a primary that does not answer. */
export const RETRY_MS = 100;
/** Milliseconds between looks at the group's timers: a quarter of a heartbeat, so that none comes late by much. */
export const TICK_MS = 10;
/** Milliseconds a planned move may take before calls are let in again. */
export const MOVE_MS_MAX = 2_000;
/** Bytes of entries in one message between boxes, beyond which the next message begins. */
export const BATCH_SIZE_MAX = 1024 * 1024;
/** Bytes under way to a box that catches up: enough to fill a fast link, small beside a box's memory. */
export const JOIN_FLIGHT_SIZE_MAX = 4 * BATCH_SIZE_MAX;
/** Entries that a joining box may lack when the primary begins to wait for it: a stall of a few milliseconds. */
export const JOIN_NEAR_ENTRIES = 256;
/** Bytes of content fetched again at once. */
export const FETCH_SIZE_MAX = 1024 * 1024;
/**
 * Messages of entries under way to a backup: one that it works on and one that is on its way. What is made meanwhile
 * travels together in the next, which costs both boxes less than a message for each turn.
 */
export const STREAM_MESSAGES_MAX = 2;
