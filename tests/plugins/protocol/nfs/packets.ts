/** Golden packets of NFS: a part for the call and one for the reply. */
import { goldenPacket } from '../../../support/golden-packet.ts';

export interface Packet {
  readonly call: Buffer;
  readonly reply: Buffer;
}

export function packet(name: string): Packet {
  const path = `nfs/${name}`;
  return { call: goldenPacket(path, 'call'), reply: goldenPacket(path, 'reply') };
}
