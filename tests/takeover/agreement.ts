/** Whether all boxes of a lab have the same. */
import { setTimeout as sleep } from 'node:timers/promises';
import { LAB_VOLUME } from '#packaging/lab/plan.ts';
import type { Lab } from '#packaging/lab/processes.ts';

const POLL_MS = 50;
const COMMIT_MS_MAX = 20_000;

interface Digests {
  readonly volumes: Readonly<Record<string, object>>;
}

/** By the boxes' own digests. Throws where they differ. */
export async function digestsAgree(lab: Lab): Promise<void> {
  await committed(lab);
  const digests = await Promise.all(
    lab.plan.boxes.map(({ name }) => lab.control(name, 'digest', {}) as Promise<Digests>),
  );
  const sums = digests.map(({ volumes }) => JSON.stringify(volumes[LAB_VOLUME]));
  if (new Set(sums).size !== 1) throw new Error(`digests differ: ${sums.join(', ')}`);
}

/** A backup hears only with the next heartbeat what is committed. */
async function committed(lab: Lab): Promise<void> {
  const names = lab.plan.boxes.map(({ name }) => name);
  const until = performance.now() + COMMIT_MS_MAX;
  while (performance.now() < until) {
    const all = await Promise.all(names.map((name) => lab.status(name)));
    if (new Set(all.map(({ committed }) => committed)).size === 1) return;
    await sleep(POLL_MS);
  }
}

/** What each box says of itself, a line each. */
export async function stateOf(lab: Lab): Promise<string> {
  const lines = lab.plan.boxes.map(async ({ name }) => {
    if (!lab.isRunning(name)) return `  box ${name}: does not run\n`;
    const status = await lab.status(name).catch((cause: Error) => cause.message);
    if (typeof status === 'string') return `  box ${name}: ${status}\n`;
    const { view, committed, boxes } = status;
    return `  box ${name}: view ${view}, committed ${committed}, ${JSON.stringify(boxes)}\n`;
  });
  return (await Promise.all(lines)).join('');
}
