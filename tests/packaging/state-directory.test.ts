/** State directories that are damaged, foreign, newer or full: one sentence each, exit code 1, and nothing in them changed. */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { openDirectory } from '#packaging/state-directory.ts';
import { configure, freePorts, inFolder, LoneBox } from '../integration/lone-box.ts';
import { understudy } from '../integration/run-command.ts';
import { suite } from '../support/suite.ts';

const test = suite('packaging/state-directory', { secondsMax: 120 });

/** Written by every start that comes so far; that nothing in them is lost shows when the damage is undone. */
const OF_EACH_START = ['boot', 'lock', 'catalog', 'catalog-lock', 'catalog-point'];
const LOG = 'log/0000000000000001.log';

interface Row {
  readonly title: string;
  readonly name: string;
  /** Does damage to it. */
  damage(path: string): void;
  readonly sentence: RegExp;
}

const replaced = (bytes: (before: Buffer) => Uint8Array) => (path: string) =>
  writeFileSync(path, bytes(readFileSync(path)));
const gone = (path: string) => rmSync(path, { recursive: true });

const ROWS: readonly Row[] = [
  {
    title: 'a store of a newer version',
    name: 'catalog-point',
    damage: replaced((before) =>
      Buffer.from(before.toString('latin1').replaceAll('"format":1', '"format":9'), 'latin1'),
    ),
    sentence: /catalog-point: store format 9, this program knows 1; start the newer program/,
  },
  {
    title: 'a log of a newer version',
    name: LOG,
    damage: replaced((before) => {
      before.writeUInt32BE(9, 4);
      return before;
    }),
    sentence: /\.log: log format 9, this program knows 1; start the newer program/,
  },
  {
    title: 'a store that something was written over',
    name: 'catalog',
    damage: replaced(() => randomBytes(40_960)),
    sentence: /catalog: not a store any more/,
  },
  {
    title: 'a store without its flush point',
    name: 'catalog-point',
    damage: replaced(() => Buffer.alloc(0)),
    sentence: /catalog: not a store of this program/,
  },
  {
    title: 'a store that is gone',
    name: 'catalog',
    damage: gone,
    sentence: /catalog: missing although .*catalog-point is there; restore the file/,
  },
  {
    title: 'a log that something was written over',
    name: LOG,
    damage: replaced(() => randomBytes(5_000)),
    sentence: /\.log: no log of this program, or not any more; restore it/,
  },
  {
    title: 'a log whose first bytes are damaged',
    name: LOG,
    damage: replaced((before) => {
      before.writeUInt8(0xff, 9);
      return before;
    }),
    sentence: /\.log: no log of this program, or not any more; restore it/,
  },
  {
    title: 'a register that cannot be read',
    name: 'register/main.json',
    damage: replaced(() => randomBytes(80)),
    sentence: /register\/main\.json: the register of group main cannot be read/,
  },
  {
    title: 'a key that is no key',
    name: 'identity.pem',
    damage: replaced(() => randomBytes(500)),
    sentence: /identity\.pem: key or certificate is missing; restore the file/,
  },
  {
    title: 'a key with a wrong letter',
    name: 'identity.pem',
    damage: replaced((before) =>
      Buffer.from(before.toString('latin1').replace(/(KEY-----\n)...../, '$1AAAAA'), 'latin1'),
    ),
    sentence: /identity\.pem: key or certificate is damaged; restore the file/,
  },
  {
    title: 'a folder of somebody else, with a file "log" in it',
    name: 'log',
    damage: (path) => {
      gone(path);
      writeFileSync(path, 'a letter');
    },
    sentence: /log: is no folder, so .* is not a state directory of this program; name another one/,
  },
  {
    title: 'a folder of somebody else, with a folder "lock" in it',
    name: 'lock',
    damage: (path) => {
      gone(path);
      mkdirSync(path);
    },
    sentence: /lock: is no file, so .* is not a state directory of this program/,
  },
  {
    title: 'the directory of a box with another name',
    name: 'box.toml',
    damage: replaced((before) => Buffer.from(String(before).replace('"box"', '"new"'))),
    sentence: /volume files: no backend on box new/,
  },
];

test('each is told in one sentence, and left as it is', () =>
  inFolder(async (folder) => {
    const good = join(folder, 'good');
    mkdirSync(good);
    configure(good, 'box', await freePorts());
    const box = await LoneBox.start(good);
    const made = await box.command('volume', 'create', 'files', '--backend', 'box=memory');
    assert.is(made.code, 0, made.err);
    assert.is((await box.end()).code, 0);
    for (const { title, name, damage, sentence } of ROWS) {
      const directory = join(folder, 'case');
      rmSync(directory, { recursive: true, force: true });
      cpSync(good, directory, { recursive: true });
      const path = join(directory, name);
      damage(path);
      const before = sums(directory);
      const { code, out, err } = await understudy('serve', '--dir', directory);
      assert.is(code, 1, `${title}: ${err}`);
      assert.is(out, '');
      const said = err.split('\n').filter((line) => line.startsWith('understudy: '));
      assert.is(said.length, 1, err);
      assert.match(said[0] ?? '', sentence);
      assert.not.match(err, /^ +at /m, 'no stack');
      assert.equal(sums(directory), before, title);
      rmSync(path, { recursive: true, force: true });
      cpSync(join(good, name), path, { recursive: true });
      await holdsItsVolume(directory);
    }
  }));

const small = smallDisk();
if (small === undefined) {
  test.skip(
    'a disk that is full at the start',
    'making a small one needs root and the right to mount',
  );
} else {
  small.remove();
  test('a disk that is full at the start is told, whatever there is already', async () => {
    const disk = smallDisk();
    assert.ok(disk);
    try {
      configure(disk.path, 'box', await freePorts());
      const box = await LoneBox.start(disk.path);
      await box.command('volume', 'create', 'files', '--backend', 'box=memory');
      await box.end();
      fill(disk.path);
      const before = sums(disk.path);
      for (const directory of [disk.path, join(disk.path, 'new')]) {
        const { code, err } = await understudy('serve', '--dir', directory);
        assert.is(code, 1, err);
        assert.match(
          err,
          /^understudy: state directory .*: the disk is full \(\d+ KiB free, a start needs 1024 KiB\); make room\n$/,
        );
      }
      assert.equal(sums(disk.path), before);
      rmSync(join(disk.path, 'ballast'));
      await holdsItsVolume(disk.path);
    } finally {
      disk.remove();
    }
  });
}

if (process.getuid?.() !== 0) {
  test('a directory of somebody else', () => {
    assert.throws(() => openDirectory('/usr'), /may not be written to; run this as the user/);
  });
} else {
  test.skip('a directory of somebody else', 'root may write everywhere');
}

async function holdsItsVolume(directory: string): Promise<void> {
  const box = await LoneBox.start(directory);
  try {
    const { volumes } = await box.status();
    assert.equal(
      volumes.map(({ name }) => name),
      ['files'],
    );
  } finally {
    await box.end();
  }
}

function sums(directory: string): Readonly<Record<string, string>> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !OF_EACH_START.includes(entry.name));
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path, createHash('sha256').update(readFileSync(path)).digest('hex')];
    }),
  );
}

function fill(folder: string): void {
  try {
    writeFileSync(join(folder, 'ballast'), Buffer.alloc(100 * 1024 * 1024));
  } catch {
    // Now it is full.
  }
}

/** More than a box keeps free (core/limits.ts), in memory; `undefined` where it may not be mounted. */
function smallDisk() {
  const path = mkdtempSync(join(tmpdir(), 'understudy-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=84m', 'understudy-test', path], {
      stdio: 'ignore',
    });
  } catch {
    rmSync(path, { recursive: true });
    return undefined;
  }
  return {
    path,
    remove(): void {
      execFileSync('umount', [path], { stdio: 'ignore' });
      rmSync(path, { recursive: true });
    },
  };
}
