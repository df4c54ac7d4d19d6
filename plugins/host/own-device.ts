/**
 * A network device that lives as long as this process: service addresses stand on it. ARP on the LAN is answered for
 * an address on any device, and the device goes with its last descriptor, whatever ends the process.
 *
 * When a process ends, Linux closes its descriptors' files from the highest number down. Therefore the device has the
 * highest: the addresses are gone before the first connection closes, and neither an end nor a reset of one gets out.
 * Measured: with a low number clients get a reset 2 ms after SIGKILL and are refused when they come again, which
 * costs a Linux client 3 s; with a high one they hear nothing until the next box calls.
 */
import { checked, libc } from './libc.ts';
import { OWN } from './own-routes.ts';
import type { Rtnetlink } from './rtnetlink.ts';

const DEVICE = Buffer.from('/dev/net/tun\0');
/** The kernel puts the first free number in place of `%d`. */
const NAME = 'understudy%d';
const NAME_SIZE = 16;
const REQUEST_SIZE = 40;
const O_RDWR = 2;
const O_CLOEXEC = 0o2000000;
const TUNSETIFF = 0x4004_54ca;
/** IP packets without a header of their own. Nobody reads any: nothing is ever routed to the device. */
const IFF_TUN = 0x0001;
const IFF_NO_PI = 0x1000;
const F_DUPFD_CLOEXEC = 1030;
/** Above every descriptor of a connection or file: a box has some thousand. The kernel's table of them grows by 128 KiB. */
const DESCRIPTOR = 16_383;

const open = libc('int open(void *, int)');
const ioctl = libc('int ioctl(int, unsigned long, void *)');
const fcntl = libc('int fcntl(int, int, int)');
const close = libc('int close(int)');
const nameToIndex = libc('unsigned int if_nametoindex(void *)');

export class OwnDevice {
  readonly #fd: number;
  readonly index: number;
  readonly name: string;

  constructor(netlink: Rtnetlink) {
    const low = checked('open', open(DEVICE, O_RDWR | O_CLOEXEC));
    try {
      this.#fd = checked('fcntl', fcntl(low, F_DUPFD_CLOEXEC, DESCRIPTOR));
    } finally {
      close(low);
    }
    const request = Buffer.alloc(REQUEST_SIZE);
    request.write(NAME);
    request.writeUInt16LE(IFF_TUN | IFF_NO_PI, NAME_SIZE);
    try {
      checked('ioctl', ioctl(this.#fd, TUNSETIFF, request));
      this.name = request.toString('latin1', 0, request.indexOf(0));
      this.index = nameToIndex(request);
      netlink.switchOn(this.index, OWN);
    } catch (error) {
      close(this.#fd);
      throw error;
    }
  }

  close(): void {
    close(this.#fd);
  }
}
