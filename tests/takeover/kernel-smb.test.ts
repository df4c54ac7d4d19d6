/** What a Linux kernel that has mounted a share sees: each way to mount it works, and a takeover is nothing but a stall. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Lab } from '#packaging/lab/processes.ts';
import { Guest } from '../lab/guest.ts';
import { BRIDGE_ADDRESS, BridgeNetwork } from '../lab/network.ts';
import { smbTargetOf, WITH_SMB } from '../lab/smb-target.ts';
import { suite } from '../support/suite.ts';
import { ANSWER_MS_MAX, BOOT_MS_MAX, disturb, kernelLack } from './kernel-events.ts';
import { startLab } from './stage.ts';

const test = suite('takeover/kernel-smb', { secondsMax: 240 });

/** Milliseconds that an application may be held up: the client waits up to 3 s between two tries to connect. */
const STALL_MS_MAX = 5_000;
/** Mounts that the script makes: versions 2.1, 3.0 and 3.1.1, signed and, where there is that, sealed. */
const WAYS = 5;

const SCRIPT = readFileSync(join(import.meta.dirname, 'kernel-smb.sh'), 'utf8');
const title =
  'a Linux kernel mounts a share signed and sealed, and works on through a kill and a move';
const lack = kernelLack();

if (lack !== undefined) test.skip(title, lack);
else {
  test(title, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'understudy-kernel-'));
    const net = BridgeNetwork.make();
    let guest: Guest | undefined;
    let lab: Lab | undefined;
    try {
      lab = await startLab({ address: BRIDGE_ADDRESS, net, ...WITH_SMB }, directory);
      guest = Guest.start(net, `${await variables(lab)}${SCRIPT}`);
      assert.is(await guest.says(/^@(go|fail.*)/, BOOT_MS_MAX), '@go', saidBy(guest));
      assert.is(guest.console.filter((line) => line.startsWith('@mounted')).length, WAYS);
      const stalls = await disturb({ net, lab, guest }, ['kill', 'move'], STALL_MS_MAX);
      guest.tell('stop');
      const end = await guest.says(/^@exit/, ANSWER_MS_MAX);
      const counts = guest.console.filter((line) => /^@(?:writes|reads|held)/.test(line));
      process.stdout.write(
        `a Linux kernel's stalls, SMB: ${stalls.join(', ')}; ${counts.join(' ')}\n`,
      );
      assert.equal(
        guest.console.filter((line) => line.startsWith('@fail')),
        [],
      );
      assert.is(end, '@exit 0', saidBy(guest));
      assert.is(counts.length, 3);
    } finally {
      await guest?.end();
      await lab?.stop();
      net.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

/** For the script: what it mounts, and as whom. */
async function variables(lab: Lab): Promise<string> {
  const { address, share, user, password } = await smbTargetOf(lab);
  return `ADDRESS=${address} SHARE=${share} USER=${user} PASSWORD='${password}'\n`;
}

function saidBy(guest: Guest): string {
  return guest.console.slice(-30).join('\n');
}
