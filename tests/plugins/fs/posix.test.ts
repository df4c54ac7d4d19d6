/** fs/posix: the contract with and without kernel handles, and what only a folder has. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Log, SILENT } from '#core/log-line.ts';
import type { Syscalls } from '#core/ports/syscalls.ts';
import { ROOT_ID } from '#core/vfs/inode.ts';
import { type Backend, BackendError, type BackendFactory } from '#core/volume/backend.ts';
import { posixFactory } from '#plugins/fs/posix/factory.ts';
import { createClock } from '#plugins/host/clock.ts';
import { createRandom } from '#plugins/host/random.ts';
import { createSyscalls } from '#plugins/host/syscalls.ts';
import { backendContract } from '../../contract/backend.ts';
import {
  type BackendPlace,
  fileId,
  makeFile,
  nodeOf,
  readText,
} from '../../contract/backend-stage.ts';
import { MapTable } from '../../support/local-table.ts';
import { MapScratch } from '../../support/scratch.ts';
import { smallDisk } from '../../support/small-disk.ts';
import { suite } from '../../support/suite.ts';

const syscalls = createSyscalls();
const isRoot = process.geteuid?.() === 0;
/** Bytes; a place for the contract's files and no more. */
const SMALL_SIZE = 4 * 1024 * 1024;
const withoutHandles: Syscalls = { ...syscalls, nameToHandle: () => undefined };
const withoutLabels: Syscalls = {
  ...withoutHandles,
  setAttribute: () => false,
  getAttribute: () => undefined,
};

interface Folder extends BackendPlace {
  readonly path: string;
  readonly factory: BackendFactory;
}

function placeOf(calls: Syscalls, log: Log = SILENT): Folder {
  const path = mkdtempSync(join(tmpdir(), 'understudy-posix-'));
  const clean = (): void => rmSync(path, { recursive: true, force: true });
  return folderAt(path, clean, calls, log);
}

/** As `placeOf`, on a disk that is soon full. */
function smallPlaceOf(calls: Syscalls): Folder {
  const disk = smallDisk(SMALL_SIZE);
  if (disk === undefined) throw new Error('the disk could be made a moment ago');
  const path = join(disk.path, 'volume');
  mkdirSync(path);
  return folderAt(path, () => disk.remove(), calls, SILENT);
}

function folderAt(path: string, clean: () => void, calls: Syscalls, log: Log): Folder {
  const [clock, random, scratch] = [createClock(), createRandom(), new MapScratch()];
  const deps = { clock, random, scratch, syscalls: calls, log };
  const factory = posixFactory({ descriptors: 16, isRoot }, deps);
  return {
    path,
    factory,
    open: (table) => factory.open({ volume: 7, volumeName: 'files', path }, table),
    list: () => listOf(path),
    clean,
  };
}

function listOf(path: string) {
  const all = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
  const isCorner = (name: string): boolean => name.startsWith('.understudy');
  return {
    tree: all.filter((name) => !isCorner(name)),
    corners: all.filter((name) => isCorner(name) && name.split('/').length > 2),
  };
}

// Making small disks needs root and the right to mount.
const tried = smallDisk(SMALL_SIZE);
tried?.remove();
for (const [name, calls] of [
  ['fs/posix by kernel handle', syscalls],
  ['fs/posix by path', withoutHandles],
  ['fs/posix without labels', withoutLabels],
] as const) {
  const makeSmall = tried && { makeSmall: () => smallPlaceOf(calls) };
  backendContract({ name, make: () => placeOf(calls), ...makeSmall });
}

const test = suite('plugins/fs/posix');

type Body = (backend: Backend, folder: Folder, lines: string[]) => void | Promise<void>;

/** A test in a folder of its own, with the warnings and errors that were logged. */
function inFolder(body: Body): () => Promise<void> {
  return async () => {
    const lines: string[] = [];
    const note = (message: string): void => {
      lines.push(message);
    };
    const folder = placeOf(syscalls, { ...SILENT, warn: note, error: note });
    const backend = folder.open(new MapTable());
    try {
      await body(backend, folder, lines);
    } finally {
      await backend.close();
      folder.clean();
    }
  };
}

test(
  'the folder shows names, kinds, modes and times as the catalog has them',
  inFolder((backend, { path }) => {
    const time = { seconds: 1_600_000_000, nanoseconds: 500_000_000 };
    backend.create(ROOT_ID, 'd', nodeOf(2, 'directory', { mode: 0o1770 }));
    const file = nodeOf(3, 'file', { mode: 0o640, mtime: time });
    backend.create(fileId(2), 'caf\xc3\xa9', file);
    const link = nodeOf(4, 'symlink', { target: 'd/caf\xc3\xa9', mtime: time });
    backend.create(ROOT_ID, 'l', link);
    backend.create(ROOT_ID, 'p', nodeOf(5, 'fifo', { mode: 0o600 }));
    const stat = statSync(join(path, 'l'));
    assert.is(stat.mode & 0o7777, 0o640);
    assert.is(stat.mtimeMs, 1_600_000_000_500);
    assert.is(readlinkSync(join(path, 'l')), 'd/caf\u00e9');
    assert.is(lstatSync(join(path, 'l')).mtimeMs, 1_600_000_000_500);
    assert.is(statSync(join(path, 'd')).mode & 0o7777, 0o1770);
    assert.is(lstatSync(join(path, 'p')).isFIFO(), true);
    backend.setAttributes(fileId(3), { ...file, mode: 0o4711 });
    assert.is(statSync(join(path, 'l')).mode & 0o7777, 0o4711);
    backend.setAttributes(ROOT_ID, nodeOf(1, 'directory', { mode: 0o711 }));
    assert.is(statSync(path).mode & 0o7777, 0o711);
  }),
);

if (isRoot) {
  test(
    'root sets owners and makes device nodes',
    inFolder((backend, { path }) => {
      const more = { uid: 1234, gid: 4321, mode: 0o6755 };
      backend.create(ROOT_ID, 'a', nodeOf(2, 'file', more));
      const stat = statSync(join(path, 'a'));
      assert.equal([stat.uid, stat.gid, stat.mode & 0o7777], [1234, 4321, 0o6755]);
      backend.create(ROOT_ID, 'd', nodeOf(3, 'directory', { ...more, mode: 0 }));
      assert.is(statSync(join(path, 'd')).uid, 1234);
      assert.is(statSync(join(path, 'd')).mode & 0o7777, 0);
    }),
  );
} else {
  test.skip('root sets owners and makes device nodes', 'this user is not root');
  test(
    'an ordinary user keeps its own way into files of any mode',
    inFolder(async (backend, { path }) => {
      backend.create(ROOT_ID, 'a', nodeOf(2, 'file', { mode: 0, uid: 0 }));
      backend.write(fileId(2), 0, Buffer.from('hello'));
      assert.is(await readText(backend, 2), 'hello');
      assert.is(statSync(join(path, 'a')).mode & 0o7777, 0o600);
    }),
  );
}

test(
  'a stranger in the way is moved aside, whole, and a warning says so',
  inFolder((backend, { path }, lines) => {
    for (const name of ['a', 'b', 'c']) writeFileSync(join(path, name), `mine ${name}`);
    makeFile(backend, 2, 'a', 'ours');
    rename(backend, 'a', 'b', 2);
    backend.link(fileId(2), ROOT_ID, 'c');
    backend.create(ROOT_ID, 'd', nodeOf(3, 'directory'));
    writeFileSync(join(path, 'd', 'in'), 'mine in');
    backend.remove(ROOT_ID, 'd', fileId(3), true);
    const strangers = join(path, '.understudy/strangers');
    assert.equal(readdirSync(strangers).sort(), ['a-1', 'b-1', 'c-1', 'in-1']);
    assert.is(readFileSync(join(strangers, 'b-1'), 'utf8'), 'mine b');
    assert.is(readFileSync(join(path, 'c'), 'utf8'), 'ours');
    assert.is(lines.length, 4);
  }),
);

test(
  'a file that somebody put in the place of ours is not deleted with our name',
  inFolder((backend, { path }) => {
    makeFile(backend, 2, 'a', 'ours');
    writeFileSync(join(path, 'saved'), 'edited elsewhere');
    renameSync(join(path, 'saved'), join(path, 'a'));
    backend.remove(ROOT_ID, 'a', fileId(2), true);
    const kept = join(path, '.understudy/strangers/a-1');
    assert.is(readFileSync(kept, 'utf8'), 'edited elsewhere');
  }),
);

test('a file that somebody deleted is an io error and one line, and the rest goes on', async () => {
  const lines: string[] = [];
  const folder = placeOf(syscalls, { ...SILENT, error: (message) => lines.push(message) });
  const table = new MapTable();
  const before = folder.open(table);
  makeFile(before, 2, 'a', 'hello');
  makeFile(before, 3, 'b', 'other');
  await before.close();
  unlinkSync(join(folder.path, 'a'));
  const backend = folder.open(table);
  makeFile(backend, 4, 'c');
  const isIo = (error: unknown): boolean => error instanceof BackendError && error.reason === 'io';
  for (let count = 0; count < 3; count += 1) {
    assert.throws(() => backend.read(fileId(2), 0, Buffer.alloc(9)), isIo);
    assert.throws(() => backend.write(fileId(2), 0, Buffer.alloc(9)), isIo);
  }
  assert.is(lines.length, 1);
  assert.is(await readText(backend, 3), 'other');
  backend.remove(ROOT_ID, 'a', fileId(2), true);
  await backend.close();
  folder.clean();
});

test(
  'more files than descriptors, renamed between: each is found again',
  inFolder(async (backend) => {
    for (let id = 2; id < 100; id += 1) makeFile(backend, id, `f${id}`, `text ${id}`);
    for (let id = 2; id < 100; id += 1) rename(backend, `f${id}`, `g${id}`, id);
    const syncs = [];
    for (let id = 2; id < 100; id += 1) syncs.push(backend.sync(fileId(id)));
    for (let id = 2; id < 100; id += 1) assert.is(await readText(backend, id), `text ${id}`);
    await Promise.all(syncs);
  }),
);

test(
  'a copy of the folder on another disk is read by its names',
  inFolder(async (_, folder) => {
    const table = new MapTable();
    const first = folder.open(table);
    makeFile(first, 2, 'a', 'hello');
    await first.close();
    const marker = join(folder.path, '.understudy/volume.json');
    const { inode, ...rest } = JSON.parse(readFileSync(marker, 'utf8'));
    writeFileSync(marker, JSON.stringify({ ...rest, inode: inode + 1 }));
    writeFileSync(join(folder.path, 'copy'), 'hello');
    renameSync(join(folder.path, 'copy'), join(folder.path, 'a'));
    const again = folder.open(table);
    assert.is(await readText(again, 2), 'hello');
    await again.close();
  }),
);

test(
  'a folder that cannot be used is refused with a sentence that says what to do',
  inFolder((_, { path, factory }) => {
    const refusal = (folder: string, volume = 7): string =>
      factory.check({ volume, volumeName: 'files', path: folder }) ?? 'good';
    assert.is(refusal(path), 'good');
    assert.match(refusal(path, 8), /belongs to volume files \(7\); choose another folder/);
    assert.match(refusal('relative'), /not an absolute path/);
    assert.match(refusal(join(path, 'missing')), /does not exist; create the folder/);
    writeFileSync(join(path, 'file'), '');
    assert.match(refusal(join(path, 'file')), /is not a folder/);
    mkdirSync(join(path, 'full'));
    mkdirSync(join(path, 'full/lost+found'));
    assert.is(refusal(join(path, 'full')), 'good');
    writeFileSync(join(path, 'full/photo'), '');
    assert.match(refusal(join(path, 'full')), /not empty \(it holds "photo"\)/);
    const marker = join(path, '.understudy/volume.json');
    writeFileSync(marker, '{"format":2,"volume":7,"name":"files"}');
    assert.match(refusal(path), /later version \(format 2, this one knows 1\); update this box/);
    writeFileSync(marker, '{');
    assert.match(refusal(path), /cannot be read as the marker/);
    assert.throws(() => factory.open({ volume: 7, volumeName: 'files', path }, new MapTable()));
  }),
);

if (isRoot) {
  test.skip('a folder without permission is refused', 'root may write everywhere');
} else {
  test(
    'a folder without permission is refused',
    inFolder((_, { path, factory }) => {
      mkdirSync(join(path, 'closed'));
      chmodSync(join(path, 'closed'), 0o500);
      const folder = { volume: 7, volumeName: 'files', path: join(path, 'closed') };
      assert.match(factory.check(folder) ?? '', /not writable for this user/);
    }),
  );
}

function rename(backend: Backend, source: string, target: string, id: number): void {
  const from = { directory: ROOT_ID, name: source };
  backend.rename(from, { directory: ROOT_ID, name: target }, fileId(id), undefined);
}
