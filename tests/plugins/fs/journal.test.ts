import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { hasJournal } from '#plugins/fs/posix/journal.ts';
import { suite } from '../../support/suite.ts';

const test = suite('plugins/fs/posix/journal');

test('a device has a journal where the kernel names one after it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-journal-'));
  const folders = { devices: join(folder, 'devices'), journals: join(folder, 'journals') };
  mkdirSync(folders.devices);
  symlinkSync('../../devices/virtual/block/dm-1', join(folders.devices, '254:1'));
  symlinkSync('../../devices/virtual/block/dm-10', join(folders.devices, '254:266'));
  assert.is(hasJournal(0xfe01, folders), false, 'no folder of journals');
  mkdirSync(join(folders.journals, 'dm-1-8'), { recursive: true });
  assert.is(hasJournal(0xfe01, folders), true);
  assert.is(hasJournal(0x0010_fe0a, folders), false, 'dm-10 is not dm-1');
  assert.is(hasJournal(0xfe02, folders), false, 'no such device');
  rmSync(folder, { recursive: true });
});
