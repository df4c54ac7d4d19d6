/**
 * Runs seeds of the simulation.
 *
 *     npm run sim -- --seed N --steps N [--seeds K]
 */
import { parseArgs } from 'node:util';
import { simulate } from './simulation.ts';

const TRACE_TAIL = 120;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '300' },
    seeds: { type: 'string', default: '1' },
    'reply-before-backup': { type: 'boolean', default: false },
  },
});

const out = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function main(): Promise<void> {
  const first = Number(values.seed);
  const count = Number(values.seeds);
  const steps = Number(values.steps);
  out(`seed ${first}, ${count} seed${count === 1 ? '' : 's'}, ${steps} steps each`);
  let changes = 0;
  let views = 0;
  let timeMs = 0;
  for (let seed = first; seed < first + count; seed += 1) {
    const result = await simulate({
      seed,
      steps,
      replyBeforeBackup: values['reply-before-backup'],
    });
    if (result.failure !== undefined) {
      for (const line of result.trace.slice(-TRACE_TAIL)) out(line);
      out(`seed ${seed} failed: ${result.failure}`);
      process.exitCode = 1;
      return;
    }
    changes += result.changes;
    views += result.views;
    timeMs += result.timeMs;
  }
  out(
    `${count} passed: ${changes} changes, ${views} views, ${Math.round(timeMs / 1000)} virtual seconds`,
  );
}

await main();
