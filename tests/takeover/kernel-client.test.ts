/** What a real Linux kernel, mounted and at work, sees of a kill, a freeze and a cut: nothing but a stall. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Status } from '#core/status.ts';
import type { Lab } from '#packaging/lab/processes.ts';
import { Guest } from '../lab/guest.ts';
import { guestImage, guestLack } from '../lab/guest-image.ts';
import { BRIDGE_ADDRESS, BridgeNetwork, bridgeLack } from '../lab/network.ts';
import { suite } from '../support/suite.ts';
import { startLab } from './stage.ts';

const test = suite('takeover/kernel-client', { secondsMax: 240 });

/** Milliseconds for a kernel in software emulation, beside other tests. */
const BOOT_MS_MAX = 90_000;
const ANSWER_MS_MAX = 30_000;
const TAKEOVER_MS_MAX = 20_000;
/** Milliseconds of work before and after something happens. */
const WORK_MS = 1_500;
/** Milliseconds that an application may be held up: P8, and what emulation and its work add. */
const STALL_MS_MAX = 2_500;

const SCRIPT = readFileSync(join(import.meta.dirname, 'kernel-client.sh'), 'utf8');
const title = 'a Linux kernel client works on through a kill, a freeze, a cut and a move';
const lack = bridgeLack() ?? guestLack() ?? imageLack();

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
      const stalls = await disturb(net, lab, guest);
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

/** Resolves with a line for each event. */
async function disturb(net: BridgeNetwork, lab: Lab, guest: Guest): Promise<readonly string[]> {
  const events: readonly [
    name: string,
    act: (box: string) => unknown,
    undo: (box: string) => unknown,
  ][] = [
    ['kill', (box) => lab.kill(box), (box) => lab.restart(box)],
    ['freeze', (box) => lab.freeze(box), (box) => lab.thaw(box)],
    ['cut', (box) => net.cut(box), (box) => net.heal(box)],
    ['move', (box) => lab.control(box, 'move', { to: otherOf(lab, box) }), () => {}],
  ];
  const stalls: string[] = [];
  let serving = (await lab.serving()) ?? 'a';
  for (const [name, act, undo] of events) {
    await sleep(WORK_MS);
    await stallOf(guest, `before-${name}`);
    await act(serving);
    const next = otherOf(lab, serving);
    await until(lab, next, ({ boxes }) => boxes.find((box) => box.name === next)?.serving === true);
    await sleep(WORK_MS);
    const stallMs = await stallOf(guest, name);
    stalls.push(`${name} ${stallMs} ms`);
    assert.ok(stallMs <= STALL_MS_MAX, `${name}: ${stallMs} ms`);
    await undo(serving);
    await until(lab, next, ({ boxes }) => boxes.every(({ inSync, lag }) => inSync && lag === 0));
    serving = next;
  }
  return stalls;
}

/** Milliseconds of the longest wait of the guest's meter since the last asking. */
async function stallOf(guest: Guest, name: string): Promise<number> {
  guest.tell(`mark ${name}`);
  const line = await guest.says(new RegExp(`^@(stall ${name} |fail)`), ANSWER_MS_MAX);
  assert.match(line, /^@stall/);
  return Number(line.split(' ')[2]) * 10;
}

function otherOf(lab: Lab, name: string): string {
  return lab.plan.boxes.find((box) => box.name !== name)?.name ?? name;
}

async function until(lab: Lab, name: string, isSo: (status: Status) => boolean): Promise<void> {
  const end = performance.now() + TAKEOVER_MS_MAX;
  while (performance.now() < end) {
    const status = await lab.status(name).catch(() => undefined);
    if (status !== undefined && isSo(status)) return;
    await sleep(20);
  }
  throw new Error(`box ${name}: not as it should be after ${TAKEOVER_MS_MAX} ms`);
}

/** Its packages come from the network. */
function imageLack(): string | undefined {
  try {
    guestImage();
    return undefined;
  } catch (error) {
    return `needs Debian's kernel: ${(error as Error).message.split('\n')[0]}`;
  }
}
