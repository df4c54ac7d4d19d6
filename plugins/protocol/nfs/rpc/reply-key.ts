/** Which call is a retransmission of which: the key of the duplicate-request cache (core/group/reply-cache.ts). */
import type { CallHeader } from './message.ts';

/** Bytes of a call, behind its xid, that tell it from another with the same xid: all but a WRITE's data. */
const CHECKED_SIZE_MAX = 256;

/**
 * The client's address without its port, for a retransmission comes by a new connection; xid, program, version,
 * procedure; and a checksum, for xids are used anew when a client starts again. A byte string, no text.
 *
 * @param bytes The call's record begins at `start` and ends at `end`.
 */
export function replyKey(
  address: string,
  call: CallHeader,
  bytes: Buffer,
  start: number,
  end: number,
): string {
  const checksum = fnv(bytes, start + 4, Math.min(end, start + 4 + CHECKED_SIZE_MAX));
  const { xid, program, version, procedure } = call;
  const row = String.fromCharCode(version & 0xff, procedure & 0xff);
  return address + word(xid) + word(checksum) + word(program) + row;
}

/** A number of 32 bits as four characters: written out in digits it costs more than all the rest of a key. */
function word(value: number): string {
  return String.fromCharCode(
    value >>> 24,
    (value >>> 16) & 0xff,
    (value >>> 8) & 0xff,
    value & 0xff,
  );
}

/** FNV-1a over 32 bits, a word at a time (a message's size is a multiple of four; a rest goes byte by byte). */
function fnv(bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c_9dc5;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(hash ^ bytes.readInt32BE(at), 0x0100_0193);
    // Multiplication carries only upwards: without this the high bytes of a word would say almost nothing.
    hash ^= hash >>> 15;
  }
  for (; at < end; at += 1) hash = Math.imul(hash ^ bytes.readUInt8(at), 0x0100_0193);
  return hash >>> 0;
}
