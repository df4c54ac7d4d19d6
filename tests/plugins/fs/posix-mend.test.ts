/** fs/posix, mended after a restart, in a folder where other people have put things. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { SILENT } from '#core/log-line.ts';
import { ROOT_ID } from '#core/vfs/inode.ts';
import type { Backend, MirrorNode, Unsettled } from '#core/volume/backend.ts';
import { posixFactory } from '#plugins/fs/posix/factory.ts';
import { createClock } from '#plugins/host/clock.ts';
import { createRandom } from '#plugins/host/random.ts';
import { createSyscalls } from '#plugins/host/syscalls.ts';
import { fileId, makeFile, nodeOf, readText } from '../../contract/backend-stage.ts';
import { MapTable } from '../../support/local-table.ts';
import { MapScratch } from '../../support/scratch.ts';
import { suite } from '../../support/suite.ts';

const test = suite('plugins/fs/posix mend');

class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'understudy-mend-'));
  readonly table = new MapTable();
  readonly scratch = new MapScratch();

  open(): Backend {
    const deps = {
      clock: createClock(),
      random: createRandom(),
      scratch: this.scratch,
      syscalls: createSyscalls(),
      log: SILENT,
    };
    const factory = posixFactory({ descriptors: 16, isRoot: process.geteuid?.() === 0 }, deps);
    return factory.open({ volume: 7, volumeName: 'files', path: this.path }, this.table);
  }

  at(name: string): string {
    return join(this.path, name);
  }

  text(name: string): string {
    return readFileSync(this.at(name), 'utf8');
  }

  strangers(): string[] {
    return readdirSync(this.at('.understudy/strangers')).sort();
  }
}

/** What entries behind the table made in the root, and which of the files known before they touched. */
function unsettled(
  made: Readonly<Record<string, MirrorNode>>,
  before: Readonly<Record<string, MirrorNode>> = {},
): Unsettled {
  const all = { ...made, ...before };
  const nodes = new Map(Object.values(all).map((node) => [node.id, node]));
  return {
    files: new Set(nodes.keys()),
    names: Object.keys(made).map((name) => ({ directory: ROOT_ID, name })),
    made: new Set(Object.values(made).map(({ id }) => id)),
    coming: new Set(),
    going: new Set(),
    targets: new Set(),
    node: (file) => nodes.get(file),
    child: (_, name) => all[name]?.id,
  };
}

function inFolder(body: (folder: Folder) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = new Folder();
    try {
      await body(folder);
    } finally {
      rmSync(folder.path, { recursive: true, force: true });
    }
  };
}

for (const isTouched of [false, true]) {
  test(
    `somebody's copy of a file ${isTouched ? 'that changed, too,' : ''} is not the file, whatever it says of itself`,
    inFolder(async (folder) => {
      const first = folder.open();
      makeFile(first, 2, 'original', 'original');
      await first.close();
      execFileSync('cp', ['--preserve=all', folder.at('original'), folder.at('name')]);
      writeFileSync(folder.at('name'), 'somebody edits the copy');
      const again = folder.open();
      const before = isTouched ? { original: nodeOf(2, 'file') } : {};
      again.mend?.(unsettled({ name: nodeOf(3, 'file') }, before));
      assert.is(await readText(again, 2), 'original');
      again.write(fileId(2), 0, Buffer.from('ORIGINAL'));
      assert.is(folder.text('original'), 'ORIGINAL');
      assert.is(folder.text('name'), '');
      assert.equal(folder.strangers(), ['name-1']);
      assert.is(folder.text('.understudy/strangers/name-1'), 'somebody edits the copy');
      await again.close();
    }),
  );
}

test(
  'a file that somebody puts where one of ours is about to come is not taken for it',
  inFolder(async (folder) => {
    const first = folder.open();
    first.write(fileId(2), 0, Buffer.from('acknowledged'));
    await first.close();
    writeFileSync(folder.at('early'), 'of somebody');
    writeFileSync(folder.at('bare'), 'of somebody else');
    mkdirSync(folder.at('folder'));
    writeFileSync(folder.at('folder/in it'), 'theirs');
    const again = folder.open();
    again.mend?.(
      unsettled({
        early: nodeOf(2, 'file'),
        bare: nodeOf(3, 'file'),
        folder: nodeOf(4, 'directory'),
      }),
    );
    assert.is(await readText(again, 2), 'acknowledged');
    assert.is(folder.text('early'), 'acknowledged');
    again.write(fileId(3), 0, Buffer.from('ours'));
    assert.is(folder.text('bare'), 'ours');
    assert.equal(readdirSync(folder.at('folder')), []);
    assert.equal(folder.strangers(), ['bare-1', 'early-1', 'folder-1']);
    await again.close();
  }),
);

test(
  'a link that somebody puts where one of ours was removed is kept',
  inFolder(async (folder) => {
    await folder.open().close();
    symlinkSync('/somewhere', folder.at('name'));
    const again = folder.open();
    again.mend?.(unsettled({ name: nodeOf(2, 'file') }));
    assert.ok(existsSync(folder.at('name')));
    assert.equal(folder.strangers(), ['name-1']);
    await again.close();
  }),
);
