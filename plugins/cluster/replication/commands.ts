/** What an owner may order of a group: volumes, exports, shares, users, addresses, moves. Each command runs on the primary. */
import ipaddr from 'ipaddr.js';
import * as v from 'valibot';
import type { ServiceAddress } from '#core/addresses.ts';
import { parse } from '#core/config.ts';
import type { BoxId } from '#core/group/entry.ts';
import type { Member } from '#core/group/member.ts';
import type { ExportRecord, VolumeRecord } from '#core/group/registry.ts';
import type { Requests } from '#core/group/requests.ts';
import type { GroupService } from '#core/group/service.ts';
import type { State } from '#core/group/state.ts';
import type { Random } from '#core/ports/random.ts';
import { ROOT_ID } from '#core/vfs/inode.ts';
import type { VolumeLimits } from '#core/volume/backend.ts';
import type { ClusterKey } from './cluster-key.ts';
import { demandRoom, demandVolume, Networks, put, refuseNetworks } from './orders.ts';
import { AddressAnswer, PrepareAnswer } from './questions.ts';
import { shareCommands } from './share-commands.ts';
import { userCommands } from './user-commands.ts';

/** nobody, nogroup of Debian and most others. */
const ANONYMOUS_ID = 65_534;
/** An export's id stands in 16 bits of every handle. */
const EXPORT_ID_MAX = 65_535;

const Name = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, 'must be 1 to 32 of a-z, 0-9, _ and -'),
);

const CreateVolume = v.object({
  name: Name,
  /** box -> `posix:/srv/files`, `memory`. */
  backends: v.record(v.string(), v.string()),
  durability: v.optional(v.picklist(['disk', 'memory']), 'disk'),
});

const AddExport = v.object({
  path: v.pipe(v.string(), v.regex(/^\/[^\0]{1,1000}$/, 'must begin with a slash')),
  volume: v.string(),
  networks: Networks,
  squash: v.optional(v.picklist(['root_squash', 'no_root_squash', 'all_squash']), 'root_squash'),
  readOnly: v.optional(v.boolean(), false),
  handles: v.optional(v.picklist(['generic', 'issuer']), 'generic'),
  anonymousUid: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), ANONYMOUS_ID),
  anonymousGid: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), ANONYMOUS_ID),
});

const RemoveExport = v.object({ path: v.string() });
const AddAddress = v.object({ address: v.string(), interface: v.optional(v.string(), '') });
const RemoveAddress = v.object({ address: v.string() });
const Move = v.object({ to: v.string() });

export interface CommandDependencies {
  readonly self: BoxId;
  readonly members: readonly BoxId[];
  readonly group: GroupService;
  readonly member: Member;
  readonly state: State;
  readonly requests: Requests;
  readonly random: Random;
  readonly key: ClusterKey;
  /** Every box that may have to serve has the key afterwards. */
  handKey(): Promise<void>;
  /** A sentence when this box cannot hold the volume there, its limits when it can. */
  prepare(backend: string, path: string, volume: number, name: string): string | VolumeLimits;
  /** A sentence when this box cannot serve at the address. */
  checkAddress(place: ServiceAddress): Promise<string | undefined>;
}

export type Command = (params: unknown) => unknown;

export function commands(deps: CommandDependencies): Readonly<Record<string, Command>> {
  return {
    'volume.create': (params) => createVolume(deps, parse('volume create', CreateVolume, params)),
    'export.add': (params) => addExport(deps, parse('export add', AddExport, params)),
    'export.remove': (params) => removeExport(deps, parse('export remove', RemoveExport, params)),
    'address.add': (params) => addAddress(deps, parse('address add', AddAddress, params)),
    'address.remove': (params) =>
      removeAddress(deps, parse('address remove', RemoveAddress, params)),
    move: (params) => move(deps, parse('move', Move, params)),
    ...userCommands(deps),
    ...shareCommands(deps),
  };
}

async function createVolume(
  deps: CommandDependencies,
  params: v.InferOutput<typeof CreateVolume>,
): Promise<VolumeRecord> {
  demandRoom(deps, `volume ${params.name}`);
  const { registry } = deps.state;
  if (registry.volumes.some((record) => record.name === params.name)) {
    throw new Error(`volume ${params.name}: exists already; choose another name`);
  }
  const id = registry.nextId('volume');
  const places = deps.members.map((box) => {
    const place = params.backends[box];
    if (place === undefined) {
      throw new Error(
        `volume ${params.name}: no backend for box ${box}; add --backend ${box}=posix:/PATH`,
      );
    }
    const colon = place.indexOf(':');
    const backend = colon < 0 ? place : place.slice(0, colon);
    return { box, backend, path: colon < 0 ? '' : place.slice(colon + 1) };
  });
  for (const box of Object.keys(params.backends)) {
    if (deps.members.includes(box as BoxId)) continue;
    throw new Error(`box ${box}: not a member; members are ${deps.members.join(', ')}`);
  }
  const limits = await Promise.all(
    places.map(async ({ box, backend, path }) => {
      const question = { backend, path, volume: id, name: params.name };
      const answer =
        box === deps.self
          ? deps.prepare(backend, path, id, params.name)
          : parse(`box ${box}`, PrepareAnswer, await deps.requests.ask(box, 'prepare', question));
      if (typeof answer === 'string') throw new Error(`box ${box}: ${answer}`);
      return answer;
    }),
  );
  // Others were asked meanwhile, and somebody else may have been quicker.
  if (registry.nextId('volume') !== id) {
    throw new Error(`volume ${params.name}: another volume was made at the same time; try again`);
  }
  const record: VolumeRecord = {
    id,
    name: params.name,
    durability: params.durability,
    fsid: deps.random.bytes(16).toString('hex'),
    limits: least(limits),
    members: Object.fromEntries(places.map(({ box, backend, path }) => [box, { backend, path }])),
  };
  await put(deps, { kind: 'put-volume', record });
  return record;
}

async function addExport(
  deps: CommandDependencies,
  params: v.InferOutput<typeof AddExport>,
): Promise<ExportRecord> {
  demandRoom(deps, `export ${params.path}`);
  const { registry } = deps.state;
  const volume = demandVolume(deps, params.volume);
  if (registry.exports.some((record) => record.path === params.path)) {
    throw new Error(`export ${params.path}: exists already; remove it first`);
  }
  refuseNetworks(params.networks);
  const id = registry.nextId('export');
  if (id > EXPORT_ID_MAX) throw new Error(`exports: all ${EXPORT_ID_MAX} ids are used up`);
  const record: ExportRecord = {
    id,
    volume: volume.id,
    path: params.path,
    root: ROOT_ID,
    networks: params.networks,
    squash: params.squash,
    anonymousUid: params.anonymousUid,
    anonymousGid: params.anonymousGid,
    readOnly: params.readOnly,
    handles: params.handles,
  };
  await put(deps, { kind: 'put-export', record });
  return record;
}

async function removeExport(
  deps: CommandDependencies,
  { path }: v.InferOutput<typeof RemoveExport>,
): Promise<object> {
  const record = deps.state.registry.exports.find((candidate) => candidate.path === path);
  if (record === undefined) throw new Error(`export ${path}: does not exist`);
  await put(deps, { kind: 'remove-export', id: record.id });
  return { removed: path };
}

async function addAddress(
  deps: CommandDependencies,
  params: v.InferOutput<typeof AddAddress>,
): Promise<object> {
  demandRoom(deps, `address ${params.address}`);
  if (!ipaddr.isValid(params.address)) {
    throw new Error(`address ${params.address}: not an IPv4 or IPv6 address`);
  }
  const address = ipaddr.parse(params.address).toString();
  const record = { address, interface: params.interface };
  const sentence = await deps.checkAddress(record);
  if (sentence !== undefined) throw new Error(sentence);
  // One after the other: each asks the network, and must not take another one's question for a rival's.
  for (const box of deps.member.required) {
    const answer = parse(
      `box ${box}`,
      AddressAnswer,
      await deps.requests.ask(box, 'address', record),
    );
    if (answer !== null) throw new Error(`box ${box}: ${answer}`);
  }
  await put(deps, { kind: 'put-address', record });
  return record;
}

async function removeAddress(
  deps: CommandDependencies,
  { address }: v.InferOutput<typeof RemoveAddress>,
): Promise<object> {
  if (!deps.state.registry.addresses.some((record) => record.address === address)) {
    throw new Error(`address ${address}: does not exist`);
  }
  await put(deps, { kind: 'remove-address', address });
  return { removed: address };
}

async function move(
  deps: CommandDependencies,
  { to }: v.InferOutput<typeof Move>,
): Promise<object> {
  if (!deps.members.includes(to as BoxId)) {
    throw new Error(`box ${to}: not a member; members are ${deps.members.join(', ')}`);
  }
  const moved = await deps.member.move(to as BoxId);
  if (!moved.ok) throw new Error(moved.error);
  return { primary: to };
}

function least(limits: readonly VolumeLimits[]): VolumeLimits {
  const min = (pick: (limit: VolumeLimits) => number) => Math.min(...limits.map(pick));
  return {
    nameSizeMax: min((limit) => limit.nameSizeMax),
    fileSizeMax: min((limit) => limit.fileSizeMax),
    symlinkSizeMax: min((limit) => limit.symlinkSizeMax),
    linksMax: min((limit) => limit.linksMax),
  };
}
