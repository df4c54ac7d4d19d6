/**
 * The packet that wakes a client whose box is gone: a TCP acknowledgement out of sequence, from the service address.
 * The client's kernel answers it with what it expects (RFC 9293 §3.10.7.4), ours has no such connection and resets it, and
 * the client connects anew at once; left alone, it would wait for its retransmission timer, which doubles each time.
 */
import type { ClientEnds } from '#core/addresses.ts';
import { Writer } from '#core/wire/writer.ts';
import { addressBytes, checksumOf } from './frames.ts';

const TCP = 6;
const TCP_SIZE = 20;
const TTL = 64;
/** Version 4, header of five words. */
const IPV4_VERSION = 0x45;
const IPV4_SIZE = 20;
const IPV6_SIZE = 40;
const DO_NOT_FRAGMENT = 0x4000;
const ACK = 0x10;
/** Header of five words. */
const TCP_OFFSET = 0x50;
/** Any; nobody is meant to send anything. */
const WINDOW = 1024;

/** A whole IP packet. */
export function tickle(ends: ClientEnds): Buffer {
  const source = addressBytes(ends.localAddress);
  const destination = addressBytes(ends.remoteAddress);
  const segment = segmentOf(ends);
  segment.writeUInt16BE(checksumOf(segment, source, destination, TCP), 16);
  const to = new Writer(IPV6_SIZE + TCP_SIZE);
  if (source.length === 4) {
    to.u8(IPV4_VERSION);
    to.u8(0);
    to.u16(IPV4_SIZE + TCP_SIZE);
    to.u16(0);
    to.u16(DO_NOT_FRAGMENT);
    to.u8(TTL);
    to.u8(TCP);
    // The kernel fills in the header's checksum: raw(7).
    to.u16(0);
  } else {
    to.u32(0x6000_0000);
    to.u16(TCP_SIZE);
    to.u8(TCP);
    to.u8(TTL);
  }
  to.raw(source);
  to.raw(destination);
  to.raw(segment);
  return to.finish();
}

/** Sequence numbers of 0: out of any connection's window, but for one in some hundred thousand. */
function segmentOf({ localPort, remotePort }: ClientEnds): Buffer {
  const to = new Writer(TCP_SIZE);
  to.u16(localPort);
  to.u16(remotePort);
  to.u32(0);
  to.u32(0);
  to.u8(TCP_OFFSET);
  to.u8(ACK);
  to.u16(WINDOW);
  to.u16(0);
  to.u16(0);
  return to.finish();
}
