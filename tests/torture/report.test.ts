import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import {
  BEGIN,
  END,
  figuresOf,
  printPage,
  shortfallsOf,
  sumOf,
  tortureOf,
  withTorture,
} from './report.ts';
import { type Bar, covers, readBars, readReasons, readResults } from './tables.ts';
import type { Result } from './verdict.ts';

const test = suite('torture/report');

const bars = new Map<string, Bar>([
  ['smb2.lock.one', 'PASS'],
  ['smb2.lock.two', 'FAIL'],
  ['smb2.read.eof', 'PASS'],
  ['smb2.read.dir', 'SKIP'],
]);
const results = new Map<string, Result>([
  ['smb2.lock.one', 'timeout'],
  ['smb2.lock.two', 'pass'],
  ['smb2.read.eof', 'pass'],
  ['smb2.read.dir', 'skip'],
]);

test('a suite is a line, and the sum another', () => {
  const figures = figuresOf(results, bars);
  const [lock] = figures;
  assert.equal(lock, {
    suite: 'smb2.lock',
    passed: 1,
    failed: 1,
    skipped: 0,
    sambaPassed: 1,
    sambaFailed: 1,
    sambaSkipped: 0,
  });
  const { passed, failed, skipped, sambaPassed } = sumOf(figures);
  assert.equal([passed, failed, skipped, sambaPassed], [2, 1, 1, 2]);
});

test('a test that Samba passes and we do not is named with its reason', () => {
  const reasons = [{ tests: 'smb2.lock.*', reason: 'locks are to come' }];
  assert.equal(shortfallsOf(results, bars, reasons), [
    { test: 'smb2.lock.one', result: 'timeout', reason: 'locks are to come' },
  ]);
  assert.match(printPage(results, bars, reasons), /smb2\.lock\.one +\| timeout \| locks are/);
});

test('a reason is for one test or for all that begin alike', () => {
  assert.is(covers('smb2.lock.one', 'smb2.lock.one1'), false);
  assert.is(covers('smb2.lock.*', 'smb2.lock.one1'), true);
});

test('the table is written between its markers, and read from there', () => {
  const page = `# Title\n\n${BEGIN}\nold\n${END}\n\nRest\n`;
  const written = withTorture(page, 'new\n');
  assert.is(written, `# Title\n\n${BEGIN}\n\nnew\n\n${END}\n\nRest\n`);
  assert.is(withTorture(written, 'new\n'), written);
  assert.is(tortureOf(written), 'new\n');
  assert.throws(() => withTorture('no markers', ''), /has no place/);
});

test('the table of Samba has each test once, and says what became of it', () => {
  const all = readBars();
  const count = (bar: Bar) => [...all.values()].filter((value) => value === bar).length;
  assert.equal([all.size, count('PASS'), count('FAIL'), count('SKIP')], [556, 456, 56, 44]);
});

test('each reason is for a test that Samba passes and we do not', () => {
  const known = readResults();
  if (known.size === 0) return;
  const short = shortfallsOf(known, readBars(), []);
  const idle = readReasons().filter(({ tests }) => !short.some((row) => covers(tests, row.test)));
  assert.equal(idle, []);
});

test('each test that Samba passes and we do not has a reason', () => {
  const short = shortfallsOf(readResults(), readBars(), readReasons());
  const silent = short.filter(({ reason }) => reason === undefined).map((row) => row.test);
  assert.equal(silent, []);
});

test('SPEC.md shows the results that are kept', () => {
  const path = join(import.meta.dirname, '../../plugins/protocol/smb/SPEC.md');
  const known = readResults();
  if (known.size === 0 || !existsSync(path)) return;
  const shown = tortureOf(readFileSync(path, 'utf8'));
  assert.is(shown, printPage(known, readBars(), readReasons()));
});
