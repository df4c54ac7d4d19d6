/** Reads of names and attributes, by handles that were given long ago and by names. */
import type { Fattr3 } from '#plugins/protocol/nfs/v3/attributes.ts';
import { NFS3_OK, NFS3ERR_NOENT, NFS3ERR_STALE } from '#plugins/protocol/nfs/v3/status.ts';
import type { Actor } from './actor.ts';
import { type FileNode, type Folder, foldersOf, type Node } from './model.ts';

/** Bytes of a page: a few names, so that a takeover comes between two pages. */
const PAGE_SIZE = 512;

export async function getattrHeld(actor: Actor): Promise<void> {
  const file = actor.file();
  actor.note(`GETATTR ${file.fileid}`);
  await checkAttributes(actor, file);
}

/** Only a proven deletion is stale, and it stays one. */
export async function getattrGone(actor: Actor): Promise<void> {
  if (actor.gone.length === 0) return;
  const handle = actor.dice.pick(actor.gone);
  actor.note('GETATTR of a removed file');
  const { status } = await actor.nfs.getattr(handle);
  actor.expect('GETATTR of a removed file', status, NFS3ERR_STALE);
}

export async function lookup(actor: Actor): Promise<void> {
  const { folder, name, node } = actor.spot();
  const what = `LOOKUP ${name}`;
  actor.note(what);
  const answer = await actor.nfs.lookup(folder.handle, name);
  actor.expect(what, answer.status, node === undefined ? NFS3ERR_NOENT : NFS3_OK);
  if (node !== undefined && !answer.object?.equals(node.handle)) {
    actor.fail(`${what}: another handle than before`);
  }
}

export async function readdir(actor: Actor): Promise<void> {
  const folder = actor.dice.pick(foldersOf(actor.top));
  actor.note(`READDIR ${folder.fileid}`);
  const names: { name: string; id: number; cookie: number }[] = [];
  for (let cookie = 0; ; ) {
    const page = await actor.nfs.readdir(folder.handle, cookie, PAGE_SIZE);
    actor.expect('READDIR', page.status, NFS3_OK);
    names.push(...page.names);
    const last = page.names.at(-1);
    if (page.eof || last === undefined) break;
    cookie = last.cookie;
  }
  checkListing(actor, folder, names);
}

/** Names, files and cookies are those that are known, in pages however many. */
export function checkListing(
  actor: Actor,
  folder: Folder,
  listed: readonly { name: string; id: number; cookie: number }[],
): void {
  const names = listed.filter(({ name }) => name !== '.' && name !== '..');
  const found = names.map(({ name }) => name).sort();
  const wanted = [...folder.names.keys()].sort();
  if (found.join() !== wanted.join()) {
    actor.fail(`folder ${folder.fileid}: names are ${found.join()}, wanted ${wanted.join()}`);
  }
  for (const { name, id, cookie } of names) {
    const node = folder.names.get(name);
    if (node?.fileid !== id) actor.fail(`${name}: fileid is ${id}, wanted ${node?.fileid}`);
    const before = folder.cookies.get(name);
    if (before !== undefined && before !== cookie) {
      actor.fail(`${name}: cookie was ${before}, is ${cookie}: made twice, or lost`);
    }
    folder.cookies.set(name, cookie);
  }
}

export async function checkAttributes(actor: Actor, node: Node): Promise<void> {
  const what = `GETATTR ${node.fileid}`;
  const { status, attributes } = await actor.nfs.getattr(node.handle);
  actor.expect(what, status, NFS3_OK);
  if (attributes === undefined) actor.fail(`${what}: no attributes`);
  compareAttributes(actor, what, node, attributes);
}

export function compareAttributes(actor: Actor, what: string, node: Node, found: Fattr3): void {
  const { type, fileid, nlink } = found;
  if (type !== node.kind || fileid !== node.fileid) {
    actor.fail(`${what}: is ${type} ${fileid}, wanted ${node.kind} ${node.fileid}`);
  }
  const links = node.kind === 'directory' ? folderLinks(node) : node.links;
  if (nlink !== links) actor.fail(`${what}: nlink is ${nlink}, wanted ${links}`);
  if (node.kind === 'file') compareFile(actor, what, node, found);
}

function folderLinks(folder: Folder): number {
  return 2 + [...folder.names.values()].filter(({ kind }) => kind === 'directory').length;
}

function compareFile(actor: Actor, what: string, node: FileNode, found: Fattr3): void {
  const { size, mode, ctime } = found;
  if (size !== node.content.length) {
    actor.fail(`${what}: size is ${size}, wanted ${node.content.length}`);
  }
  if (mode !== node.mode) {
    actor.fail(`${what}: mode is ${mode.toString(8)}, wanted ${node.mode.toString(8)}`);
  }
  const known = node.ctime;
  if (
    known !== undefined &&
    (known.seconds !== ctime.seconds || known.nanoseconds !== ctime.nanoseconds)
  ) {
    actor.fail(`${what}: ctime is not the one that the last change told`);
  }
  node.ctime = ctime;
}
