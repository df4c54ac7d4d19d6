/** Bounds of the manager of opens, each with its reason. */

/** Opens at once: what [MS-SMB2] servers allow a session by default (16,384), for a handful of busy clients. */
export const OPENS_MAX = 65_536;
/** Byte-range locks on one file: databases take some hundred; each is looked at linearly. */
export const LOCKS_PER_FILE_MAX = 4096;
/** Waits for locks on one file: an unlock holds each against all locks, a tenth of a second at the most. */
export const LOCK_WAITS_PER_FILE_MAX = 256;
/** Calls that wait for one file's breaks. */
export const BREAK_WAITS_PER_FILE_MAX = 4096;
/** Milliseconds that a holder has for acknowledging a break ([MS-SMB2] §3.3.2.1, §3.3.2.5: 35 seconds). */
export const BREAK_MS_MAX = 35_000;
