/**
 * The group's own replicated table: volumes, exports, addresses, keys. Small, so its entries are JSON, and it is held whole
 * in memory; a row a record in the store.
 */
import type { HandleStrategy } from '../vfs/handle.ts';
import type { VolumeLimits } from '../volume/backend.ts';
import type { BoxId } from './entry.ts';

/** `disk`: synced on every in-sync box before a stable reply. `memory`: in the memory of every in-sync box. */
export type Durability = 'disk' | 'memory';

export interface VolumeRecord {
  /** From 1; 0 is the registry itself. Never reused. */
  readonly id: number;
  readonly name: string;
  readonly durability: Durability;
  /** 16 bytes, hex: NFS shows its first half as fsid. */
  readonly fsid: string;
  readonly limits: VolumeLimits;
  /** Where its bytes live on each member. */
  readonly members: Readonly<Record<BoxId, { readonly backend: string; readonly path: string }>>;
}

export type Squash = 'root_squash' | 'no_root_squash' | 'all_squash';

export interface ExportRecord {
  /** From 1, at most 65,535; part of every handle, never reused. */
  readonly id: number;
  readonly volume: number;
  /** What clients name in MOUNT: `/files`. */
  readonly path: string;
  /** The folder of the volume that it offers: its file id. */
  readonly root: number;
  /** Networks in CIDR form that may use it. */
  readonly networks: readonly string[];
  readonly squash: Squash;
  /** Who squashed callers become. */
  readonly anonymousUid: number;
  readonly anonymousGid: number;
  readonly readOnly: boolean;
  readonly handles: HandleStrategy;
}

export interface AddressRecord {
  /** IPv4 or IPv6, literal. */
  readonly address: string;
  /** Empty on loopback, where the address is only bound, and where each box finds the interface by its networks. */
  readonly interface: string;
}

export interface HandleKey {
  /** 0 to 255; stands in the handle. */
  readonly id: number;
  /** 16 bytes, hex. */
  readonly secret: string;
}

/** One change of the registry, as it stands in an entry (JSON). `put` replaces, `remove` takes away. */
export type RegistryChange =
  | { readonly kind: 'put-volume'; readonly record: VolumeRecord }
  | { readonly kind: 'put-export'; readonly record: ExportRecord }
  | { readonly kind: 'remove-export'; readonly id: number }
  | { readonly kind: 'put-address'; readonly record: AddressRecord }
  | { readonly kind: 'remove-address'; readonly address: string }
  | { readonly kind: 'put-handle-key'; readonly record: HandleKey }
  /** Unstable data may have been lost everywhere: clients must be told to send it again. 8 bytes, hex. */
  | { readonly kind: 'put-verifier'; readonly verifier: string };
