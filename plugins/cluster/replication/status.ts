/** What this box answers to `status`: the whole cluster as it sees it (core/status.ts). */
import type { Addresses } from '#core/addresses.ts';
import type { BoxId } from '#core/group/entry.ts';
import type { Link } from '#core/group/link.ts';
import type { Member } from '#core/group/member.ts';
import type { MemberStatus, PeerStatus } from '#core/group/member-status.ts';
import type { State } from '#core/group/state.ts';
import type { Stats } from '#core/stats.ts';
import type { Status, StatusBox, StatusClient, StatusVolume } from '#core/status.ts';

export interface StatusSource {
  readonly self: BoxId;
  readonly cluster: string;
  readonly address: string;
  readonly members: readonly BoxId[];
  readonly peers: Readonly<Record<string, string>>;
  readonly member: Member;
  readonly state: State;
  readonly link: Link;
  readonly stats: Stats;
  readonly addresses: Addresses;
  /** How many entries a file that was set aside holds. */
  asideEntries(file: string): number;
}

/** Counted per client by the frontends, with labels `address` and `protocol`. */
const CLIENT_CALLS = 'client_calls_total';

export function statusOf(source: StatusSource): Status {
  const { self, cluster, members, state } = source;
  const status = source.member.status();
  const { registry } = state;
  const names = new Map(registry.volumes.map((record) => [record.id, record.name]));
  return {
    cluster: { id: cluster, name: cluster },
    self,
    boxes: members.map((box) =>
      box === self ? ownRow(source, status) : peerRow(source, status, box),
    ),
    view: status.view,
    committed: status.committed,
    arbiter: status.arbiter,
    addresses: registry.addresses.map((record) => ({
      ...record,
      held: source.addresses.held.includes(record.address),
      condition: source.addresses.condition(record.address),
    })),
    volumes: state.volumes().map((volume): StatusVolume => {
      const { record, backend } = volume;
      const place = record.members[self];
      const { sizeTotal, sizeFree } = backend.space();
      return {
        id: record.id,
        name: record.name,
        durability: record.durability,
        backend: place?.backend ?? '',
        path: place?.path ?? '',
        sizeTotal,
        sizeFree,
      };
    }),
    exports: registry.exports.map((record) => ({
      path: record.path,
      volume: names.get(record.volume) ?? '',
      networks: record.networks,
      squash: record.squash,
      readOnly: record.readOnly,
      handles: record.handles,
    })),
    shares: registry.shares.map(({ name, volume, readOnly, encrypted, comment, networks }) => ({
      name,
      volume: names.get(volume) ?? '',
      readOnly,
      encrypted,
      comment,
      networks,
    })),
    users: registry.users.map(({ name, uid, gid, groups, disabled }) => ({
      name,
      uid,
      gid,
      groups,
      disabled,
    })),
    clients: clientsOf(source.stats),
    aside: status.aside.map((file) => ({ file, entries: source.asideEntries(file) })),
    statistics: Object.fromEntries(
      source.stats
        .rows()
        .filter((row) => row.name !== CLIENT_CALLS)
        .map(({ name, labels, value }) => [named(name, labels), value]),
    ),
  };
}

function ownRow(source: StatusSource, status: MemberStatus): StatusBox {
  const { staged, committed, applied } = status;
  return {
    name: source.self,
    address: source.address,
    role: status.role,
    up: true,
    inSync: status.configuration.inSync.includes(source.self),
    primary: status.configuration.primary === source.self,
    serving: status.serving,
    positions: { staged, committed, applied, received: staged },
    lag: 0,
    ...(status.leaseMs !== undefined && { leaseMs: status.leaseMs }),
    sentence: status.sentence,
  };
}

function peerRow(source: StatusSource, status: MemberStatus, box: BoxId): StatusBox {
  const peer = status.peers.find((row) => row.box === box);
  const isPrimary = status.configuration.primary === box;
  const received = peer?.received ?? 0;
  const committed = peer?.committed ?? 0;
  return {
    name: box,
    address: source.peers[box] ?? '',
    role: isPrimary ? 'primary' : peer?.inSync ? 'backup' : 'away',
    up: source.link.isUp(box),
    inSync: peer?.inSync ?? false,
    primary: isPrimary,
    // Only the box itself knows whether it takes calls; from here it is likely while it is primary and there.
    serving: isPrimary && source.link.isUp(box),
    positions: { staged: received, committed, applied: committed, received },
    lag: peer?.lag ?? 0,
    sentence: sentenceOf(source, peer, box),
  };
}

function sentenceOf(source: StatusSource, peer: PeerStatus | undefined, box: BoxId): string {
  if (!source.link.isUp(box)) return 'no link to it';
  return peer?.inSync ? '' : 'not in sync';
}

function clientsOf(stats: Stats): StatusClient[] {
  return stats
    .rows()
    .filter((row) => row.name === CLIENT_CALLS)
    .map(({ labels, value }) => ({
      address: labels['address'] ?? '',
      protocol: labels['protocol'] ?? '',
      calls: value,
    }));
}

function named(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}
