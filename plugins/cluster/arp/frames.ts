/**
 * Ethernet frames that say who has an address: ARP for IPv4, neighbour discovery for IPv6. RFC 826; RFC 4861 §4.3 and §4.4.
 *
 * What a box of ours sends bears a *stamp* behind the last byte that the protocol knows, where Ethernet pads short frames
 * anyway and everybody else ignores it: the view that it serves in, and its rank among the members. A frame
 * without one comes from somebody else, or from the kernel of a box, which answers also when the box itself is frozen.
 */
import ipaddr from 'ipaddr.js';
import { DecodeError, Reader } from '#core/wire/reader.ts';
import { Writer } from '#core/wire/writer.ts';

/** Six bytes as people write them, lower case: `02:00:00:00:00:0a`. */
export type Mac = string;

export interface Stamp {
  readonly view: number;
  /** Among equal views the lower one has its way: the place of the box among the group's members. */
  readonly rank: number;
}

export interface ArpFrame {
  readonly kind: 'arp';
  readonly to: Mac;
  readonly from: Mac;
  /** `REQUEST`, `REPLY`, or what else there may be. */
  readonly operation: number;
  readonly senderMac: Mac;
  readonly sender: string;
  readonly targetMac: Mac;
  readonly target: string;
  readonly stamp?: Stamp;
}

export interface NeighbourFrame {
  readonly kind: 'solicitation' | 'advertisement';
  readonly to: Mac;
  readonly from: Mac;
  readonly source: string;
  readonly destination: string;
  /** Of an advertisement; see RFC 4861 §4.4. */
  readonly solicited: boolean;
  readonly override: boolean;
  readonly target: string;
  /** The link-layer address option, where there is one. */
  readonly mac: Mac | undefined;
  readonly stamp?: Stamp;
}

export type Frame = ArpFrame | NeighbourFrame;

export const REQUEST = 1;
export const REPLY = 2;
export const BROADCAST: Mac = 'ff:ff:ff:ff:ff:ff';
export const NOBODY: Mac = '00:00:00:00:00:00';
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_IPV6 = 0x86dd;

/** Hardware type Ethernet, protocol type IPv4, lengths 6 and 4. */
const ARP_HEAD = Buffer.from('000108000604', 'hex');
/** Bytes of a frame without its checksum, at least: shorter ones are padded with zeros. */
const FRAME_SIZE_MIN = 60;
const FRAME_SIZE_MAX = 1514;
const ICMPV6 = 58;
/** RFC 4861 §7.1: what came through a router counts for nothing. */
const HOPS = 255;
const TYPES = { solicitation: 135, advertisement: 136 } as const;
const SOLICITED = 0x4000_0000;
const OVERRIDE = 0x2000_0000;
const OPTIONS = { solicitation: 1, advertisement: 2 } as const;
/** Bytes of a link-layer address option on Ethernet: one unit of eight. */
const OPTION_SIZE = 8;
const NEIGHBOUR_SIZE = 24;
const STAMP_MAGIC = 0x5553_4459;
const STAMP_SIZE = 14;

export function encodeFrame(frame: Frame): Buffer {
  const to = new Writer(Buffer.alloc(FRAME_SIZE_MIN + NEIGHBOUR_SIZE + OPTION_SIZE + STAMP_SIZE));
  to.raw(macBytes(frame.to));
  to.raw(macBytes(frame.from));
  if (frame.kind === 'arp') encodeArp(to, frame);
  else encodeNeighbour(to, frame);
  if (frame.stamp !== undefined) {
    to.u32(STAMP_MAGIC);
    to.u64(frame.stamp.view);
    to.u16(frame.stamp.rank);
  }
  if (to.offset < FRAME_SIZE_MIN) to.raw(Buffer.alloc(FRAME_SIZE_MIN - to.offset));
  return to.finish();
}

/** `undefined` for what is neither ARP nor neighbour discovery; throws `DecodeError` for what is wrong. */
export function decodeFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length > FRAME_SIZE_MAX) {
    throw new DecodeError(`frame: ${bytes.length} bytes, at most ${FRAME_SIZE_MAX}`);
  }
  const from = new Reader(bytes);
  const ends = { to: readMac(from), from: readMac(from) };
  const type = from.u16();
  if (type === ETHERTYPE_ARP) return decodeArp(from, ends);
  return type === ETHERTYPE_IPV6 ? decodeNeighbour(from, ends, bytes) : undefined;
}

function encodeArp(to: Writer, frame: ArpFrame): void {
  to.u16(ETHERTYPE_ARP);
  to.raw(ARP_HEAD);
  to.u16(frame.operation);
  to.raw(macBytes(frame.senderMac));
  to.raw(addressBytes(frame.sender));
  to.raw(macBytes(frame.targetMac));
  to.raw(addressBytes(frame.target));
}

function decodeArp(from: Reader, ends: { to: Mac; from: Mac }): ArpFrame | undefined {
  if (!from.raw(ARP_HEAD.length).equals(ARP_HEAD)) return undefined;
  const frame = {
    kind: 'arp' as const,
    ...ends,
    operation: from.u16(),
    senderMac: readMac(from),
    sender: readAddress(from, 4),
    targetMac: readMac(from),
    target: readAddress(from, 4),
  };
  return { ...frame, ...readStamp(from) };
}

function encodeNeighbour(to: Writer, frame: NeighbourFrame): void {
  const payload = new Writer(NEIGHBOUR_SIZE + OPTION_SIZE);
  payload.u32(TYPES[frame.kind] * 0x1_00_00_00);
  payload.u32((frame.solicited ? SOLICITED : 0) + (frame.override ? OVERRIDE : 0));
  payload.raw(addressBytes(frame.target));
  if (frame.mac !== undefined) {
    payload.u8(OPTIONS[frame.kind]);
    payload.u8(1);
    payload.raw(macBytes(frame.mac));
  }
  const message = payload.finish();
  const source = addressBytes(frame.source);
  const destination = addressBytes(frame.destination);
  message.writeUInt16BE(checksumOf(message, source, destination, ICMPV6), 2);
  to.u16(ETHERTYPE_IPV6);
  to.u32(0x6000_0000);
  to.u16(message.length);
  to.u8(ICMPV6);
  to.u8(HOPS);
  to.raw(source);
  to.raw(destination);
  to.raw(message);
}

function decodeNeighbour(
  from: Reader,
  ends: { to: Mac; from: Mac },
  bytes: Buffer,
): NeighbourFrame | undefined {
  from.u32();
  const size = from.u16();
  const [next, hops] = [from.u8(), from.u8()];
  const source = readAddress(from, 16);
  const destination = readAddress(from, 16);
  if (next !== ICMPV6 || hops !== HOPS) return undefined;
  const end = from.offset + size;
  if (end > bytes.length) throw new DecodeError(`neighbour message: ${size} bytes, cut off`);
  const message = new Reader(bytes, from.offset, end);
  const type = message.u8();
  const kind = type === TYPES.solicitation ? 'solicitation' : 'advertisement';
  if (type !== TYPES[kind]) return undefined;
  message.skip(3);
  const flags = message.u32();
  const frame: NeighbourFrame = {
    kind,
    ...ends,
    source,
    destination,
    solicited: (flags & SOLICITED) !== 0,
    override: (flags & OVERRIDE) !== 0,
    target: readAddress(message, 16),
    mac: readOption(message, OPTIONS[kind]),
  };
  return { ...frame, ...readStamp(new Reader(bytes, end)) };
}

function readOption(from: Reader, wanted: number): Mac | undefined {
  while (from.left > 0) {
    const [type, units] = [from.u8(), from.u8()];
    if (units === 0) throw new DecodeError('neighbour option: of no bytes');
    if (type === wanted && units === 1) return readMac(from);
    from.skip(units * OPTION_SIZE - 2);
  }
  return undefined;
}

function readStamp(from: Reader): { stamp?: Stamp } {
  if (from.left < STAMP_SIZE || from.u32() !== STAMP_MAGIC) return {};
  return { stamp: { view: from.u64(), rank: from.u16() } };
}

/** The sum of RFC 1071 over the pseudo-header of IPv4 or IPv6 and the message; the message's own field holds zero. */
export function checksumOf(
  message: Buffer,
  source: Buffer,
  destination: Buffer,
  protocol: number,
): number {
  let sum = message.length + protocol;
  for (const part of [source, destination, message]) {
    for (let at = 0; at < part.length; at += 2) sum += (part[at] ?? 0) * 256 + (part[at + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** Four or sixteen bytes. */
export function addressBytes(address: string): Buffer {
  return Buffer.from(ipaddr.parse(address).toByteArray());
}

export function macBytes(mac: Mac): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}

function readMac(from: Reader): Mac {
  return from
    .raw(6)
    .toString('hex')
    .replaceAll(/..(?!$)/g, '$&:');
}

function readAddress(from: Reader, size: 4 | 16): string {
  return ipaddr.fromByteArray([...from.raw(size)]).toString();
}
