/** What an owner may order of shares: volumes, or folders of them, that SMB clients may use. */
import * as v from 'valibot';
import { parse } from '#core/config.ts';
import {
  SHARE_COMMENT_SIZE_MAX,
  SHARE_NAME_SIZE_MAX,
  SHARES_MAX,
  type ShareRecord,
} from '#core/group/registry.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import { nameOfText } from '#core/vfs/name.ts';
import { SET_NOTHING } from '#core/vfs/set-attributes.ts';
import type { Tree } from '#core/volume/operation.ts';
import { setAttributes } from '#core/volume/operations.ts';
import type { Command, CommandDependencies } from './commands.ts';
import { demandRoom, demandVolume, Networks, put, refuseNetworks } from './orders.ts';

/** Names that mean something else to clients ([MS-SRVS] §2.2.2.4): pipes, printers, whole drives. */
const RESERVED = ['ipc$', 'admin$', 'print$'];
const FOLDER_SIZE_MAX = 4096;

/** What Windows refuses in a share's name. */
const Name = v.pipe(
  v.string(),
  v.minLength(1, 'must not be empty'),
  v.maxLength(SHARE_NAME_SIZE_MAX, `must have at most ${SHARE_NAME_SIZE_MAX} characters`),
  v.regex(
    /^[^\p{C}"/\\[\]:;|=,+*?<>]+$/u,
    'must have no control characters and none of "/\\[]:;|=,+*?<>',
  ),
  v.check((name) => !RESERVED.includes(name.toLowerCase()), 'is reserved; choose another'),
);

const Add = v.object({
  name: Name,
  volume: v.string(),
  folder: v.optional(v.pipe(v.string(), v.maxLength(FOLDER_SIZE_MAX)), '/'),
  readOnly: v.optional(v.boolean(), false),
  encrypted: v.optional(v.boolean(), false),
  comment: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(SHARE_COMMENT_SIZE_MAX, `must have at most ${SHARE_COMMENT_SIZE_MAX} characters`),
      v.regex(/^\P{C}*$/u, 'must have no control characters'),
    ),
    '',
  ),
  networks: Networks,
  /** The user whose the folder becomes. */
  owner: v.optional(v.string()),
  /** Permission bits that the folder gets. */
  mode: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0o7777))),
});
const Remove = v.object({ name: v.string() });

export function shareCommands(deps: CommandDependencies): Readonly<Record<string, Command>> {
  return {
    'share.add': (params) => add(deps, parse('share add', Add, params)),
    'share.remove': (params) => remove(deps, parse('share remove', Remove, params)),
  };
}

async function add(
  deps: CommandDependencies,
  { name, volume: volumeName, folder, owner, mode, ...more }: v.InferOutput<typeof Add>,
): Promise<ShareRecord> {
  demandRoom(deps, `share ${name}`);
  const { registry } = deps.state;
  const volume = demandVolume(deps, volumeName);
  const there = registry.share(name);
  if (there !== undefined) {
    throw new Error(`share ${there.name}: exists already; remove it first`);
  }
  if (registry.shares.length >= SHARES_MAX) {
    throw new Error(`share ${name}: there are ${SHARES_MAX} shares, which is the limit`);
  }
  refuseNetworks(more.networks);
  const tree = deps.state.volume(volume.id)?.tree;
  const root = tree && folderOf(tree, folder);
  if (root === undefined) {
    throw new Error(`share ${name}: volume ${volumeName} has no folder ${folder}; make it first`);
  }
  dress(deps, volume.id, root, { owner, mode });
  const id = registry.nextId('share');
  const record: ShareRecord = { id, name, volume: volume.id, root, ...more };
  await put(deps, { kind: 'put-share', record });
  return record;
}

/** A new volume's root is root's, and no user is that. */
function dress(
  { group, state }: CommandDependencies,
  id: number,
  file: FileId,
  { owner, mode }: { readonly owner: string | undefined; readonly mode: number | undefined },
): void {
  const volume = state.volume(id);
  if (volume === undefined || (owner === undefined && mode === undefined)) return;
  const user = owner === undefined ? undefined : state.registry.user(owner);
  if (owner !== undefined && user === undefined) {
    throw new Error(`user ${owner}: does not exist; add it with "user add"`);
  }
  if (!group.accepting) throw new Error('this box does not serve now; try again in a moment');
  const set = { ...SET_NOTHING, mode, uid: user?.uid, gid: user?.gid };
  const args = { file, set, guard: undefined };
  const changed = group.begin().change(setAttributes, volume, ROOT_CALLER, args);
  if (changed.ok) {
    group.seal(undefined);
    return;
  }
  group.abandon();
  throw new Error(`folder of volume ${volume.record.name}: ${changed.error}`);
}

async function remove(
  deps: CommandDependencies,
  { name }: v.InferOutput<typeof Remove>,
): Promise<object> {
  const record = deps.state.registry.share(name);
  if (record === undefined) throw new Error(`share ${name}: does not exist`);
  await put(deps, { kind: 'remove-share', id: record.id });
  return { removed: record.name };
}

function folderOf(tree: Tree, path: string): FileId | undefined {
  let at: FileId = ROOT_ID;
  for (const part of path.split('/')) {
    if (part === '') continue;
    const entry = tree.childFolded(at, nameOfText(part));
    if (entry === undefined || tree.inode(entry.id)?.kind !== 'directory') return undefined;
    at = entry.id;
  }
  return at;
}
