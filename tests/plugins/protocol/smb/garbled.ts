/** Damaged forms of a packet: cut at each length, and each byte replaced by some others. */
export function* garbled(packet: Buffer): Iterable<Buffer> {
  for (let size = 0; size < packet.length; size++) yield packet.subarray(0, size);
  for (let at = 0; at < packet.length; at++) {
    for (const value of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
      const bytes = Buffer.from(packet);
      bytes[at] = value;
      yield bytes;
    }
  }
}
