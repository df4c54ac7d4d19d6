import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { mountProgram } from '#plugins/protocol/nfs/mount/program.ts';
import { NFS3_PROCEDURES, nfsProgram } from '#plugins/protocol/nfs/v3/program.ts';
import { suite } from '../../../support/suite.ts';

const test = suite('nfs/spec');

const PLUGIN = join(import.meta.dirname, '../../../../plugins/protocol/nfs');
const ROOT = join(PLUGIN, '../../..');
const rows = readFileSync(join(PLUGIN, 'SPEC.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| RFC '))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, section = '', what = '', status = '', files = '']) => ({
    section,
    what,
    status,
    files,
  }));

test('every row has a status and files that exist', () => {
  assert.ok(rows.length > 40);
  for (const { section, status, files } of rows) {
    assert.match(status, /^(yes|partial|no)\b/, section);
    if (status.startsWith('no')) continue;
    for (const file of files.split(', ')) {
      const place = file.startsWith('core/') ? join(ROOT, file) : join(PLUGIN, file);
      assert.ok(existsSync(place), `${section}: ${file}`);
    }
  }
});

test('all 22 procedures of NFSv3 and all six of MOUNT are there, each with its row', () => {
  assert.is(NFS3_PROCEDURES.length, 22);
  for (const [number, procedure] of NFS3_PROCEDURES.entries()) {
    assert.is(procedure.number, number);
    const row = rows.find(({ section }) => section === `RFC 1813 §3.3.${number}`);
    assert.ok(row?.what.startsWith(procedure.name), procedure.name);
  }
  const table = nfsProgram.versions[0]?.procedures ?? [];
  assert.ok(table.every((procedure, number) => procedure?.number === number));
  const mount = mountProgram.versions.find(({ version }) => version === 3)?.procedures ?? [];
  assert.is(mount.length, 6);
  for (const [number, procedure] of mount.entries()) {
    const row = rows.find(({ section }) => section === `RFC 1813 §5.2.${number}`);
    assert.ok(row?.what.startsWith(procedure?.name ?? 'none'), String(number));
  }
});

test('what changes something goes through the cache of replies, and nothing else', () => {
  const changing = NFS3_PROCEDURES.filter(({ changes }) => changes).map(({ name }) => name);
  assert.equal(changing, [
    'SETATTR',
    'WRITE',
    'CREATE',
    'MKDIR',
    'SYMLINK',
    'MKNOD',
    'REMOVE',
    'RMDIR',
    'RENAME',
    'LINK',
  ]);
});
