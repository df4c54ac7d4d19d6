/** AV_PAIR sequences ([MS-NLMP] §2.2.2.1): what server and client tell of themselves in the challenge and the response. */
import { DecodeError } from '#core/wire/reader.ts';

export const MSV_AV_EOL = 0;
export const MSV_AV_NB_COMPUTER_NAME = 1;
export const MSV_AV_NB_DOMAIN_NAME = 2;
export const MSV_AV_DNS_COMPUTER_NAME = 3;
export const MSV_AV_DNS_DOMAIN_NAME = 4;
export const MSV_AV_FLAGS = 6;
export const MSV_AV_TIMESTAMP = 7;
export const MSV_AV_TARGET_NAME = 9;
export const MSV_AV_CHANNEL_BINDINGS = 10;

/** Bit of MsvAvFlags: the AUTHENTICATE message has a MIC. */
export const AV_FLAG_MIC = 0x2;

/** Pairs of one sequence: the specification has eleven kinds. */
const PAIRS_MAX = 32;

export type AvPairs = ReadonlyMap<number, Buffer>;

export function writeAvPairs(pairs: AvPairs): Buffer {
  const parts: Buffer[] = [];
  for (const [id, value] of [...pairs, [MSV_AV_EOL, Buffer.alloc(0)] as const]) {
    const head = Buffer.alloc(4);
    head.writeUInt16LE(id, 0);
    head.writeUInt16LE(value.length, 2);
    parts.push(head, value);
  }
  return Buffer.concat(parts);
}

/** Views into `bytes`. What follows the end mark is left alone. */
export function readAvPairs(bytes: Buffer): AvPairs {
  const pairs = new Map<number, Buffer>();
  for (let at = 0; pairs.size <= PAIRS_MAX; ) {
    if (bytes.length - at < 4) throw new DecodeError('AV pairs: have no end');
    const id = bytes.readUInt16LE(at);
    const size = bytes.readUInt16LE(at + 2);
    at += 4;
    if (id === MSV_AV_EOL) return pairs;
    if (size > bytes.length - at)
      throw new DecodeError(`AV pair ${id}: ${size} bytes, too few left`);
    pairs.set(id, bytes.subarray(at, at + size));
    at += size;
  }
  throw new DecodeError(`AV pairs: more than ${PAIRS_MAX}`);
}
