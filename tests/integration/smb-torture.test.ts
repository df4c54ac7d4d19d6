/** Some of Samba's own tests, that take a second or so each; `npm run test:torture` has them all. */
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { runTest } from '../torture/run-test.ts';
import { readBars } from '../torture/tables.ts';
import { isFailed } from '../torture/verdict.ts';
import { installed } from './run-command.ts';
import { onSmbShare } from './smb-share.ts';

const test = suite('integration/smb-torture', { secondsMax: 150 });

const ADDRESS = '127.0.20.80';
/** Whole suites whose tests are quick; what they hold stays so. */
const SUITES = [
  'connect',
  'tcon',
  'read',
  'rw',
  'dir',
  'compound',
  'mkdir',
  'credits',
  'fileid',
  'deny',
];
/** Seconds. */
const LIMIT = 20;
const title = `Samba's own tests pass: ${SUITES.join(', ')}`;

const command = installed('smbtorture');

if (command === undefined) {
  test.skip(title, 'not installed; Debian has it in samba-testsuite');
} else {
  test(title, () =>
    onSmbShare(ADDRESS, async (target, directory) => {
      const failed: string[] = [];
      for (const name of chosenTests()) {
        const { result, why } = await runTest(name, target, { command, limit: LIMIT, directory });
        if (isFailed(result)) failed.push(`${name}: ${result}: ${why}`);
      }
      assert.equal(failed, []);
    }),
  );
}

/** Those that Samba passes. */
function chosenTests(): readonly string[] {
  return [...readBars()]
    .filter(([name, bar]) => bar === 'PASS' && SUITES.includes(name.split('.')[1] ?? ''))
    .map(([name]) => name);
}
