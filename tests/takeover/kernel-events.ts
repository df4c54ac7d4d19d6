/** What is done to the boxes while a Linux kernel in a guest is at work, and what its meter says of each. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Status } from '#core/status.ts';
import type { Lab } from '#packaging/lab/processes.ts';
import type { Guest } from '../lab/guest.ts';
import { guestImage, guestLack } from '../lab/guest-image.ts';
import { type BridgeNetwork, bridgeLack } from '../lab/network.ts';

/** Milliseconds for a kernel in software emulation, beside other tests. */
export const BOOT_MS_MAX = 90_000;
export const ANSWER_MS_MAX = 30_000;
const TAKEOVER_MS_MAX = 20_000;
/** Milliseconds of work before and after something happens. */
const WORK_MS = 1_500;

export type KernelEvent = 'kill' | 'freeze' | 'cut' | 'move';

/** Why there can be no guest here, or `undefined`. */
export function kernelLack(): string | undefined {
  return bridgeLack() ?? guestLack() ?? imageLack();
}

/** Resolves with a line for each event. */
export async function disturb(
  { net, lab, guest }: { readonly net: BridgeNetwork; readonly lab: Lab; readonly guest: Guest },
  wanted: readonly KernelEvent[],
  stallMsMax: number,
): Promise<readonly string[]> {
  const events: readonly [
    name: KernelEvent,
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
    if (!wanted.includes(name)) continue;
    await sleep(WORK_MS);
    await stallOf(guest, `before-${name}`);
    await act(serving);
    const next = otherOf(lab, serving);
    await until(lab, next, ({ boxes }) => boxes.find((box) => box.name === next)?.serving === true);
    await sleep(WORK_MS);
    const stallMs = await stallOf(guest, name);
    stalls.push(`${name} ${stallMs} ms`);
    assert.ok(stallMs <= stallMsMax, `${name}: ${stallMs} ms`);
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
  assert.match(line, /^@stall/, guest.console.slice(-30).join('\n'));
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
