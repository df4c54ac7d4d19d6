/** Sentences that say why an address of the LAN cannot be served here, and what to do. */
import ipaddr from 'ipaddr.js';
import type { ServiceAddress } from '#core/addresses.ts';
import { LanError, type LanInterface } from '#core/ports/lan.ts';
import { err, ok, type Result } from '#core/result.ts';

const WITHOUT_RIGHT = new Set(['EPERM', 'EACCES']);
const WITHOUT_DEVICE = new Set(['ENOENT', 'ENODEV', 'ENXIO']);

/** The interface that is to say that this box has the address. */
export function interfaceFor(
  { address, interface: wanted }: ServiceAddress,
  all: readonly LanInterface[],
): Result<LanInterface, string> {
  const names = all.map(({ name }) => name).join(', ') || 'none';
  if (wanted !== '') {
    const found = all.find(({ name }) => name === wanted);
    if (found !== undefined) return ok(found);
    return err(
      `interface ${wanted}: this box has none of that name that is up and has an address of its own; it has ${names}`,
    );
  }
  const found = all.find(({ networks }) => networks.some((network) => isWithin(address, network)));
  if (found !== undefined) return ok(found);
  return err(
    `${address} is in no network of this box; choose an address of one of its networks, or name the interface: ${names}`,
  );
}

/** A service address must be nobody's, this box included: it comes and goes. */
export function ownRefusal(address: string, all: readonly LanInterface[]): string | undefined {
  const own = all.find(({ networks }) =>
    networks.some((network) => network.split('/', 1)[0] === address),
  );
  if (own === undefined) return undefined;
  return `${address} is this box's own address on ${own.name}; choose one that no machine has`;
}

export function takenRefusal(address: string, mac: string): string {
  return `${address} belongs to another machine already, with MAC ${mac}; choose a free address, or take it off that machine`;
}

/** What the system refused, as a sentence; anything but its refusal is thrown on. */
export function lanRefusal(error: unknown): string {
  if (!(error instanceof LanError)) throw error;
  if (WITHOUT_RIGHT.has(error.code)) {
    return 'addresses on the LAN need root, or CAP_NET_ADMIN and CAP_NET_RAW, and this process has neither; run it as root or grant them';
  }
  if (WITHOUT_DEVICE.has(error.code)) {
    return `addresses on the LAN need /dev/net/tun, and this machine has none (${error.message}); load the kernel's tun module`;
  }
  return `the system refuses: ${error.message}`;
}

export function isWithin(address: string, network: string): boolean {
  const parsed = ipaddr.parse(address);
  const [base, length] = ipaddr.parseCIDR(network);
  return parsed.kind() === base.kind() && parsed.match(base, length);
}
