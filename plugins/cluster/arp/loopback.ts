/**
 * Service addresses on loopback, where every address of 127.0.0.0/8 is this machine's already: claiming one is a
 * check and a note. Any box of the machine can bind it, so that trying things out takes neither root nor ARP.
 */
import type { Addresses } from '#core/addresses.ts';
import { err, ok, type Result } from '#core/result.ts';

/** Literal addresses only: `127.1` and names are what some other program may read differently. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const IPV6_SHAPE = /^[0-9a-f:.]{2,45}$/i;

export class LoopbackAddresses implements Addresses {
  readonly #claimed = new Set<string>();

  get claimed(): readonly string[] {
    return [...this.#claimed];
  }

  claim(address: string, networkInterface: string): Result<undefined, string> {
    const refusal = refuse(address, networkInterface);
    if (refusal !== undefined) return err(refusal);
    this.#claimed.add(address);
    return ok(undefined);
  }

  release(address: string): void {
    this.#claimed.delete(address);
  }
}

/** The sentence that refuses it, if any. */
function refuse(address: string, networkInterface: string): string | undefined {
  const isIpv4 = IPV4.test(address);
  if (!isIpv4 && !(address.includes(':') && IPV6_SHAPE.test(address))) {
    return `${address} is no IP address; give one of 127.0.0.0/8, such as 127.0.0.10`;
  }
  if (isIpv4 ? !address.startsWith('127.') : address !== '::1') {
    return `${address} is not on loopback, and addresses on the LAN are not supported yet; use one of 127.0.0.0/8, such as 127.0.0.10`;
  }
  if (networkInterface !== '' && networkInterface !== 'lo') {
    return `${address} is a loopback address and cannot be on interface ${networkInterface}; leave the interface out`;
  }
  return undefined;
}
