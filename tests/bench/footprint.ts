/** How long a box takes from its start until it serves, and how much memory it holds. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Status } from '#core/status.ts';
import type { BoxPlan } from '#packaging/lab/plan.ts';
import { ask } from '#tui/control-client.ts';
import { endProcess, isAlive } from './cleanup.ts';
import { median } from './statistics.ts';
import { labOptions, type Surroundings, startLab } from './systems.ts';

/** Milliseconds to serve before the box counts as hung. */
const SERVE_MS_MAX = 20_000;
/** How often a status is asked for: each asking also costs the box that starts. */
const POLL_MS = 10;
/** Milliseconds that a box is left alone before its memory is read. */
const IDLE_MS = 3_000;

export interface Memory {
  /** Bytes resident, pages shared with other processes included (`VmRSS`). */
  readonly resident: number;
  /** Bytes, shared pages divided by those who share them; 0 where the kernel does not tell. */
  readonly proportional: number;
}

export interface Footprint {
  /** Milliseconds from the start of the process until its status says that it serves; one a start. */
  readonly startMs: readonly number[];
  readonly startMsMedian: number;
  readonly idle: Memory;
}

/** Starts a box that has one volume, one export and one address, as often as asked. */
export async function measureFootprint(around: Surroundings, times: number): Promise<Footprint> {
  const lab = await startLab(labOptions('footprint', ['posix'], 'disk', around), around);
  const box = lab.box('a');
  await lab.stop();
  const startMs: number[] = [];
  const memory: Memory[] = [];
  for (let time = 0; time < times; time += 1) {
    const { ms, idle } = await startOnce(box, around, time === 0);
    startMs.push(ms);
    if (idle !== undefined) memory.push(idle);
  }
  return {
    startMs,
    startMsMedian: median(startMs),
    idle: memory[0] ?? { resident: 0, proportional: 0 },
  };
}

async function startOnce(
  box: BoxPlan,
  { program, cleanup }: Surroundings,
  readsMemory: boolean,
): Promise<{ ms: number; idle: Memory | undefined }> {
  const begin = performance.now();
  const child = cleanup.spawn(program.command, [...program.args, 'serve', '--dir', box.directory], {
    stdio: ['ignore', 'ignore', 2],
    cwd: '/',
  });
  while (!(await serves(box))) {
    if (!isAlive(child))
      throw new Error(`box ${box.name}: ended at its start; what it said stands above`);
    if (performance.now() - begin > SERVE_MS_MAX) {
      throw new Error(`box ${box.name}: does not serve after ${SERVE_MS_MAX} ms`);
    }
    await sleep(POLL_MS);
  }
  const ms = performance.now() - begin;
  if (readsMemory) await Promise.race([sleep(IDLE_MS), once(child, 'exit')]);
  const idle = readsMemory ? memoryOf(child.pid ?? 0) : undefined;
  await endProcess(child);
  return { ms, idle };
}

async function serves(box: BoxPlan): Promise<boolean> {
  const status = (await ask(box.control, 'status', {}).catch(() => undefined)) as
    | Status
    | undefined;
  return status?.boxes.find((row) => row.name === box.name)?.serving === true;
}

/** Zeros for a process that has ended. */
export function memoryOf(pid: number): Memory {
  return {
    resident: kibibytes(`/proc/${pid}/status`, /^VmRSS:\s+(\d+) kB$/m),
    proportional: kibibytes(`/proc/${pid}/smaps_rollup`, /^Pss:\s+(\d+) kB$/m),
  };
}

function kibibytes(path: string, pattern: RegExp): number {
  try {
    return Number(pattern.exec(readFileSync(path, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
