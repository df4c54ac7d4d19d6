/** What frames mean for one address, and the frames that say it: the same for ARP and for neighbour discovery. */
import ipaddr from 'ipaddr.js';
import {
  type ArpFrame,
  addressBytes,
  BROADCAST,
  type Frame,
  type Mac,
  type NeighbourFrame,
  NOBODY,
  REPLY,
  REQUEST,
  type Stamp,
} from './frames.ts';

export interface Sign {
  readonly address: string;
  /** Somebody says that it has the address; or somebody asks who has it. */
  readonly kind: 'claim' | 'question';
  readonly mac: Mac;
  /** IP address of who asks; unspecified where it has none yet and probes. */
  readonly asker: string;
  readonly stamp?: Stamp;
}

export const ANY_V4 = '0.0.0.0';
export const ANY_V6 = '::';
const ALL_NODES = 'ff02::1';
const ALL_NODES_MAC: Mac = '33:33:00:00:00:01';

export function isV6(address: string): boolean {
  return address.includes(':');
}

export function signOf(frame: Frame): Sign | undefined {
  const stamp = frame.stamp === undefined ? {} : { stamp: frame.stamp };
  if (frame.kind === 'arp') {
    const { sender, senderMac: mac, target, operation } = frame;
    if (operation !== REQUEST && operation !== REPLY) return undefined;
    if (operation === REQUEST && target !== sender) {
      return { address: target, kind: 'question', mac, asker: sender, ...stamp };
    }
    if (sender === ANY_V4) return undefined;
    return { address: sender, kind: 'claim', mac, asker: sender, ...stamp };
  }
  const { kind, target, source, from } = frame;
  const mac = frame.mac ?? from;
  if (kind === 'advertisement') {
    return { address: target, kind: 'claim', mac, asker: source, ...stamp };
  }
  return { address: target, kind: 'question', mac, asker: source, ...stamp };
}

/** Whether somebody has the address, asked in a way that changes nobody's table. RFC 5227 §2.1.1, RFC 4862 §5.4.2. */
export function probe(address: string, mac: Mac): Frame {
  if (!isV6(address)) {
    return arp({ operation: REQUEST, mac, sender: ANY_V4, target: address, targetMac: NOBODY });
  }
  const group = solicitedNode(address);
  const neighbour: NeighbourFrame = {
    kind: 'solicitation',
    to: groupMac(group),
    from: mac,
    source: ANY_V6,
    destination: group,
    solicited: false,
    override: false,
    target: address,
    mac: undefined,
  };
  return neighbour;
}

/**
 * Everybody's table is to name this box. Of ARP both forms, because some systems heed the one and some the other; in
 * the reply the target's MAC is the sender's, without which Linux ignores it for a second after the last change.
 */
export function announcement(address: string, mac: Mac, stamp: Stamp): readonly Frame[] {
  if (isV6(address)) return [advertisement(address, mac, stamp, ALL_NODES, ALL_NODES_MAC)];
  const common = { mac, sender: address, target: address, stamp };
  return [
    arp({ ...common, operation: REQUEST, targetMac: NOBODY }),
    arp({ ...common, operation: REPLY, targetMac: mac }),
  ];
}

/** The same for one who has asked: the kernel of a frozen box may have answered as well. */
export function answer(address: string, mac: Mac, stamp: Stamp, sign: Sign): Frame {
  if (isV6(address)) {
    const isProbe = sign.asker === ANY_V6;
    return isProbe
      ? advertisement(address, mac, stamp, ALL_NODES, ALL_NODES_MAC)
      : advertisement(address, mac, stamp, sign.asker, sign.mac);
  }
  const frame = { mac, sender: address, target: address, stamp, targetMac: mac };
  return { ...arp({ ...frame, operation: REPLY }), to: sign.mac };
}

interface ArpParts {
  readonly operation: number;
  readonly mac: Mac;
  readonly sender: string;
  readonly target: string;
  readonly targetMac: Mac;
  readonly stamp?: Stamp;
}

function arp({ mac, ...parts }: ArpParts): ArpFrame {
  return { kind: 'arp', to: BROADCAST, from: mac, senderMac: mac, ...parts };
}

function advertisement(
  address: string,
  mac: Mac,
  stamp: Stamp,
  destination: string,
  to: Mac,
): NeighbourFrame {
  return {
    kind: 'advertisement',
    to,
    from: mac,
    source: address,
    destination,
    solicited: destination !== ALL_NODES,
    override: true,
    target: address,
    mac,
    stamp,
  };
}

/** The group that whoever has the address listens to. RFC 4291 §2.7.1. */
export function solicitedNode(address: string): string {
  const bytes = addressBytes('ff02::1:ff00:0');
  addressBytes(address).copy(bytes, 13, 13);
  return ipaddr.fromByteArray([...bytes]).toString();
}

/** RFC 2464 §7. */
function groupMac(group: string): Mac {
  const tail = addressBytes(group).subarray(12).toString('hex');
  return `33:33:${tail.replaceAll(/..(?!$)/g, '$&:')}`;
}
