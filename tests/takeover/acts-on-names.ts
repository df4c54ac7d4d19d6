/** Calls that must not run twice: each has one right answer, and a second execution would have another. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  NFS3_OK,
  NFS3ERR_EXIST,
  NFS3ERR_ISDIR,
  NFS3ERR_NOENT,
  NFS3ERR_NOTDIR,
  NFS3ERR_NOTEMPTY,
} from '#plugins/protocol/nfs/v3/status.ts';
import { type Actor, newFile, type Spot } from './actor.ts';
import { dropName, newFolder, setName } from './model.ts';

const MODE = 0o640;
/** Of a file that was created EXCLUSIVE: nobody may anything until its maker has set attributes. */
const EXCLUSIVE_MODE = 0;
const FOLDERS = ['d0', 'd1', 'd2'] as const;
const VERIFIER_SIZE = 8;

export async function create(actor: Actor): Promise<void> {
  const spot = actor.spot();
  const { folder, name, node } = spot;
  const how = actor.dice.pick(['unchecked', 'guarded'] as const);
  const what = `CREATE ${how} ${name}`;
  actor.note(what);
  const answer = await actor.nfs.create(folder.handle, name, how, { mode: MODE });
  if (node === undefined) {
    actor.made(what, spot, answer, (made) => newFile(made, MODE));
  } else if (how === 'unchecked' && node.kind === 'file') {
    actor.expect(what, answer.status, NFS3_OK);
    if (!answer.object?.equals(node.handle)) actor.fail(`${what}: another handle than before`);
    actor.wcc(what, folder, answer.dir);
  } else {
    actor.expect(what, answer.status, NFS3ERR_EXIST);
  }
}

/** With the verifier again it is the same file; with another it is somebody else's. */
export async function createExclusive(actor: Actor): Promise<void> {
  const spot = actor.spot();
  const { folder, name, node } = spot;
  const what = `CREATE exclusive ${name}`;
  actor.note(what);
  const verifier = actor.stamp(VERIFIER_SIZE);
  verifier.writeUInt32BE(actor.dice.below(0x1_0000_0000), 0);
  const answer = await actor.nfs.createExclusive(folder.handle, name, verifier);
  if (node !== undefined) return actor.expect(what, answer.status, NFS3ERR_EXIST);
  const made = actor.made(what, spot, answer, (file) => newFile(file, EXCLUSIVE_MODE));
  if (actor.dice.chance(2)) await sleep(actor.dice.below(50));
  const again = await actor.nfs.createExclusive(folder.handle, name, verifier);
  actor.expect(`${what} again`, again.status, NFS3_OK);
  if (!again.object?.equals(made.handle)) actor.fail(`${what} again: another handle`);
  const other = Buffer.from(verifier);
  other.writeUInt8(other.readUInt8(0) ^ 0xff, 0);
  const refused = await actor.nfs.createExclusive(folder.handle, name, other);
  actor.expect(`${what} with another verifier`, refused.status, NFS3ERR_EXIST);
}

export async function symlink(actor: Actor): Promise<void> {
  const spot = actor.spot();
  const target = `to/${actor.stamp(24).toString('latin1')}`;
  const what = `SYMLINK ${spot.name}`;
  actor.note(what);
  const answer = await actor.nfs.symlink(spot.folder.handle, spot.name, target);
  if (spot.node !== undefined) return actor.expect(what, answer.status, NFS3ERR_EXIST);
  actor.made(what, spot, answer, (made) => ({ kind: 'symlink', ...made, target, links: 1 }));
}

export async function link(actor: Actor): Promise<void> {
  const { folder, name, node } = actor.spot();
  const file = actor.file();
  const what = `LINK ${name}`;
  actor.note(what);
  const answer = await actor.nfs.link(file.handle, folder.handle, name);
  actor.expect(what, answer.status, node === undefined ? NFS3_OK : NFS3ERR_EXIST);
  if (node !== undefined) return;
  setName(folder, name, file);
  file.links += 1;
  file.ctime = undefined;
  folder.ctime = undefined;
}

export async function remove(actor: Actor): Promise<void> {
  const { folder, name, node } = actor.dice.chance(20) ? folderSpot(actor) : actor.spot();
  const what = `REMOVE ${name}`;
  actor.note(what);
  const answer = await actor.nfs.remove(folder.handle, name);
  if (node === undefined) return actor.expect(what, answer.status, NFS3ERR_NOENT);
  if (node.kind === 'directory') return actor.expect(what, answer.status, NFS3ERR_ISDIR);
  actor.expect(what, answer.status, NFS3_OK);
  actor.wcc(what, folder, answer.wcc);
  dropName(folder, name);
  actor.lostName(node);
}

export async function mkdir(actor: Actor): Promise<void> {
  const spot = folderSpot(actor);
  const what = `MKDIR ${spot.name}`;
  actor.note(what);
  const answer = await actor.nfs.mkdir(spot.folder.handle, spot.name, { mode: 0o750 });
  if (spot.node !== undefined) return actor.expect(what, answer.status, NFS3ERR_EXIST);
  actor.made(what, spot, answer, ({ handle, fileid }) => newFolder(handle, fileid));
}

export async function rmdir(actor: Actor): Promise<void> {
  const { folder, name, node } = actor.dice.chance(10) ? actor.spot() : folderSpot(actor);
  const what = `RMDIR ${name}`;
  actor.note(what);
  const answer = await actor.nfs.rmdir(folder.handle, name);
  if (node === undefined) return actor.expect(what, answer.status, NFS3ERR_NOENT);
  if (node.kind !== 'directory') return actor.expect(what, answer.status, NFS3ERR_NOTDIR);
  if (node.names.size > 0) return actor.expect(what, answer.status, NFS3ERR_NOTEMPTY);
  actor.expect(what, answer.status, NFS3_OK);
  actor.wcc(what, folder, answer.wcc);
  dropName(folder, name);
  actor.lostName(node);
}

/** From any name to any other of its kind, taken or not. */
export async function rename(actor: Actor): Promise<void> {
  const isFolder = actor.dice.chance(6);
  const from = isFolder ? folderSpot(actor) : actor.spot();
  const to = isFolder ? folderSpot(actor) : actor.spot();
  const what = `RENAME ${from.name} to ${to.name}`;
  actor.note(what);
  const answer = await actor.nfs.rename(from.folder.handle, from.name, to.folder.handle, to.name);
  if (from.node === undefined) return actor.expect(what, answer.status, NFS3ERR_NOENT);
  if (from.node !== to.node && to.node?.kind === 'directory' && to.node.names.size > 0) {
    return actor.expect(what, answer.status, NFS3ERR_NOTEMPTY);
  }
  actor.expect(what, answer.status, NFS3_OK);
  actor.wcc(what, from.folder, answer.from);
  if (from.folder !== to.folder) actor.wcc(what, to.folder, answer.to);
  moveName(actor, from, to);
}

/** A file over another name of itself stays where it is (RFC 1813 §3.3.14). */
function moveName(actor: Actor, from: Spot, to: Spot): void {
  if (from.node === undefined || from.node === to.node) return;
  dropName(from.folder, from.name);
  if (to.node !== undefined) actor.lostName(to.node);
  setName(to.folder, to.name, from.node);
  if (from.node.kind !== 'symlink') from.node.ctime = undefined;
}

function folderSpot(actor: Actor): Spot {
  const name = actor.dice.pick(FOLDERS);
  return { folder: actor.top, name, node: actor.top.names.get(name) };
}
