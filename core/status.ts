/** What a box answers to the control method `status`: the whole cluster as this box sees it. JSON as it stands. */

export interface StatusPositions {
  readonly staged: number;
  readonly committed: number;
  readonly applied: number;
  /** Last entry that the primary knows this box to have. */
  readonly received: number;
}

export interface StatusBox {
  readonly name: string;
  /** Where other boxes reach it. */
  readonly address: string;
  /** `primary`, `backup`, `catching-up`, `waiting`, ...: the group's own words. */
  readonly role: string;
  /** A link to it is open, or it is this box. */
  readonly up: boolean;
  readonly inSync: boolean;
  readonly primary: boolean;
  /** It takes calls of clients now. */
  readonly serving: boolean;
  readonly positions: StatusPositions;
  /** Entries that it has not yet and the primary has committed. */
  readonly lag: number;
  /** Milliseconds that the primary may still serve without another word of its backups; only where it is known. */
  readonly leaseMs?: number;
  /** What a person would say about it; empty where there is nothing to say. */
  readonly sentence: string;
}

export interface StatusVolume {
  readonly id: number;
  readonly name: string;
  readonly durability: string;
  /** On the box that was asked. */
  readonly backend: string;
  /** Empty where the backend has no place. */
  readonly path: string;
  readonly files?: number;
  /** Bytes, of the medium below it on this box. */
  readonly sizeTotal: number;
  readonly sizeFree: number;
}

export interface StatusExport {
  readonly path: string;
  /** Its volume's name. */
  readonly volume: string;
  readonly networks: readonly string[];
  readonly squash: string;
  readonly readOnly: boolean;
  readonly handles: string;
}

export interface StatusShare {
  readonly name: string;
  /** Its volume's name. */
  readonly volume: string;
  readonly readOnly: boolean;
  readonly encrypted: boolean;
  readonly comment: string;
  readonly networks: readonly string[];
}

/** Never with a secret. */
export interface StatusUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly disabled: boolean;
}

export interface StatusAddress {
  readonly address: string;
  /** Empty: on loopback, or on the interface whose network holds it. */
  readonly interface: string;
  /** The box that was asked answers for it now. */
  readonly held: boolean;
  /** What an owner should know about it; empty where all is well. */
  readonly condition: string;
}

export interface StatusClient {
  readonly address: string;
  /** `nfs3`, `mount3`, ... */
  readonly protocol: string;
  /** Calls since the box that was asked has served it. */
  readonly calls: number;
}

/** Files that a returning box had and the group had not: kept, and for the owner to look at (DESIGN section 4). */
export interface StatusAside {
  /** The file that holds them, on the box that was asked. */
  readonly file: string;
  readonly entries: number;
}

export interface Status {
  readonly cluster: { readonly id: string; readonly name: string };
  /** The box that answers. */
  readonly self: string;
  readonly boxes: readonly StatusBox[];
  readonly view: number;
  readonly committed: number;
  readonly arbiter: { readonly mode: string; readonly condition: string };
  readonly addresses: readonly StatusAddress[];
  readonly volumes: readonly StatusVolume[];
  readonly exports: readonly StatusExport[];
  readonly shares: readonly StatusShare[];
  readonly users: readonly StatusUser[];
  readonly clients: readonly StatusClient[];
  readonly aside: readonly StatusAside[];
  /** Counters and gauges by name, labels in braces: `nfs_calls_total{procedure="READ"}`. */
  readonly statistics: Readonly<Record<string, number>>;
}
