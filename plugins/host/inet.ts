/** `struct sockaddr_in` and `sockaddr_in6`. */
import ipaddr from 'ipaddr.js';

export const AF_INET = 2;
export const AF_INET6 = 10;

export function isIpv6(address: string): boolean {
  return ipaddr.parse(address).kind() === 'ipv6';
}

export function inetBytes(address: string): Buffer {
  return Buffer.from(ipaddr.parse(address).toByteArray());
}

export function socketAddress(address: string, port: number): Buffer {
  const bytes = inetBytes(address);
  const isV6 = bytes.length === 16;
  const result = Buffer.alloc(isV6 ? 28 : 16);
  result.writeUInt16LE(isV6 ? AF_INET6 : AF_INET, 0);
  result.writeUInt16BE(port, 2);
  bytes.copy(result, isV6 ? 8 : 4);
  return result;
}
