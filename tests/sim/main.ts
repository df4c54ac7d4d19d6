/**
 * Runs seeds of the simulation.
 *
 *     npm run sim -- --seed N --steps N [--seeds K] [--state register|volume|both] [--break RULE]
 *                 [--tears] [--keep-going] [--tail LINES]
 */
import { parseArgs } from 'node:util';
import type { Broken } from './machine.ts';
import { type SimOptions, simulate } from './simulation.ts';

const TRACE_TAIL = 120;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '300' },
    seeds: { type: 'string', default: '1' },
    state: { type: 'string', default: 'both' },
    break: { type: 'string' },
    tears: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
    tail: { type: 'string', default: String(TRACE_TAIL) },
  },
});

const out = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const STATES = ['register', 'volume', 'both'];

/** With `both` seeds alternate. */
function stateOf(seed: number): SimOptions['state'] {
  if (values.state === 'both') return seed % 2 === 0 ? 'volume' : 'register';
  return values.state as SimOptions['state'];
}

async function main(): Promise<void> {
  if (!STATES.includes(values.state)) throw new Error(`--state ${values.state}: ${STATES.join()}`);
  const first = Number(values.seed);
  const count = Number(values.seeds);
  const steps = Number(values.steps);
  out(`seed ${first}, ${count} seed${count === 1 ? '' : 's'}, ${steps} steps each`);
  const sum = { changes: 0, views: 0, timeMs: 0, out: 0 };
  let failed = 0;
  for (let seed = first; seed < first + count; seed += 1) {
    const broken = values.break as Broken | undefined;
    const result = await simulate({
      seed,
      steps,
      state: stateOf(seed),
      broken,
      tears: values.tears,
    });
    if (result.failure !== undefined) {
      process.exitCode = 1;
      failed += 1;
      const tail = values['keep-going'] ? 0 : Number(values.tail);
      for (const line of result.trace.slice(result.trace.length - tail)) out(line);
      out(`seed ${seed} failed: ${result.failure}`);
      if (!values['keep-going']) return;
    }
    sum.changes += result.changes;
    sum.views += result.views;
    sum.timeMs += result.timeMs;
    sum.out += result.out;
  }
  const seconds = Math.round(sum.timeMs / 1000);
  const most = `${sum.changes} changes, ${sum.views} views, ${sum.out} boxes out, ${seconds} virtual seconds`;
  out(`${count - failed} passed${failed === 0 ? '' : `, ${failed} failed`}: ${most}`);
}

await main();
