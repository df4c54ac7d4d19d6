/** Puts a new object under its name: made there, or made before and moved there. */
import { constants, fstatSync, renameSync } from 'node:fs';
import type { MirrorNode } from '#core/volume/backend.ts';
import { ABSENT, type Identity } from './identity.ts';
import { bytesOf, bytesWithNul } from './layout.ts';
import { dressOpen, dressPath, makeNode, modeOf, statAt } from './nodes.ts';
import type { Parts } from './parts.ts';
import { codeOf } from './status.ts';

const MAKE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const THERE = constants.O_RDWR | constants.O_NOFOLLOW;

/** Returns what to remember of the object. Throws the system's errors. */
export function createObject(parts: Parts, path: string, node: MirrorNode): Identity {
  const waiting = waitingPath(parts, node);
  if (waiting !== undefined) {
    if (statAt(path) !== undefined) parts.strangers.setAside(path);
    renameSync(bytesOf(waiting), bytesOf(path));
    parts.unnamed.forget(node.id);
  }
  const isThere = waiting !== undefined;
  if (node.kind === 'file') return finishFile(parts, path, node, isThere);
  return finishOther(parts, path, node, isThere);
}

/** Where the object was made before it had a name. */
function waitingPath({ unnamed, reserved }: Parts, node: MirrorNode): string | undefined {
  if (unnamed.has(node.id)) return unnamed.path(node.id);
  if (node.reserved === '') return undefined;
  const path = reserved.path(node.reserved);
  return statAt(path) === undefined ? undefined : path;
}

function finishFile(parts: Parts, path: string, node: MirrorNode, isThere: boolean): Identity {
  const { descriptors, objects, labels, owners } = parts;
  const mode = modeOf('file', node.mode, parts.isRoot);
  const make = (): number => objects.openAt(path, MAKE, mode & 0o777);
  const { fd } = isThere
    ? (descriptors.get(node.id) ?? descriptors.put(node.id, objects.openAt(path, THERE, 0)))
    : descriptors.put(node.id, despite(parts, path, make));
  labels.put(fd, node.id);
  const stat = fstatSync(fd);
  owners.dress((owned) => dressOpen(fd, stat, { attributes: node, mode, owners: owned }));
  return objects.identify(stat);
}

function finishOther(parts: Parts, path: string, node: MirrorNode, isThere: boolean): Identity {
  const mode = modeOf(node.kind, node.mode, parts.isRoot);
  const make = (): boolean => makeNode(path, node, mode & 0o777, parts.syscalls);
  if (!isThere && !despite(parts, path, make)) return ABSENT;
  if (node.kind === 'directory') parts.labels.put(bytesWithNul(path), node.id);
  const stat = statAt(path);
  if (stat === undefined) throw new Error('it was removed while it was made');
  parts.owners.dress((owners) => dressPath(path, stat, { attributes: node, mode, owners }));
  return parts.objects.identify(stat);
}

/** Makes something at a path at which a stranger may stand. */
export function despite<T>(parts: Parts, path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    parts.strangers.setAside(path);
    return make();
  }
}
