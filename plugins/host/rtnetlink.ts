/**
 * Adds and removes addresses of an interface, and switches it on: rtnetlink(7).
 *
 * An IPv6 address gets its local route from a worker of the kernel, some time later. Until then what a client sends is
 * dropped, and one that has answered a tickle in vain answers none for half a second (tcp_invalid_ratelimit). So it
 * gets a route of ours as well, at once.
 */
import { AF_INET, AF_INET6, inetBytes, isIpv6 } from './inet.ts';
import { attribute, NETLINK_ROUTE, Netlink, numberAttribute } from './netlink.ts';

const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const NLM_F_REPLACE = 0x100;
const NLM_F_CREATE = 0x400;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_FLAGS = 8;
/** Without asking the network first (RFC 4862 §5.4): that takes a second, and was done when it was configured. */
const IFA_F_NODAD = 0x02;
const IFF_UP = 1;
const IFF_RUNNING = 0x40;
const IFLA_GROUP = 27;
const IFLA_EXT_MASK = 29;
const RTEXT_FILTER_SKIP_STATS = 8;
const RT_TABLE_LOCAL = 255;
const RTPROT_STATIC = 4;
const RTN_LOCAL = 2;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_PRIORITY = 6;
/** Another one than the kernel's own, so that the two do not get in each other's way. */
const METRIC = 1024;

export class Rtnetlink extends Netlink {
  constructor() {
    super(NETLINK_ROUTE);
  }

  add(index: number, address: string): void {
    const message = addressMessage(index, address);
    this.ask({ type: RTM_NEWADDR, flags: NLM_F_CREATE | NLM_F_REPLACE, message, what: address });
    if (!isIpv6(address)) return;
    const route = { message: localRoute(index, address), what: address };
    this.ask({ type: RTM_NEWROUTE, flags: NLM_F_CREATE | NLM_F_REPLACE, ...route });
  }

  remove(index: number, address: string): void {
    if (isIpv6(address)) {
      const route = { message: localRoute(index, address), what: address };
      this.ask({ type: RTM_DELROUTE, ...route, allowed: ['ESRCH'] });
    }
    const message = addressMessage(index, address);
    this.ask({ type: RTM_DELADDR, message, what: address, allowed: ['EADDRNOTAVAIL'] });
  }

  /** Switched on, and with a carrier where it can tell (RFC 2863's operational state). False where there is none. */
  isRunning(index: number): boolean {
    const head = Buffer.alloc(16);
    head.writeInt32LE(index, 4);
    const brief = numberAttribute(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    const message = Buffer.concat([head, brief]);
    const request = { type: RTM_GETLINK, message, what: `interface ${index}`, allowed: ['ENODEV'] };
    let flags = 0;
    this.get(request, (body) => {
      flags = body.readUInt32LE(8);
    });
    return (flags & IFF_UP) !== 0 && (flags & IFF_RUNNING) !== 0;
  }

  /** @param group A number by which rules tell it from other interfaces. */
  switchOn(index: number, group: number): void {
    const head = Buffer.alloc(16);
    head.writeInt32LE(index, 4);
    head.writeUInt32LE(IFF_UP, 8);
    head.writeUInt32LE(IFF_UP, 12);
    const message = Buffer.concat([head, numberAttribute(IFLA_GROUP, group)]);
    this.ask({ type: RTM_NEWLINK, message, what: `interface ${index}` });
  }
}

/** The address with no network around it: so it makes no route, and no other address of the interface depends on it. */
function addressMessage(index: number, address: string): Buffer {
  const bytes = inetBytes(address);
  const head = Buffer.alloc(8);
  head.writeUInt8(isIpv6(address) ? AF_INET6 : AF_INET, 0);
  head.writeUInt8(bytes.length * 8, 1);
  head.writeUInt32LE(index, 4);
  return Buffer.concat([
    head,
    attribute(IFA_LOCAL, bytes),
    attribute(IFA_ADDRESS, bytes),
    numberAttribute(IFA_FLAGS, IFA_F_NODAD),
  ]);
}

/** `struct rtmsg`: what is for the address is for this machine. */
function localRoute(index: number, address: string): Buffer {
  const bytes = inetBytes(address);
  const head = Buffer.alloc(12);
  head.writeUInt8(AF_INET6, 0);
  head.writeUInt8(bytes.length * 8, 1);
  head.writeUInt8(RT_TABLE_LOCAL, 4);
  head.writeUInt8(RTPROT_STATIC, 5);
  head.writeUInt8(RTN_LOCAL, 7);
  return Buffer.concat([
    head,
    attribute(RTA_DST, bytes),
    numberAttribute(RTA_OIF, index),
    numberAttribute(RTA_PRIORITY, METRIC),
  ]);
}
