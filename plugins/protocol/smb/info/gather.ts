/** Gathers what the classes of a file tell (facts.ts), from the catalog and the open. */
import type { Inode } from '#core/vfs/inode.ts';
import { HAS_ATTRIBUTES } from '#core/vfs/inode.ts';
import { textOfName } from '#core/vfs/name.ts';
import type { Tree } from '#core/volume/operation.ts';
import type { FileOpen } from '../open.ts';
import type { Scene } from '../scene.ts';
import { allocationOf, attributesOf, endOfFileOf } from './attributes.ts';
import type { BasicFacts, EaFacts, FileFacts, StreamFacts } from './facts.ts';
import { eaSizeOf } from './full-ea.ts';
import { pathBelow } from './path.ts';
import { volumeSerialOf } from './volume-facts.ts';

/** What a listing tells of a name's file: of its unnamed content. */
export function basicFactsOf(tree: Tree, inode: Inode): BasicFacts {
  const endOfFile = endOfFileOf(inode);
  return {
    btime: inode.btime,
    atime: inode.atime,
    mtime: inode.mtime,
    ctime: inode.ctime,
    attributes: attributesOf(inode),
    endOfFile,
    allocation: allocationOf(endOfFile),
    id: inode.id,
    eaSize: eaSizeOf(easOf(tree, inode)),
  };
}

/** `undefined` when the file is gone. */
export function factsOf(scene: Scene, open: FileOpen): FileFacts | undefined {
  const { tree } = open.volume;
  const inode = tree.inode(open.file);
  const content = tree.inode(open.content);
  if (inode === undefined || content === undefined) return undefined;
  const ref = { volume: open.volume.record.id, file: open.content };
  const deletePending = scene.opens.isDeletePending(ref);
  const endOfFile = endOfFileOf(content);
  return {
    ...basicFactsOf(tree, inode),
    endOfFile,
    allocation: allocationOf(Math.max(endOfFile, open.allocation)),
    isDirectory: open.isDirectory,
    links: linksOf(inode, deletePending),
    deletePending,
    access: open.granted,
    position: open.position,
    mode: open.mode,
    // Looked for only where it is asked for: each folder above is searched for its name.
    get path() {
      return pathOf(open);
    },
    volumeSerial: volumeSerialOf(open.volume),
    streams: () => streamsOf(tree, inode),
    eas: () => easOf(tree, inode),
  };
}

/** As NTFS counts: a folder has one name, and one that is going does not count. */
function linksOf(inode: Inode, deletePending: boolean): number {
  const links = inode.kind === 'directory' ? 1 : inode.nlink;
  return Math.max(0, deletePending ? links - 1 : links);
}

/** From the root of the share on, the first backslash before it; that of a file without a name is its last. */
export function pathOf(open: FileOpen): string {
  const { tree } = open.volume;
  const root = open.share.root;
  const stream = open.stream === '' ? '' : `:${open.stream}`;
  if (open.file === root) return `\\${stream}`;
  const path = pathBelow(tree, root, open.place);
  return `\\${path ?? textOfName(open.place.name)}${stream}`;
}

function streamsOf(tree: Tree, inode: Inode): StreamFacts[] {
  const own = inode.kind === 'directory' ? [] : [{ name: '', size: inode.size }];
  const named = tree.streams(inode.id).map(({ name, id }) => ({
    name: textOfName(name),
    size: tree.inode(id)?.size ?? 0,
  }));
  return [...own, ...named];
}

const NO_EAS: readonly EaFacts[] = [];

export function easOf(tree: Tree, inode: Inode): readonly EaFacts[] {
  return (inode.holds & HAS_ATTRIBUTES) === 0 ? NO_EAS : tree.extras(inode.id, 'attribute');
}
