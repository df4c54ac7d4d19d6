/** Who may use which export, and as whom: the registry's exports made ready for the question that every call asks. */
import ipaddr from 'ipaddr.js';
import type { Group } from '#core/group/group.ts';
import type { ExportRecord } from '#core/group/registry.ts';
import type { Caller } from '#core/vfs/caller.ts';
import type { Credential } from './rpc/auth.ts';

type Network = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** One export; made anew when the registry changes. */
export class Export {
  readonly record: ExportRecord;
  readonly #networks: readonly Network[];
  readonly #anonymous: Caller;
  #credential: Credential | undefined;
  #caller: Caller;

  constructor(record: ExportRecord) {
    this.record = record;
    const valid = record.networks.filter((network) => ipaddr.isValidCIDR(network));
    this.#networks = valid.map((network) => ipaddr.parseCIDR(network));
    this.#anonymous = { uid: record.anonymousUid, gid: record.anonymousGid, groups: [] };
    this.#caller = this.#anonymous;
  }

  /** @param address Literal; an IPv4 address in IPv6's clothes counts as IPv4. What is no address is admitted nowhere. */
  admits(address: string): boolean {
    if (!ipaddr.isValid(address)) return false;
    const client = ipaddr.process(address);
    return this.#networks.some(([network, bits]) => {
      return client.kind() === network.kind() && client.match(network, bits);
    });
  }

  /** Who a caller is in this export. One without credentials is always anonymous. */
  callerOf(credential: Credential | undefined): Caller {
    if (credential !== this.#credential) {
      this.#caller = this.#squash(credential);
      this.#credential = credential;
    }
    return this.#caller;
  }

  #squash(credential: Credential | undefined): Caller {
    if (credential === undefined || this.record.squash === 'all_squash') return this.#anonymous;
    if (this.record.squash === 'no_root_squash') return credential;
    const { anonymousUid, anonymousGid } = this.record;
    return {
      uid: credential.uid === 0 ? anonymousUid : credential.uid,
      gid: credential.gid === 0 ? anonymousGid : credential.gid,
      groups: credential.groups.map((group) => (group === 0 ? anonymousGid : group)),
    };
  }
}

export class ExportTable {
  readonly #group: Group;
  #byId = new Map<number, Export>();
  #inOrder: readonly Export[] = [];
  #records: readonly ExportRecord[] | undefined;
  /** Counts changes, so that connections know when what they remember is old. */
  version = 0;

  constructor(group: Group) {
    this.#group = group;
    group.onRegistry(() => this.#refresh());
  }

  get(id: number): Export | undefined {
    return this.#byId.get(id);
  }

  all(): readonly Export[] {
    return this.#inOrder;
  }

  #refresh(): void {
    const records = this.#group.exports();
    if (records === this.#records) return;
    this.#records = records;
    this.#inOrder = records.map((record) => new Export(record));
    this.#byId = new Map(this.#inOrder.map((entry) => [entry.record.id, entry]));
    this.version += 1;
  }
}

/** What one client's address may use, asked once an export and kept until exports change. */
export class Admissions {
  readonly #exports: ExportTable;
  readonly #address: string;
  readonly #answers = new Map<number, boolean>();
  #version = -1;

  constructor(exports: ExportTable, address: string) {
    this.#exports = exports;
    this.#address = address;
  }

  admits(entry: Export): boolean {
    if (this.#version !== this.#exports.version) {
      this.#answers.clear();
      this.#version = this.#exports.version;
    }
    let answer = this.#answers.get(entry.record.id);
    if (answer === undefined) {
      answer = entry.admits(this.#address);
      this.#answers.set(entry.record.id, answer);
    }
    return answer;
  }
}
