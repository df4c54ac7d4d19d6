/**
 * Two boxes that do not hear one another, and everybody else hears both: one of them serves, whichever, and the other has
 * neither the service nor its address. Clients are at work all the time.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '#packaging/lab/processes.ts';
import { BRIDGE_ADDRESS, BridgeNetwork, CLIENT } from '../lab/network.ts';
import { inNamespace } from '../support/namespace.ts';
import { Crew } from './crew.ts';
import { startLab } from './stage.ts';

export interface PartedOptions {
  readonly arbiter: 'witness' | 'gateway';
  readonly count: number;
  readonly seed: number;
  say(line: string): void;
}

/** Milliseconds for the boxes to have decided. */
const DECISION_MS_MAX = 10_000;
/** Milliseconds for which it must stay as it was decided. */
const STEADY_MS = 400;

export async function playParted(options: PartedOptions): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'understudy-parted-'));
  const net = BridgeNetwork.make();
  try {
    await inNamespace(net.namespace(CLIENT), async () => {
      const { arbiter } = options;
      const lab = await startLab({ address: BRIDGE_ADDRESS, net, arbiter }, directory);
      try {
        await play(options, net, lab);
      } finally {
        await lab.stop();
      }
    });
    rmSync(directory, { recursive: true, force: true });
  } catch (cause) {
    const text = `${(cause as Error).message}\n  what the boxes said: ${join(directory, 'log')}`;
    throw new Error(text, { cause });
  } finally {
    net.close();
  }
}

async function play(options: PartedOptions, net: BridgeNetwork, lab: Lab): Promise<void> {
  const crew = await Crew.start(lab, 1, options.seed);
  try {
    for (let turn = 1; turn <= options.count; turn += 1) {
      await crew.during(partOnce(options, net, lab, turn));
      await crew.compared();
    }
    await crew.stop();
  } finally {
    crew.close();
  }
}

async function partOnce(
  { arbiter, say }: PartedOptions,
  net: BridgeNetwork,
  lab: Lab,
  turn: number,
): Promise<void> {
  const [one, other] = lab.plan.boxes.map(({ name, address }) => ({ name, address }));
  if (one === undefined || other === undefined) throw new Error('lab: two boxes are needed');
  const before = await lab.status(one.name);
  const part = (isApart: boolean) => {
    // Without a witness nobody can know more than ARP says: see the exposed case.
    if (arbiter === 'witness') net.part([one.name, other.name], isApart);
    else
      net.mute(
        [
          [one.name, other.address],
          [other.name, one.address],
        ],
        isApart,
      );
  };
  part(true);
  const winner = await decided(net, lab, before.view);
  const until = performance.now() + STEADY_MS;
  while (performance.now() < until) {
    const holders = await holdersOf(net, lab);
    if (holders.join() !== winner) throw new Error(`boxes at ${BRIDGE_ADDRESS}: ${holders}`);
    await sleep(20);
  }
  part(false);
  await lab.settled();
  say(`parted ${turn}: box ${winner} serves`);
}

/** The one box that serves in a later view, when the other has given up. */
async function decided(net: BridgeNetwork, lab: Lab, view: number): Promise<string> {
  const until = performance.now() + DECISION_MS_MAX;
  let holders: readonly string[] = [];
  while (performance.now() < until) {
    holders = await holdersOf(net, lab);
    const [first, ...more] = holders;
    if (first !== undefined && more.length === 0 && (await lab.status(first)).view > view) {
      return first;
    }
    await sleep(20);
  }
  throw new Error(`boxes at ${BRIDGE_ADDRESS} after ${DECISION_MS_MAX} ms: ${holders.join()}`);
}

/** Boxes that say that they serve and have the address: both must be so, or neither. */
async function holdersOf(net: BridgeNetwork, lab: Lab): Promise<readonly string[]> {
  const names = lab.plan.boxes.map(({ name }) => name);
  const isThere = await Promise.all(
    names.map(async (name) => {
      const { addresses } = await lab.status(name);
      const says = addresses.some(({ address, held }) => address === BRIDGE_ADDRESS && held);
      return says || net.addresses(name).includes(` ${BRIDGE_ADDRESS}/`);
    }),
  );
  return names.filter((_, index) => isThere[index]);
}
