/** The local network of `core/ports/lan.ts`, on Linux. Nothing is opened before it is asked for: most boxes of a lab need none. */
import { networkInterfaces } from 'node:os';
import { type Frames, type Lan, LanError, type LanInterface } from '#core/ports/lan.ts';
import { SyscallError } from '#core/ports/syscalls.ts';
import { AF_INET, AF_INET6, isIpv6, socketAddress } from './inet.ts';
import { checked, libc } from './libc.ts';
import { OwnDevice } from './own-device.ts';
import { OwnRoutes } from './own-routes.ts';
import { Rtnetlink } from './rtnetlink.ts';
import { SockDiag } from './sock-diag.ts';
import { Tap } from './tap.ts';

const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
/** Packets go out with the header that they bring, and none come in. */
const IPPROTO_RAW = 255;
const NO_MAC = '00:00:00:00:00:00';

const socket = libc('int socket(int, int, int)');
const sendto = libc('int64_t sendto(int, void *, size_t, int, void *, uint32_t)');
const close = libc('int close(int)');
const nameToIndex = libc('unsigned int if_nametoindex(void *)');

export interface HostLan extends Lan {
  close(): void;
}

export function createLan(): HostLan {
  return new LinuxLan();
}

class LinuxLan implements HostLan {
  #netlink: Rtnetlink | undefined;
  #device: OwnDevice | undefined;
  #routes: OwnRoutes | undefined;
  #sockets: SockDiag | undefined;
  readonly #taps = new Set<Tap>();
  readonly #packets = new Map<boolean, number>();

  interfaces(): readonly LanInterface[] {
    return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) => {
      const [first] = addresses;
      // Without a MAC it is no Ethernet: a tunnel, or the device that our own addresses stand on.
      if (first === undefined || first.internal || first.mac === NO_MAC) return [];
      const networks = addresses.flatMap(({ cidr }) => (cidr === null ? [] : [cidr]));
      const index = nameToIndex(Buffer.from(`${name}\0`));
      return index === 0 ? [] : [{ name, index, mac: first.mac, networks }];
    });
  }

  hasCarrier({ index, name }: LanInterface): boolean {
    return refused(`interface ${name}`, () => {
      this.#netlink ??= new Rtnetlink();
      return this.#netlink.isRunning(index);
    });
  }

  tap(networkInterface: LanInterface, heard: (frame: Buffer) => void): Frames {
    return refused(`interface ${networkInterface.name}`, () => {
      const tap = new Tap(networkInterface, heard);
      this.#taps.add(tap);
      return tap;
    });
  }

  prepare(): void {
    refused('device for service addresses', () => this.#ownDevice());
  }

  add(address: string): void {
    refused(address, () => {
      const { index } = this.#ownDevice();
      this.#ownRoutes(address)?.open(address);
      this.#netlink?.add(index, address);
    });
  }

  remove(address: string): void {
    refused(address, () => {
      const { index } = this.#ownDevice();
      this.#ownRoutes(address)?.shut(address);
      this.#netlink?.remove(index, address);
    });
  }

  drop(address: string): void {
    refused(address, () => {
      this.#sockets ??= new SockDiag();
      this.#sockets.dropAll(address);
    });
  }

  forget(address: string): void {
    if (this.#routes !== undefined && isIpv6(address)) {
      refused(address, () => this.#routes?.forget(address));
    }
  }

  sendPacket(packet: Buffer, destination: string): void {
    refused(destination, () => {
      const fd = this.#packetSocket(isIpv6(destination));
      const to = socketAddress(destination, 0);
      checked('sendto', sendto(fd, packet, packet.length, 0, to, to.length));
    });
  }

  close(): void {
    for (const tap of this.#taps) tap.close();
    this.#routes?.clear();
    this.#sockets?.close();
    this.#device?.close();
    this.#netlink?.close();
    for (const fd of this.#packets.values()) close(fd);
  }

  #ownDevice(): OwnDevice {
    this.#netlink ??= new Rtnetlink();
    this.#device ??= new OwnDevice(this.#netlink);
    return this.#device;
  }

  /** Only IPv6 needs them: see own-routes.ts. */
  #ownRoutes(address: string): OwnRoutes | undefined {
    if (!isIpv6(address)) return undefined;
    const { index } = this.#ownDevice();
    if (this.#netlink !== undefined) this.#routes ??= new OwnRoutes(this.#netlink, index);
    return this.#routes;
  }

  #packetSocket(isV6: boolean): number {
    const known = this.#packets.get(isV6);
    if (known !== undefined) return known;
    const family = isV6 ? AF_INET6 : AF_INET;
    const fd = checked('socket', socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
    this.#packets.set(isV6, fd);
    return fd;
  }
}

function refused<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof SyscallError) throw new LanError(`${what}: ${error.syscall}`, error.code);
    throw error;
  }
}
