/**
 * The program that `killed.test.ts` kills: one box over LMDB and a folder, alone in its group. It compares what it finds
 * with its journal, says so, and then changes things as fast as it can until it ends with a signal.
 *
 *     node killed-box.ts FOLDER SEED plain|rejoin|power|power-rejoin FUSE
 *
 * FUSE: after how many calls to the file system it kills itself; 0: never; -1: never, and it ends when it has compared.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBody } from '#core/group/body.ts';
import type { BoxId, Entry, Position } from '#core/group/entry.ts';
import { Log } from '#core/group/log.ts';
import { Member } from '#core/group/member.ts';
import { GroupService } from '#core/group/service.ts';
import { State } from '#core/group/state.ts';
import type { LoggedEntries } from '#core/group/state-machine.ts';
import { UNDER_WAY_SIZE, UnderWay } from '#core/group/under-way.ts';
import { SILENT } from '#core/log-line.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import { type FileId, type Inode, ROOT_ID } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import { SET_NOTHING } from '#core/vfs/set-attributes.ts';
import { Backends } from '#core/volume/backends.ts';
import { NO_DEVICE } from '#core/volume/operations/types.ts';
import {
  create,
  link,
  remove,
  removeDirectory,
  rename,
  setAttributes,
  write,
} from '#core/volume/operations.ts';
import type { Volume } from '#core/volume/volume.ts';
import { Alone } from '#plugins/cluster/arbiter/alone/alone.ts';
import { put } from '#plugins/cluster/replication/orders.ts';
import { posixFactory } from '#plugins/fs/posix/factory.ts';
import { createClock } from '#plugins/host/clock.ts';
import { createDisk } from '#plugins/host/disk.ts';
import { createRandom } from '#plugins/host/random.ts';
import { createScratch } from '#plugins/host/scratch.ts';
import { openStore } from '#plugins/host/store.ts';
import { createSyscalls } from '#plugins/host/syscalls.ts';
import { Seeded } from '../../../support/seeded.ts';
import { differences } from './killed-compare.ts';
import { light } from './killed-fuse.ts';
import { Journal } from './killed-journal.ts';
import type { Node, Step } from './killed-model.ts';

const BOX = 'a' as BoxId;
const VOLUME = 1;
/** Changes under way at a time. */
const UNANSWERED_MAX = 24;

const [folder = '', seed = '1', mode = 'plain', fuse = '0'] = process.argv.slice(2);
if (Number(fuse) > 0) light(Number(fuse));
const seeded = new Seeded(Number(seed));
const isPower = mode.startsWith('power');
const journal = new Journal(join(folder, 'journal'));

/** Counts power cuts: another boot, as the store sees it. */
function bootOf(): string {
  const path = join(folder, 'boots');
  let boots = 0;
  try {
    boots = Number(readFileSync(path, 'utf8'));
  } catch {}
  if (isPower) boots += 1;
  writeFileSync(path, String(boots));
  return `boot-${boots}`;
}

// The clock's timers keep no process alive.
setInterval(() => {}, 1 << 30);
const clock = createClock();
const random = createRandom();
const lines: string[] = [];
const note = (message: string, fields?: object): void => {
  lines.push(`${message} ${JSON.stringify(fields ?? {})}`);
};
const log = { ...SILENT, warn: note, error: note };
log.child = () => log;
const tree = join(folder, 'tree');
mkdirSync(tree, { recursive: true });
const boot = bootOf();
const store = await openStore({ path: join(folder, 'state', 'catalog'), log: SILENT, boot });
const disk = createDisk(join(folder, 'state'));
const scratch = createScratch((path) => join(folder, 'state', path), boot);
const backends = new Backends();
const isRoot = process.geteuid?.() === 0;
backends.add(
  posixFactory(
    { descriptors: 8, isRoot },
    { clock, random, scratch, syscalls: createSyscalls(), log },
  ),
);
const underWay = new UnderWay(scratch.open('under-way', UNDER_WAY_SIZE));
const state = new State({ self: BOX, rebooted: isPower }, { store, backends, underWay, log });
const survived = countLogged();
if (mode.endsWith('rejoin')) rejoin();
const member = new Member(
  {
    self: BOX,
    members: [BOX],
    founder: true,
    mayHaveLostTail: false,
    mayHaveLostContent: isPower,
  },
  {
    arbiter: new Alone(disk, BOX, 'g'),
    clock,
    disk,
    report: log,
    state,
    random,
    transport: { send() {} },
    defer: (run) => setImmediate(run),
  },
);
const group = new GroupService({
  self: BOX,
  member,
  state,
  requests: undefined as never,
  clock,
  random,
  disk,
});

/** Changes of the journal that are in the log: those with a reply, and barriers; what was half written is nobody's. */
function countLogged(): number {
  let count = 0;
  const own = new Log(disk);
  own.open(state.applied, state.appliedView);
  own.each(own.first, own.last, (entry) => {
    const { changes, reply } = readBody(entry.body);
    if (reply !== undefined || changes.length === 0) count += 1;
  });
  own.close();
  return count;
}

/** What joining a primary that has all of this box's log does: everything not applied comes once more, with data. */
function rejoin(): void {
  const own = new Log(disk);
  own.open(state.applied, state.appliedView);
  const entries: Entry[] = [];
  const each: LoggedEntries['each'] = (from, to, visit) => {
    for (let next = from; next <= to; ) {
      const records = own.read(next, to, 1 << 20);
      for (const { entry } of records) visit(entry);
      next = (next + records.length) as Position;
    }
  };
  each((state.applied + 1) as Position, own.last, (entry) => entries.push(entry));
  const { first, last } = own;
  const commit = Math.max(entries.at(-1)?.commit ?? 0, state.applied) as Position;
  const logged = { first, last, commit, each };
  state.restage(logged);
  const extents = entries.flatMap((entry) => [...state.extents(entry)]);
  const given = entries.map((entry) => {
    if (entry.dataSize === 0 || entry.data !== undefined) return entry;
    const have = state.content(entry);
    const data = Buffer.alloc(entry.dataSize);
    have.copy(data);
    return { ...entry, data };
  });
  const contents = extents.map((extent) => state.contentOf(extent));
  state.discard();
  for (const entry of given) {
    if (entry.position <= state.applied) continue;
    if (entry.commit > state.applied) state.commit(entry.commit);
    state.stage(entry);
  }
  state.commit(own.last);
  state.caughtUp(logged);
  for (const [index, extent] of extents.entries()) {
    state.putContent(extent, contents[index] as Buffer);
  }
  state.fold();
  own.close();
}

member.onServing((serving) => {
  // Whatever it was asked to do, a box alone never stops serving.
  if (!serving && member.view > 0) fail(['it serves no longer', ...lines]);
});
await member.start();
const { role, sentence } = member.status();
if (role === 'out') fail([`out of the group: ${sentence}`, ...lines]);
await new Promise<void>((done) => member.onServing((serving) => serving && done()));
if (state.registry.volumes.length === 0) {
  await put(
    { group },
    {
      kind: 'put-volume',
      record: {
        id: VOLUME,
        name: 'files',
        durability: 'disk',
        fsid: '00'.repeat(16),
        limits: { nameSizeMax: 255, fileSizeMax: 1 << 30, symlinkSizeMax: 1000, linksMax: 1000 },
        members: { [BOX]: { backend: 'posix', path: tree } },
      },
    },
  );
}
const volume = state.volume(VOLUME) as Volume;
if (survived < journal.answered) {
  fail([`${journal.answered} changes were answered, ${survived} are there`]);
}
const made = journal.survived(survived);
fail(differences({ volume, tree, made, hasLostLoose: isPower, lines }));
fail(lostReplies());
process.stdout.write(`same ${survived} of ${journal.answered}\n`);
if (fuse === '-1') process.exit(0);
// What a change under way may have touched is written once more, and after a power cut what was not committed, as
// clients do when the verifier has changed.
const { model } = made;
journal.begin(survived);
for (const [path, node] of model.nodes) {
  if ((isPower && node.loose) || made.touched.has(node.id)) mend(path, node);
}
work();
setInterval(() => state.fold(), 5 + seeded.below(60));
const every = 20 + seeded.below(300);
void (async () => {
  for (;;) {
    await new Promise((done) => setTimeout(done, every));
    await state.checkpoint();
  }
})();

function fail(sentences: readonly string[]): void {
  if (sentences.length === 0) return;
  process.stdout.write(`${sentences.join('\n')}\n`);
  process.exit(1);
}

function lostReplies(): string[] {
  const lost: string[] = [];
  for (let number = Math.max(1, survived - 1000); number <= survived; number += 1) {
    if (journal.step(number)?.kind === 'sync') continue;
    const reply = group.replies.find(`call ${number}`)?.reply.toString();
    if (reply !== `reply ${number}`) lost.push(`call ${number}: first reply is ${reply}`);
  }
  return lost;
}

function mend(path: string, { data }: Node): void {
  const size = data.length;
  issue({ kind: 'cut', path, size: 0 });
  if (size > 0) issue({ kind: 'write', path, offset: 0, size, byte: 0xee, stable: true });
  issue({ kind: 'sync', path });
}

function work(): void {
  const count = 1 + seeded.below(6);
  for (let index = 0; index < count; index += 1) {
    if (journal.unanswered < UNANSWERED_MAX) issue(model.random(seeded));
  }
  if (seeded.chance(6)) setTimeout(work, seeded.below(8));
  else setImmediate(work);
}

function issue(step: Step): void {
  const number = journal.issue(step);
  model.apply(step);
  if (step.kind === 'sync') {
    void group.sync(VOLUME, located(step.path)).then(() => journal.answer(number));
    return;
  }
  const transaction = group.begin();
  const done = perform(transaction, step);
  if (!done.ok) fail([`${JSON.stringify(step)}: refused with ${done.error}`]);
  const reply = { key: `call ${number}`, reply: Buffer.from(`reply ${number}`) };
  group.afterCommit(group.seal(reply), () => journal.answer(number));
}

function perform(
  transaction: ReturnType<GroupService['begin']>,
  step: Exclude<Step, { kind: 'sync' }>,
): { readonly ok: true } | { readonly ok: false; readonly error: string } {
  const place = placeOf(step.path);
  const file = (): FileId => located(step.path);
  const set = (more: object) => ({
    file: file(),
    set: { ...SET_NOTHING, ...more },
    guard: undefined,
  });
  switch (step.kind) {
    case 'create':
    case 'mkdir':
    case 'symlink':
      return transaction.change(create, volume, ROOT_CALLER, {
        ...place,
        kind: step.kind === 'mkdir' ? 'directory' : step.kind === 'symlink' ? 'symlink' : 'file',
        how: 'guarded',
        verifier: '',
        set: SET_NOTHING,
        target: step.kind === 'symlink' ? step.target : '',
        device: NO_DEVICE,
        strategy: 'generic',
      });
    case 'remove':
      return transaction.change(remove, volume, ROOT_CALLER, place);
    case 'rmdir':
      return transaction.change(removeDirectory, volume, ROOT_CALLER, place);
    case 'link':
      return transaction.change(link, volume, ROOT_CALLER, { ...placeOf(step.to), file: file() });
    case 'rename':
      return transaction.change(rename, volume, ROOT_CALLER, {
        source: place,
        target: placeOf(step.to),
      });
    case 'mode':
      return transaction.change(setAttributes, volume, ROOT_CALLER, set({ mode: step.mode }));
    case 'cut':
      return transaction.change(setAttributes, volume, ROOT_CALLER, set({ size: step.size }));
    case 'write': {
      const { offset, size, byte, stable } = step;
      const data = Buffer.alloc(size, byte);
      const args = { file: file(), offset, size };
      return transaction.change(write, volume, ROOT_CALLER, args, { data, stable });
    }
    default:
      return step satisfies never;
  }
}

function placeOf(path: string): { readonly directory: FileId; readonly name: string } {
  const slash = path.lastIndexOf('/');
  return {
    directory: slash < 0 ? ROOT_ID : located(path.slice(0, slash)),
    name: path.slice(slash + 1),
  };
}

function located(path: string): FileId {
  let at: FileId = ROOT_ID;
  for (const name of path.split('/')) at = volume.tree.child(at, name as Name)?.id as FileId;
  return (volume.tree.inode(at) as Inode).id;
}
