import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { commands } from '#plugins/protocol/smb/commands/index.ts';
import { suite } from '../../../support/suite.ts';

const test = suite('smb/spec');

const PLUGIN = join(import.meta.dirname, '../../../../plugins/protocol/smb');
const ROOT = join(PLUGIN, '../../..');
const rows = readFileSync(join(PLUGIN, 'SPEC.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| (RFC |\[MS-)/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, section = '', what = '', status = '', files = '']) => ({
    section,
    what,
    status,
    files,
  }));

test('every row has a status and files that exist', () => {
  assert.ok(rows.length > 50);
  for (const { section, status, files } of rows) {
    assert.match(status, /^(yes|partial|no)\b/, section);
    if (/^no\b/.test(status)) continue;
    for (const file of files.split(', ')) {
      const place = file.startsWith('core/') ? join(ROOT, file) : join(PLUGIN, file);
      assert.ok(existsSync(place), `${section}: ${file}`);
    }
  }
});

test('all nineteen commands are there, each with its row', () => {
  const all = Object.entries(commands);
  assert.equal(
    all.map(([code]) => Number(code)),
    Array.from({ length: 19 }, (_, code) => code),
  );
  for (const [code, command] of all) {
    assert.is(command?.code, Number(code));
    const row = rows.find(({ what, section }) => {
      return section.startsWith('[MS-SMB2] §2.2.') && what.split(/[ :]/)[0] === command?.name;
    });
    assert.ok(row, command?.name);
  }
});
