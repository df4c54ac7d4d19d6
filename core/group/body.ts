/**
 * The body of an entry: changes in the order they were made, then the reply that belongs to them.
 *
 *     u8 number of changes
 *       u32 volume (0: the group's own)  u8 operation code  u32 size  change
 *     u8 whether a reply follows
 *       byte string key  opaque reply
 */

import { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';

/** The group's own changes: of the registry (code 0, JSON) and of protocols' rows (protocol-table.ts). */
export const REGISTRY_VOLUME = 0;
/** Bytes of a reply-cache key (an address in text, then xid, checksum and procedure). */
const REPLY_KEY_SIZE_MAX = 128;

export interface BodyChange {
  readonly volume: number;
  readonly code: number;
  /** Positioned at the change; ends with it. */
  readonly reader: Reader;
}

export interface Body {
  readonly changes: readonly BodyChange[];
  readonly reply: { readonly key: string; readonly reply: Buffer } | undefined;
}

/** Writes one change around what `encode` writes. */
export function writeChange(to: Writer, volume: number, code: number, encode: () => void): void {
  to.u32(volume);
  to.u8(code);
  const sizeAt = to.offset;
  to.u32(0);
  encode();
  to.u32At(sizeAt, to.offset - sizeAt - 4);
}

export function writeReply(to: Writer, reply: { key: string; reply: Buffer } | undefined): void {
  to.u8(reply === undefined ? 0 : 1);
  if (reply === undefined) return;
  to.byteString(reply.key);
  to.opaque(reply.reply);
}

/** The volume of the first change, without reading on: asked of every write. `undefined` where there is none. */
export function firstVolume(bytes: Buffer): number | undefined {
  return bytes.length < 5 || bytes[0] === 0 ? undefined : bytes.readUInt32BE(1);
}

/** The views in the result are valid as long as `bytes` is. */
export function readBody(bytes: Buffer): Body {
  const from = new Reader(bytes);
  const count = from.u8();
  const changes: BodyChange[] = [];
  for (let index = 0; index < count; index += 1) {
    const volume = from.u32();
    const code = from.u8();
    const size = from.u32();
    const start = from.offset;
    from.skip(size);
    changes.push({ volume, code, reader: new Reader(bytes, start, start + size) });
  }
  const reply =
    from.u8() === 0
      ? undefined
      : {
          key: from.byteString(REPLY_KEY_SIZE_MAX, 'reply key'),
          reply: from.opaque(bytes.length, 'reply'),
        };
  from.end();
  return { changes, reply };
}
