/**
 * The group's own replicated table: volumes, exports, shares, users, addresses, keys. Small, so its entries are JSON, and it is held whole
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

/** Characters of a user's name: what Windows lets a local account have (UNLEN is 256, but its tools stop at 20). */
export const USER_NAME_SIZE_MAX = 64;
/** As many as AUTH_SYS carries (RFC 5531 §14). */
export const USER_GROUPS_MAX = 16;
/** Characters of a share's name ([MS-SRVS] §2.2.4.22: NNLEN). */
export const SHARE_NAME_SIZE_MAX = 80;
/** Characters of what is shown beside a share. */
export const SHARE_COMMENT_SIZE_MAX = 256;
/** Each is in memory on every box, and a row of the registry. */
export const USERS_MAX = 10_000;
export const SHARES_MAX = 1000;

/** A user of the cluster's own, for protocols that ask for a password. */
export interface UserRecord {
  /** From 1, never reused. */
  readonly id: number;
  /** Unique without regard to case. */
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
  /** The NT hash of the password, sealed under the cluster's key: nonce, ciphertext and tag, hex. */
  readonly secret: string;
  readonly disabled: boolean;
}

export interface ShareRecord {
  /** From 1, never reused. */
  readonly id: number;
  /** What clients name: unique without regard to case. */
  readonly name: string;
  readonly volume: number;
  /** The folder of the volume that it offers: its file id. */
  readonly root: number;
  readonly readOnly: boolean;
  /** Sessions that do not encrypt are refused. */
  readonly encrypted: boolean;
  /** Shown beside it in listings. */
  readonly comment: string;
  /** Networks in CIDR form that may use it. */
  readonly networks: readonly string[];
}

/** What the cluster is to SMB clients, on whichever box: put once. */
export interface ServerIdentity {
  /** ServerGuid ([MS-SMB2] §2.2.4): 16 bytes, hex. */
  readonly guid: string;
  /** The three words that make its SIDs its own (S-1-5-21-...), 32 bits each. */
  readonly domain: readonly [number, number, number];
  /** Names the key under which users' secrets are sealed: 8 bytes of its SHA-256, hex. The key is in no log and no store. */
  readonly keyId: string;
}

/** One change of the registry, as it stands in an entry (JSON). `put` replaces, `remove` takes away. */
export type RegistryChange =
  | { readonly kind: 'put-volume'; readonly record: VolumeRecord }
  | { readonly kind: 'put-export'; readonly record: ExportRecord }
  | { readonly kind: 'remove-export'; readonly id: number }
  | { readonly kind: 'put-address'; readonly record: AddressRecord }
  | { readonly kind: 'remove-address'; readonly address: string }
  | { readonly kind: 'put-handle-key'; readonly record: HandleKey }
  | { readonly kind: 'put-user'; readonly record: UserRecord }
  | { readonly kind: 'remove-user'; readonly id: number }
  | { readonly kind: 'put-share'; readonly record: ShareRecord }
  | { readonly kind: 'remove-share'; readonly id: number }
  | { readonly kind: 'put-server-identity'; readonly record: ServerIdentity }
  /** Unstable data may have been lost everywhere: clients must be told to send it again. 8 bytes, hex. */
  | { readonly kind: 'put-verifier'; readonly verifier: string };
