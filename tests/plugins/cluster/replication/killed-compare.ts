/** A model, a volume's catalog and content, and the folder that people see: every difference as a sentence. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type FileId, type Inode, ROOT_ID } from '#core/vfs/inode.ts';
import type { Volume } from '#core/volume/volume.ts';
import type { Made } from './killed-journal.ts';
import type { Node } from './killed-model.ts';

export interface Compared {
  readonly volume: Volume;
  readonly tree: string;
  readonly made: Made;
  /** What was written UNSTABLE and not committed may be gone. */
  readonly hasLostLoose: boolean;
  /** Warnings of the process. */
  readonly lines: readonly string[];
}

export function differences(compared: Compared): string[] {
  const found: string[] = [];
  compareDirectory(compared, found, ROOT_ID, '');
  if (!compared.hasLostLoose) {
    const strangers = readdirSync(join(compared.tree, '.understudy', 'strangers'));
    for (const name of strangers) found.push(`${name}: was set aside as a stranger's`);
    for (const line of compared.lines) found.push(`log: ${line}`);
  }
  return found;
}

function compareDirectory(
  compared: Compared,
  found: string[],
  directory: FileId,
  path: string,
): void {
  const { volume, tree, made } = compared;
  const entries = volume.tree.entries(directory);
  const names = entries.map(({ name }) => name).sort();
  const expected = made.model
    .childrenOf(path)
    .map((child) => child.slice(child.lastIndexOf('/') + 1))
    .sort();
  const shown = readdirSync(join(tree, path))
    .filter((name) => name !== '.understudy')
    .sort();
  if (names.join() !== expected.join())
    found.push(`${path}/: catalog has ${names}, not ${expected}`);
  if (shown.join() !== expected.join())
    found.push(`${path}/: folder has ${shown}, not ${expected}`);
  for (const { name, id } of entries) {
    const child = path === '' ? name : `${path}/${name}`;
    const node = made.model.nodes.get(child);
    const inode = volume.tree.inode(id);
    if (node === undefined || !shown.includes(name)) continue;
    if (inode === undefined) found.push(`${child}: no inode`);
    else compareNode(compared, found, inode, child, node);
  }
}

function compareNode(
  compared: Compared,
  found: string[],
  inode: Inode,
  path: string,
  node: Node,
): void {
  if (inode.kind !== node.kind) {
    found.push(`${path}: is a ${inode.kind}, not a ${node.kind}`);
    return;
  }
  const full = join(compared.tree, path);
  const stat = lstatSync(full);
  if (inode.mode !== node.mode) found.push(`${path}: mode ${inode.mode.toString(8)}`);
  if (node.kind === 'directory') {
    if (!stat.isDirectory()) found.push(`${path}: no folder`);
    else compareDirectory(compared, found, inode.id, path);
    return;
  }
  const links = compared.made.model.linksOf(node);
  if (inode.nlink !== links) found.push(`${path}: ${inode.nlink} links, not ${links}`);
  if (stat.nlink !== links) found.push(`${path}: ${stat.nlink} links in the folder, not ${links}`);
  if (node.kind === 'symlink') {
    if (inode.target !== node.target) found.push(`${path}: target ${inode.target}`);
    if (!stat.isSymbolicLink() || readlinkSync(full) !== node.target)
      found.push(`${path}: other link`);
    return;
  }
  if (!stat.isFile()) found.push(`${path}: no file in the folder`);
  else if ((stat.mode & 0o7777) !== (node.mode | 0o600))
    found.push(`${path}: mode ${stat.mode.toString(8)} in the folder`);
  compareContent(compared, found, inode, path, node);
}

function compareContent(
  compared: Compared,
  found: string[],
  inode: Inode,
  path: string,
  node: Node,
): void {
  if (inode.size !== node.data.length)
    found.push(`${path}: ${inode.size} bytes, not ${node.data.length}`);
  if (compared.made.touched.has(node.id) || (compared.hasLostLoose && node.loose)) return;
  const content = Buffer.alloc(inode.size);
  compared.volume.readNow(inode.id, 0, content);
  if (!content.equals(node.data))
    found.push(`${path}: content differs ${where(content, node.data)}`);
  const shown = readFileSync(join(compared.tree, path));
  if (!shown.equals(node.data))
    found.push(`${path}: content in the folder differs ${where(shown, node.data)}`);
}

function where(one: Buffer, other: Buffer): string {
  const at = [...one].findIndex((byte, index) => byte !== other[index]);
  return `(${one.length} and ${other.length} bytes, first at ${at}: ${one[at]} for ${other[at]})`;
}
