/**
 * A listening socket on an address that this machine does not have yet. IP_FREEBIND on the one socket, rather than
 * the sysctl `ip_nonlocal_bind`, which would change the whole machine, or binding to every address, which would offer
 * the service on the box's own and collide with others on the port.
 */
import { AF_INET, AF_INET6, isIpv6, socketAddress } from './inet.ts';
import { checked, libc } from './libc.ts';

const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const IPPROTO_IP = 0;
const IP_FREEBIND = 15;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const IPV6_FREEBIND = 78;

const socket = libc('int socket(int, int, int)');
const setsockopt = libc('int setsockopt(int, int, int, void *, uint32_t)');
const bind = libc('int bind(int, void *, uint32_t)');
const close = libc('int close(int)');
const ON = Buffer.from([1, 0, 0, 0]);

/** A bound socket for `server.listen({ fd })`, which owns it from then on. */
export function bindAhead(address: string, port: number): number {
  const isV6 = isIpv6(address);
  const kind = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const fd = checked('socket', socket(isV6 ? AF_INET6 : AF_INET, kind, 0));
  const options = isV6
    ? [
        [IPPROTO_IPV6, IPV6_V6ONLY],
        [IPPROTO_IPV6, IPV6_FREEBIND],
      ]
    : [[IPPROTO_IP, IP_FREEBIND]];
  try {
    for (const [level, option] of [[SOL_SOCKET, SO_REUSEADDR], ...options]) {
      checked('setsockopt', setsockopt(fd, level, option, ON, ON.length));
    }
    const to = socketAddress(address, port);
    checked('bind', bind(fd, to, to.length));
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}
