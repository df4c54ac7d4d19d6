/**
 * Service addresses on loopback, where every address of 127.0.0.0/8 is this machine's already: having one takes neither
 * root nor ARP, and any box of the machine can bind it.
 */
import type { ServiceAddress } from '#core/addresses.ts';

/** Literal addresses only: `127.1` and names are what some other program may read differently. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const IPV6_SHAPE = /^[0-9a-f:.]{2,45}$/i;

export function isLoopback(address: string): boolean {
  return (
    isLiteral(address) && (address.includes(':') ? address === '::1' : address.startsWith('127.'))
  );
}

/** The sentence that refuses it, if any. */
export function loopbackRefusal(place: ServiceAddress): string | undefined {
  const { address } = place;
  if (!isLiteral(address)) {
    return `${address} is no IP address; give one of your network, or of 127.0.0.0/8, such as 127.0.0.10`;
  }
  if (place.interface !== '' && place.interface !== 'lo') {
    return `${address} is a loopback address and cannot be on interface ${place.interface}; leave the interface out`;
  }
  return undefined;
}

export function isLiteral(address: string): boolean {
  return IPV4.test(address) || (address.includes(':') && IPV6_SHAPE.test(address));
}
