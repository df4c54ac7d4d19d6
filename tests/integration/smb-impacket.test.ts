/** impacket, which others wrote in Python from the specifications, as a client of a lab. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.ts';
import { runProgram } from './run-command.ts';
import { onSmbShare } from './smb-share.ts';

const test = suite('integration/smb-impacket', { secondsMax: 60 });

const ADDRESS = '127.0.20.70';
const SCRIPT = join(import.meta.dirname, 'smb-impacket.py');
const DIALECTS = ['202', '210', '300', '311'];
const title =
  'impacket lists, copies, renames and removes in each dialect, and asks srvsvc and wkssvc';

/** Debian's own: a package of Debian is for no other. */
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : undefined;
const lack = python === undefined ? 'needs python3' : await impacketLack(python);

if (python === undefined || lack !== undefined) test.skip(title, lack ?? '');
else {
  test(title, () =>
    onSmbShare(ADDRESS, async ({ address, port, share, user, password }) => {
      const args = [SCRIPT, address, String(port), share, user, password];
      const { code, out, err } = await runProgram(python, args);
      assert.is(code, 0, `${out}${err}`);
      const said = out.split('\n').filter((line) => line.startsWith('@'));
      assert.equal(said, [...DIALECTS.map((dialect) => `@works ${dialect}`), '@pipes']);
    }),
  );
}

async function impacketLack(command: string): Promise<string | undefined> {
  const { code } = await runProgram(command, ['-c', 'import impacket']);
  return code === 0 ? undefined : 'not installed; Debian has it in python3-impacket';
}
