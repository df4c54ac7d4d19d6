/** What a real Linux kernel, mounted and at work, sees of a kill, a freeze and a cut: nothing but a stall. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Lab } from '#packaging/lab/processes.ts';
import { Guest } from '../lab/guest.ts';
import { BRIDGE_ADDRESS, BridgeNetwork } from '../lab/network.ts';
import { suite } from '../support/suite.ts';
import { ANSWER_MS_MAX, BOOT_MS_MAX, disturb, kernelLack } from './kernel-events.ts';
import { startLab } from './stage.ts';

const test = suite('takeover/kernel-client', { secondsMax: 240 });

/** Milliseconds that an application may be held up: P8, and what emulation and its work add. */
const STALL_MS_MAX = 2_500;

const SCRIPT = readFileSync(join(import.meta.dirname, 'kernel-client.sh'), 'utf8');
const title = 'a Linux kernel client works on through a kill, a freeze, a cut and a move';
const lack = kernelLack();

if (lack !== undefined) test.skip(title, lack);
else {
  test(title, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'understudy-kernel-'));
    const net = BridgeNetwork.make();
    let guest: Guest | undefined;
    let lab: Lab | undefined;
    try {
      lab = await startLab({ address: BRIDGE_ADDRESS, net }, directory);
      guest = Guest.start(net, SCRIPT);
      await guest.says(/^@(go|fail)/, BOOT_MS_MAX);
      const stalls = await disturb(
        { net, lab, guest },
        ['kill', 'freeze', 'cut', 'move'],
        STALL_MS_MAX,
      );
      guest.tell('stop');
      const end = await guest.says(/^@exit/, ANSWER_MS_MAX);
      const counts = guest.console.filter((line) => /^@(?:writes|reads|names)/.test(line));
      process.stdout.write(`a Linux kernel's stalls: ${stalls.join(', ')}; ${counts.join(' ')}\n`);
      const failures = guest.console.filter((line) => line.startsWith('@fail'));
      assert.equal(failures, []);
      assert.is(end, '@exit 0', guest.console.slice(-30).join('\n'));
      assert.is(counts.length, 3);
    } finally {
      await guest?.end();
      await lab?.stop();
      net.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });
}
