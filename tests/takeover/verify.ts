/** Everything of a worker's model against what the server shows, and against the plain tree on a box's disk. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { NFS3_OK } from '#plugins/protocol/nfs/v3/status.ts';
import type { Actor } from './actor.ts';
import { checkAttributes, checkListing, compareAttributes } from './acts-of-looking.ts';
import { difference } from './acts-on-content.ts';
import type { FileNode, Folder, Node } from './model.ts';

const READ_SIZE = 64 * 1024;

/** Throws with what differs. */
export async function verify(actor: Actor): Promise<void> {
  actor.note('comparing everything');
  await verifyFolder(actor, actor.top);
  for (const file of actor.veterans) await checkAttributes(actor, file);
}

async function verifyFolder(actor: Actor, folder: Folder): Promise<void> {
  await checkAttributes(actor, folder);
  const listed = await actor.nfs.list(folder.handle);
  checkListing(actor, folder, listed);
  for (const { name, handle, attributes } of listed) {
    const node = folder.names.get(name);
    if (node === undefined) actor.fail(`${name}: nobody made it`);
    if (!handle?.equals(node.handle)) actor.fail(`${name}: another handle than before`);
    if (attributes !== undefined) compareAttributes(actor, name, node, attributes);
    await verifyContent(actor, name, node);
    if (node.kind === 'directory') await verifyFolder(actor, node);
  }
}

async function verifyContent(actor: Actor, name: string, node: Node): Promise<void> {
  if (node.kind === 'symlink') {
    const { status, target } = await actor.nfs.readlink(node.handle);
    actor.expect(`READLINK ${name}`, status, NFS3_OK);
    if (target !== node.target) actor.fail(`${name}: target is ${target}, wanted ${node.target}`);
  }
  if (node.kind !== 'file') return;
  const found = await readAll(actor, name, node);
  if (!found.equals(node.content)) actor.fail(`${name}: ${difference(node.content, found)}`);
}

async function readAll(actor: Actor, name: string, file: FileNode): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let offset = 0; ; ) {
    const answer = await actor.nfs.read(file.handle, offset, READ_SIZE);
    actor.expect(`READ ${name}`, answer.status, NFS3_OK);
    chunks.push(Buffer.from(answer.data));
    offset += answer.data.length;
    if (answer.eof || answer.data.length === 0) return Buffer.concat(chunks);
  }
}

/** Sentences on what a folder on disk has otherwise than the model, of one that may be changing still. */
export function compareDisk(folder: Folder, path: string): readonly string[] {
  try {
    return compareFolder(folder, path);
  } catch (error) {
    return [(error as Error).message];
  }
}

function compareFolder(folder: Folder, path: string): readonly string[] {
  const found = readdirSync(path).sort();
  const wanted = [...folder.names.keys()].sort();
  if (found.join() !== wanted.join()) {
    return [`${path}: names are ${found.join()}, wanted ${wanted.join()}`];
  }
  return [...folder.names].flatMap(([name, node]) => compareNode(node, join(path, name)));
}

function compareNode(node: Node, path: string): readonly string[] {
  const stat = lstatSync(path);
  if (node.kind === 'directory') {
    return stat.isDirectory() ? compareFolder(node, path) : [`${path}: is no folder`];
  }
  if (node.kind === 'symlink') {
    return readlinkSync(path, 'latin1') === node.target ? [] : [`${path}: target differs`];
  }
  const found = readFileSync(path);
  if (!found.equals(node.content)) return [`${path}: ${difference(node.content, found)}`];
  return stat.nlink === node.links ? [] : [`${path}: nlink is ${stat.nlink}, wanted ${node.links}`];
}
