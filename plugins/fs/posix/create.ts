/** Puts a new object under its name: made there, or made before and moved there. */
import { constants, fstatSync, renameSync } from 'node:fs';
import type { MirrorNode } from '#core/volume/backend.ts';
import { ABSENT, type Identity } from './identity.ts';
import { bytesOf, bytesWithNul } from './layout.ts';
import type { MirrorDependencies } from './mirror.ts';
import { dressOpen, dressPath, makeNode, modeOf, statAt } from './nodes.ts';
import { codeOf } from './status.ts';

const MAKE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const THERE = constants.O_RDWR | constants.O_NOFOLLOW;

/** Returns what to remember of the object. Throws the system's errors. */
export function createObject(deps: MirrorDependencies, path: string, node: MirrorNode): Identity {
  const waiting = waitingPath(deps, node);
  if (waiting !== undefined) {
    if (statAt(path) !== undefined) deps.strangers.setAside(path);
    renameSync(bytesOf(waiting), bytesOf(path));
    deps.unnamed.forget(node.id);
  }
  const isThere = waiting !== undefined;
  if (node.kind === 'file') return finishFile(deps, path, node, isThere);
  return finishOther(deps, path, node, isThere);
}

/** Where the object was made before it had a name. */
function waitingPath(
  { unnamed, reserved }: MirrorDependencies,
  node: MirrorNode,
): string | undefined {
  if (unnamed.has(node.id)) return unnamed.path(node.id);
  if (node.reserved === '') return undefined;
  const path = reserved.path(node.reserved);
  return statAt(path) === undefined ? undefined : path;
}

function finishFile(
  deps: MirrorDependencies,
  path: string,
  node: MirrorNode,
  isThere: boolean,
): Identity {
  const { descriptors, objects, labels, owners } = deps;
  const mode = modeOf('file', node.mode, deps.isRoot);
  const make = (): number => objects.openAt(path, MAKE, mode & 0o777);
  const { fd } = isThere
    ? (descriptors.get(node.id) ?? descriptors.put(node.id, objects.openAt(path, THERE, 0)))
    : descriptors.put(node.id, despite(deps, path, make));
  labels.put(fd, node.id);
  const stat = fstatSync(fd);
  owners.dress((owned) => dressOpen(fd, stat, { attributes: node, mode, owners: owned }));
  return objects.identify(stat);
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
  if (node.kind === 'directory') deps.labels.put(bytesWithNul(path), node.id);
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
