/**
 * Keeps the kernel from speaking in the name of an IPv6 address that is not here. For IPv4 it does so by itself; over
 * IPv6 it lets the ends of connections out that way too. Measured: the FIN of a killed box makes a client call again
 * at once, in vain, and it comes back with its kernel's next try, a second later.
 *
 * An address that is here has a rule (ip-rule(8)): what leaves in its name is looked up in a table of ours. There the best
 * way is by the device of this process, and a way by that device is passed over in favour of the usual ones
 * (`suppress_ifgroup`); with the process the device goes, and what remains of the table is "unreachable". An address
 * that is on another box has a rule that says "unreachable" itself. Rules outlive a process that is killed, harmless
 * while the address is not here, and the next one clears them away.
 */
import { LanError } from '#core/ports/lan.ts';
import { AF_INET6, inetBytes } from './inet.ts';
import { attribute, type Netlink, numberAttribute } from './netlink.ts';

/** Of our table, and of the group of our devices: a number that others hardly use. */
export const OWN = 0x5553;
/** Of our rules: after the table of local addresses (0), before the main one (32766). */
const PRIORITY = 2049;
const RTM_NEWROUTE = 24;
const RTM_NEWRULE = 32;
const RTM_DELRULE = 33;
const NLM_F_REPLACE = 0x100;
const NLM_F_EXCL = 0x200;
const NLM_F_CREATE = 0x400;
const FR_ACT_TO_TBL = 1;
const FR_ACT_UNREACHABLE = 7;
const FRA_SRC = 2;
const FRA_IIFNAME = 3;
const FRA_PRIORITY = 6;
const FRA_SUPPRESS_IFGROUP = 13;
const FRA_TABLE = 15;
const RTN_UNICAST = 1;
const RTN_UNREACHABLE = 7;
const RTPROT_STATIC = 4;
const RTA_OIF = 4;
const RTA_PRIORITY = 6;
const RTA_TABLE = 15;
/** Tables beyond a byte have their number in an attribute. */
const RT_TABLE_COMPAT = 252;
/** Of the loopback device: what this machine itself sends. */
const FROM_HERE = attribute(FRA_IIFNAME, Buffer.from('lo\0'));
const HEAD_SIZE = 12;
/** Rules that are cleared away at most: a group has a few addresses. */
const LEFT_MAX = 1024;

export class OwnRoutes {
  readonly #netlink: Netlink;
  /** False where the kernel has no rules for IPv6, or no IPv6: there is nothing to be kept from then, or no way to. */
  readonly #works: boolean;

  /** @param device Index of the device that lives as long as this process, in group `OWN`. */
  constructor(netlink: Netlink, device: number) {
    this.#netlink = netlink;
    this.#works = this.#begin(device);
  }

  /** The address is about to be here. */
  open(address: string): void {
    if (!this.#works) return;
    this.#put(passing(address));
    this.#take(blocking(address));
  }

  /** The address is about to go, or is not here: nothing leaves in its name. */
  shut(address: string): void {
    if (!this.#works) return;
    this.#put(blocking(address));
    this.#take(passing(address));
  }

  /** It is no address of ours any more. */
  forget(address: string): void {
    if (!this.#works) return;
    this.#take(passing(address));
    this.#take(blocking(address));
  }

  /** Takes all our rules away. */
  clear(): void {
    const message = Buffer.concat([ruleHead(0, 0), numberAttribute(FRA_PRIORITY, PRIORITY)]);
    for (let count = 0; count < LEFT_MAX; count += 1) if (!this.#take(message)) return;
  }

  #begin(device: number): boolean {
    try {
      this.clear();
      const flags = NLM_F_CREATE | NLM_F_REPLACE;
      for (const message of [wayBy(device), NO_WAY]) {
        this.#netlink.ask({ type: RTM_NEWROUTE, flags, message, what: 'routes of our own' });
      }
      return true;
    } catch (error) {
      if (error instanceof LanError) return false;
      throw error;
    }
  }

  #put(message: Buffer): void {
    const flags = NLM_F_CREATE | NLM_F_EXCL;
    const allowed = ['EEXIST'];
    this.#netlink.ask({ type: RTM_NEWRULE, flags, message, what: 'a rule of our own', allowed });
  }

  /** Whether there was one. */
  #take(message: Buffer): boolean {
    const allowed = ['ENOENT'];
    return this.#netlink.ask({ type: RTM_DELRULE, message, what: 'a rule of our own', allowed });
  }
}

function passing(address: string): Buffer {
  return ruleMessage(address, FR_ACT_TO_TBL, [
    numberAttribute(FRA_TABLE, OWN),
    numberAttribute(FRA_SUPPRESS_IFGROUP, OWN),
  ]);
}

function blocking(address: string): Buffer {
  return ruleMessage(address, FR_ACT_UNREACHABLE, []);
}

function ruleMessage(address: string, action: number, attributes: readonly Buffer[]): Buffer {
  const source = inetBytes(address);
  return Buffer.concat([
    ruleHead(source.length * 8, action),
    attribute(FRA_SRC, source),
    FROM_HERE,
    numberAttribute(FRA_PRIORITY, PRIORITY),
    ...attributes,
  ]);
}

/** `struct fib_rule_hdr`. */
function ruleHead(sourceLength: number, action: number): Buffer {
  const head = Buffer.alloc(HEAD_SIZE);
  head.writeUInt8(AF_INET6, 0);
  head.writeUInt8(sourceLength, 2);
  head.writeUInt8(action, 7);
  return head;
}

function wayBy(device: number): Buffer {
  return routeMessage(RTN_UNICAST, 1, [numberAttribute(RTA_OIF, device)]);
}

const NO_WAY = routeMessage(RTN_UNREACHABLE, 2, []);

/** `struct rtmsg` of a default route. @param metric The lower one is taken. */
function routeMessage(type: number, metric: number, attributes: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(HEAD_SIZE);
  head.writeUInt8(AF_INET6, 0);
  head.writeUInt8(RT_TABLE_COMPAT, 4);
  head.writeUInt8(RTPROT_STATIC, 5);
  head.writeUInt8(type, 7);
  const common = [numberAttribute(RTA_TABLE, OWN), numberAttribute(RTA_PRIORITY, metric)];
  return Buffer.concat([head, ...common, ...attributes]);
}
