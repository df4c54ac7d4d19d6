/** Writes, truncations and reads, each against every byte that was acknowledged. */
import type { SetAttributes } from '#core/vfs/set-attributes.ts';
import { NFS3_OK, NFS3ERR_NOT_SYNC } from '#plugins/protocol/nfs/v3/status.ts';
import { DATA_SYNC, FILE_SYNC, UNSTABLE } from '#plugins/protocol/nfs/v3/write.ts';
import type { Actor } from './actor.ts';
import { type FileNode, overwritten, resized } from './model.ts';

const FILE_SIZE_MAX = 128 * 1024;
const WRITE_SIZE_MAX = 12 * 1024;
const BURST_MAX = 6;

export async function writeStable(actor: Actor): Promise<void> {
  const file = actor.file();
  const data = actor.stamp(1 + actor.dice.below(WRITE_SIZE_MAX));
  const offset = actor.dice.below(Math.min(file.content.length + 4096, FILE_SIZE_MAX));
  const stable = actor.dice.pick([DATA_SYNC, FILE_SYNC]);
  const what = `WRITE stable ${file.fileid} ${offset}+${data.length}`;
  actor.note(what);
  const answer = await actor.nfs.write(file.handle, offset, data, stable);
  actor.expect(what, answer.status, NFS3_OK);
  if (answer.count !== data.length) actor.fail(`${what}: count ${answer.count}`);
  if (answer.committed < stable) actor.fail(`${what}: committed ${answer.committed}`);
  actor.wcc(what, file, answer.wcc);
  file.content = overwritten(file.content, offset, data);
}

/** Some unstable writes under way at once, side by side, and mostly a COMMIT. */
export async function writeBurst(actor: Actor): Promise<void> {
  const file = actor.file();
  const start = actor.dice.below(Math.min(file.content.length + 4096, FILE_SIZE_MAX));
  const data = Array.from({ length: 1 + actor.dice.below(BURST_MAX) }, () =>
    actor.stamp(1 + actor.dice.below(WRITE_SIZE_MAX)),
  );
  const what = `WRITE unstable ${file.fileid} ${start}+${data.map(({ length }) => length)}`;
  actor.note(what);
  let offset = start;
  const answers = await Promise.all(
    data.map((bytes) => {
      const at = offset;
      offset += bytes.length;
      return actor.nfs.write(file.handle, at, bytes, UNSTABLE);
    }),
  );
  for (const answer of answers) {
    actor.expect(what, answer.status, NFS3_OK);
    actor.checkVerifier(what, answer.verifier);
  }
  file.content = overwritten(file.content, start, Buffer.concat(data));
  file.ctime = undefined;
  if (actor.dice.chance(4)) return;
  actor.note(`COMMIT ${file.fileid}`);
  const commit = await actor.nfs.commit(file.handle);
  actor.expect('COMMIT', commit.status, NFS3_OK);
  actor.checkVerifier('COMMIT', commit.verifier);
}

/** Shorter or longer, and sometimes only if nobody was there since. */
export async function truncate(actor: Actor): Promise<void> {
  const file = actor.file();
  const size = actor.dice.below(Math.min(file.content.length + 2048, FILE_SIZE_MAX));
  const what = `SETATTR ${file.fileid} size ${size}`;
  await change(actor, file, what, { size }, () => {
    file.content = resized(file.content, size);
  });
}

export async function changeMode(actor: Actor): Promise<void> {
  const file = actor.file();
  const mode = 0o600 | actor.dice.below(0o100);
  await change(actor, file, `SETATTR ${file.fileid} mode ${mode.toString(8)}`, { mode }, () => {
    file.mode = mode;
  });
}

async function change(
  actor: Actor,
  file: FileNode,
  what: string,
  set: Partial<SetAttributes>,
  done: () => void,
): Promise<void> {
  actor.note(what);
  const guard = actor.dice.chance(2) ? file.ctime : undefined;
  const isLate = guard !== undefined && actor.dice.chance(4);
  const stale = isLate ? { ...guard, seconds: guard.seconds - 1 } : guard;
  const answer = await actor.nfs.setattr(file.handle, set, stale);
  actor.expect(what, answer.status, isLate ? NFS3ERR_NOT_SYNC : NFS3_OK);
  if (isLate) return;
  actor.wcc(what, file, answer.wcc);
  done();
}

export async function readSome(actor: Actor): Promise<void> {
  const file = actor.file();
  const offset = actor.dice.below(file.content.length + 1);
  const what = `READ ${file.fileid} at ${offset}`;
  actor.note(what);
  const answer = await actor.nfs.read(file.handle, offset, WRITE_SIZE_MAX);
  actor.expect(what, answer.status, NFS3_OK);
  const wanted = file.content.subarray(offset, offset + WRITE_SIZE_MAX);
  if (!answer.data.equals(wanted)) actor.fail(`${what}: ${difference(wanted, answer.data)}`);
}

/** Where two contents part, and what stands there. */
export function difference(wanted: Buffer, found: Buffer): string {
  const end = Math.min(wanted.length, found.length);
  let at = 0;
  while (at < end && wanted[at] === found[at]) at += 1;
  const show = (bytes: Buffer) => JSON.stringify(bytes.subarray(at, at + 24).toString('latin1'));
  return `${found.length} bytes, wanted ${wanted.length}; from ${at} on ${show(found)}, wanted ${show(wanted)}`;
}
