/** Puts a new object under its name: made there, or made before and moved there. */
import { constants, fstatSync, ftruncateSync, readlinkSync, renameSync, type Stats } from 'node:fs';
import type { MirrorNode, Replay } from '#core/volume/backend.ts';
import { ABSENT, type Identity } from './identity.ts';
import { bytesOf } from './layout.ts';
import type { MirrorDependencies } from './mirror.ts';
import { dressOpen, dressPath, isKind, makeNode, modeOf, statAt } from './nodes.ts';
import { codeOf } from './status.ts';

const MAKE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Returns what to remember of the object. Throws the system's errors. */
export function createObject(
  deps: MirrorDependencies,
  path: string,
  node: MirrorNode,
  replay: Replay,
): Identity {
  const stat = replay === 'fresh' ? undefined : statAt(path);
  const waiting = waitingPath(deps, node, replay === 'last' && stat !== undefined);
  const isMade = stat !== undefined && waiting === undefined && isSame(path, stat, node);
  if (stat !== undefined && !isMade) aside(deps, path, replay);
  if (waiting !== undefined) {
    if (replay === 'fresh' && statAt(path) !== undefined) deps.strangers.setAside(path);
    renameSync(bytesOf(waiting), bytesOf(path));
    deps.unnamed.forget(node.id);
  }
  // Content that came in the replay is brought to the object when that is over, from where it is now.
  if (isMade) deps.descriptors.drop(node.id);
  const isThere = isMade || waiting !== undefined;
  if (node.kind === 'file') return finishFile(deps, path, node, isThere);
  return finishOther(deps, path, node, isThere);
}

/** Where the object was made before it had a name. */
function waitingPath(
  { unnamed, reserved }: MirrorDependencies,
  node: MirrorNode,
  isPerhapsMade: boolean,
): string | undefined {
  // What came in a replay says nothing about whether the object was moved to its name before.
  const isOlder = !isPerhapsMade || !unnamed.isReplayed(node.id);
  if (unnamed.has(node.id) && isOlder) return unnamed.path(node.id);
  if (node.reserved === '') return undefined;
  const path = reserved.path(node.reserved);
  return statAt(path) === undefined ? undefined : path;
}

function isSame(path: string, stat: Stats, node: MirrorNode): boolean {
  if (!isKind(stat, node.kind)) return false;
  return node.kind !== 'symlink' || readlinkSync(bytesOf(path), 'latin1') === node.target;
}

function finishFile(
  deps: MirrorDependencies,
  path: string,
  node: MirrorNode,
  isThere: boolean,
): Identity {
  const mode = modeOf('file', node.mode, deps.isRoot);
  const make = (): number => deps.objects.openAt(path, MAKE, mode & 0o777);
  const there = constants.O_RDWR | constants.O_NOFOLLOW;
  const open = isThere ? undefined : deps.descriptors.put(node.id, despite(deps, path, make));
  const { fd } =
    open ??
    deps.descriptors.get(node.id) ??
    deps.descriptors.put(node.id, deps.objects.openAt(path, there, 0));
  const stat = fstatSync(fd);
  // Content of later entries may be here already: a file is never made smaller by its creation.
  if (node.size > stat.size) ftruncateSync(fd, node.size);
  deps.owners.dress((owners) => dressOpen(fd, stat, { attributes: node, mode, owners }));
  return deps.objects.identify(stat);
}

function finishOther(
  deps: MirrorDependencies,
  path: string,
  node: MirrorNode,
  isThere: boolean,
): Identity {
  const mode = modeOf(node.kind, node.mode, deps.isRoot);
  const make = (): boolean => makeNode(path, node, mode & 0o777, deps.syscalls);
  if (!isThere && !despite(deps, path, make)) return ABSENT;
  const stat = statAt(path);
  if (stat === undefined) throw new Error('it was removed while it was made');
  deps.owners.dress((owners) => dressPath(path, stat, { attributes: node, mode, owners }));
  return deps.objects.identify(stat);
}

/** Makes something at a path at which a stranger may stand. */
export function despite<T>(deps: MirrorDependencies, path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    deps.strangers.setAside(path);
    return make();
  }
}

/** Moves what stands in the way: a stranger, or, in a replay, perhaps one of ours that a later call will look for. */
export function aside(deps: MirrorDependencies, path: string, replay: Replay): void {
  const stat = replay === 'maybe' ? statAt(path) : undefined;
  if (stat === undefined) deps.strangers.setAside(path);
  else deps.doubt.keep(path, stat, false);
}
