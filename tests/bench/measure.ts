/**
 * Takes the samples. A cell's rounds follow one another, and in each round every system has its turn, beginning with
 * another one each time: what else happens on the machine then hits all of them alike.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Cleanup } from './cleanup.ts';
import type { Cell, OperationName } from './matrix.ts';
import { type LoadResult, type LoadTimes, runLoad } from './nfsload.ts';
import type { System, SystemName } from './systems.ts';

const run = promisify(execFile);

export interface Sample {
  readonly system: SystemName;
  readonly operation: OperationName;
  readonly depth: number;
  readonly round: number;
  readonly result?: LoadResult;
  /** Why there is no result. */
  readonly error?: string;
}

export interface MeasureOptions extends LoadTimes {
  readonly binary: string;
  readonly rounds: number;
  /** Seconds of each operation that no round counts: a compiler that works at run time has done its work then. */
  readonly settleSeconds: number;
  readonly directory: string;
  readonly cleanup: Cleanup;
  progress(line: string): void;
}

export async function measure(
  cells: readonly Cell[],
  systems: readonly System[],
  options: MeasureOptions,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  // Other runs of the bench cannot have used these seeds against the servers started for this one.
  let seed = 1;
  const settled = new Set<OperationName>();
  for (const [index, cell] of cells.entries()) {
    const { title, name, dirties } = cell.operation;
    options.progress(`${index + 1}/${cells.length} ${title}, depth ${cell.depth}`);
    if (!settled.has(name)) {
      settled.add(name);
      const times = { ...options, seconds: options.settleSeconds };
      const deep = cells.findLast((other) => other.operation.name === name) ?? cell;
      for (const system of systems) {
        await take(system, deep, times, seed);
        seed += 1;
      }
    }
    for (let round = 0; round < options.rounds; round += 1) {
      for (const system of rotated(systems, round)) {
        // A server must not pay for the pages that another left dirty.
        if (dirties) await run('sync', ['-f', options.directory]);
        const outcome = await take(system, cell, options, seed);
        samples.push({
          system: system.name,
          operation: name,
          depth: cell.depth,
          round,
          ...outcome,
        });
        seed += 1;
      }
    }
  }
  return samples;
}

async function take(
  system: System,
  cell: Cell,
  options: MeasureOptions,
  seed: number,
): Promise<Pick<Sample, 'result' | 'error'>> {
  try {
    return {
      result: await runLoad(options.binary, system.target, cell, options, seed, options.cleanup),
    };
  } catch (cause) {
    if (options.cleanup.isEnding) throw cause;
    const error = (cause as Error).message;
    options.progress(`${system.title}: ${cell.operation.title}, depth ${cell.depth}: ${error}`);
    return { error };
  }
}

function rotated<Value>(values: readonly Value[], by: number): Value[] {
  const from = by % Math.max(values.length, 1);
  return [...values.slice(from), ...values.slice(0, from)];
}
