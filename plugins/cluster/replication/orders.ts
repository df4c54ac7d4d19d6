/** What commands of an owner have in common: room, networks, volumes by name, the entry that a change becomes. */
import ipaddr from 'ipaddr.js';
import * as v from 'valibot';
import type { RegistryChange, VolumeRecord } from '#core/group/registry.ts';
import type { GroupService } from '#core/group/service.ts';
import type { State } from '#core/group/state.ts';
import { STATE_RESERVE_SIZE } from '#core/limits.ts';

/** Loopback and the private ranges of RFC 1918 and RFC 4193. */
const NETWORKS_DEFAULT = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::1/128',
  'fc00::/7',
];
/** Networks of one export or share: a page of a configuration; each call's address is held against all of them. */
const NETWORKS_MAX = 256;

export const Networks = v.optional(
  v.pipe(v.array(v.string()), v.maxLength(NETWORKS_MAX)),
  NETWORKS_DEFAULT,
);

/** Throws a sentence for what is no network. */
export function refuseNetworks(networks: readonly string[]): void {
  for (const network of networks) {
    if (ipaddr.isValidCIDR(network)) continue;
    throw new Error(`network ${network}: not in CIDR form, such as 192.168.1.0/24`);
  }
}

export function demandVolume(
  { state: { registry } }: { readonly state: Pick<State, 'registry'> },
  name: string,
): VolumeRecord {
  const volume = registry.volumes.find((record) => record.name === name);
  if (volume !== undefined) return volume;
  const names = registry.volumes.map((record) => record.name).join(', ') || 'none yet';
  throw new Error(`volume ${name}: does not exist; volumes are ${names}`);
}

/** What is added needs room, as what clients add does; what is taken away may use the reserve. */
export function demandRoom({ group }: { readonly group: GroupService }, what: string): void {
  if (group.stateRoom() >= 0) return;
  const reserve = STATE_RESERVE_SIZE / (1024 * 1024);
  throw new Error(
    `${what}: the disk with the state directory has less than ${reserve} MiB free; free some space or give it more`,
  );
}

/** One registry change as an entry of its own; resolves when it is committed, rejects with a sentence when it is not. */
export async function put(
  { group }: { readonly group: GroupService },
  change: RegistryChange,
): Promise<void> {
  // Who was asked may have been replaced while it asked others.
  if (!group.accepting) throw new Error('this box does not serve now; try again in a moment');
  const transaction = group.begin();
  try {
    transaction.registry(change);
  } catch (error) {
    group.abandon();
    throw error;
  }
  await group.committing(group.seal(undefined));
}
