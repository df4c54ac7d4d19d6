/** Guests as an owner has them: files that box.toml names, in a box that is a process of its own. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { PLUGIN_API } from '#core/plugin.ts';
import { loadGuests } from '#packaging/guests/load.ts';
import { configure, freePorts, inFolder, LoneBox } from '../integration/lone-box.ts';
import { suite } from '../support/suite.ts';

const test = suite('packaging/guests', { secondsMax: 40 });

const BEACON = resolve(import.meta.dirname, '../../examples/beacon.mjs');
const WAIT_MS_MAX = 10_000;

/** A module whose plugin starts so. */
function guestFile(folder: string, name: string, start: string): string {
  const path = join(folder, `${name}.mjs`);
  const plugin = `id: 'guest/${name}', kind: 'control', offers: [], options: {}`;
  const needs = "needs: [service('cluster/replication')]";
  const lines = [
    `export const api = ${PLUGIN_API};`,
    `export const create = ({ service }) => ({ ${plugin}, ${needs}, start({ get }) { ${start} } });`,
  ];
  writeFileSync(path, lines.join('\n'), { mode: 0o600 });
  return path;
}

test('a file that is no guest is told with its path', () =>
  inFolder(async (folder) => {
    const write = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
      return join(folder, name);
    };
    const open = write('open.cjs', 'exports.api = 1;');
    chmodSync(open, 0o666);
    const rows: readonly (readonly [path: string, sentence: RegExp])[] = [
      ['relative.mjs', /^relative\.mjs: is no absolute path$/],
      [join(folder, 'gone.mjs'), /gone\.mjs: ENOENT/],
      [open, /open\.cjs: others may write to it; "chmod go-w" it$/],
      [write('syntax.cjs', 'exports = {'), /syntax\.cjs: Unexpected/],
      [write('throws.cjs', 'throw new Error("first line");'), /throws\.cjs: first line$/],
      [write('none.cjs', 'exports.x = 1;'), /none\.cjs: the module is no plugin: api: /],
      [
        write('old.cjs', 'exports.api = 99; exports.create = () => 1;'),
        /old\.cjs: written for plugin API 99, and this program has \d+; get a version of it that fits$/,
      ],
      [
        write('shape.cjs', `exports.api = ${PLUGIN_API}; exports.create = () => ({ id: 'nfs' });`),
        /shape\.cjs: what create\(\) returns is no plugin: id: must look like guest\/NAME/,
      ],
    ];
    for (const [path, sentence] of rows) {
      const { guests, refused } = loadGuests([path]);
      assert.is(guests.length, 0);
      assert.is(refused.length, 1);
      assert.match(refused[0] ?? '', sentence);
    }
  }));

test('the example works; three that do not are named and stopped, and the box serves', () =>
  inFolder(async (folder) => {
    const directory = join(folder, 'state');
    mkdirSync(directory);
    const group = "get({ name: 'cluster/replication' })";
    const files = [
      BEACON,
      guestFile(folder, 'hangs', 'return new Promise(() => {});'),
      guestFile(
        folder,
        'timer',
        "setTimeout(() => { throw new Error('late'); }, 10); return { stop() {} };",
      ),
      guestFile(
        folder,
        'callback',
        `${group}.onServing(() => { throw new Error('within'); }); return { stop() {} };`,
      ),
    ];
    configure(directory, 'box', await freePorts());
    const beacon = join(folder, 'beacon');
    const path = join(directory, 'box.toml');
    const tables = `[plugin."guest/beacon"]\npath = "${beacon}"\n[plugin."guest/gone"]\nx = 1\n`;
    const guests = `guests = ${JSON.stringify(files)}\n`;
    writeFileSync(path, `${guests}${readFileSync(path, 'utf8')}${tables}`);
    const box = await LoneBox.start(directory);
    try {
      await until(() => existsSync(beacon) && readFileSync(beacon, 'utf8').includes('true'));
      await sleep(100);
      assert.is((await box.status()).boxes[0]?.serving, true);
    } finally {
      const { code, err } = await box.end();
      assert.is(code, 0, err);
      assert.match(err, /guest stopped: guest\/hangs: did not start: no end within/);
      assert.match(err, /guest stopped: guest\/timer: (did not start: )?late/);
      assert.match(err, /guest stopped: guest\/callback: (did not start: )?within/);
      assert.not.ok(existsSync(beacon));
    }
  }));

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + WAIT_MS_MAX;
  while (!holds()) {
    assert.ok(performance.now() < end, `not within ${WAIT_MS_MAX} ms`);
    await sleep(20);
  }
}
