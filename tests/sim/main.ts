/** Runs seeds of the simulation: `npm run sim -- --help`. */
import yargs from 'yargs';
import type { Broken } from './machine.ts';
import { type SimOptions, simulate } from './simulation.ts';

const RULES = ['reply-before-backup', 'forget-replies', 'skip-refetch', 'skip-sync', 'skip-rows'];

const values = await yargs(process.argv.slice(2))
  .scriptName('sim')
  .usage(
    'Whole groups of boxes on a virtual clock, with loss, delay, partition, crashes, power cuts',
  )
  .option('seed', { type: 'number', default: 1, describe: 'The first one' })
  .option('seeds', { type: 'number', default: 1, describe: 'How many, one after the other' })
  .option('steps', { type: 'number', default: 300, describe: 'Calls that clients make' })
  .option('state', {
    choices: ['register', 'volume', 'both'] as const,
    default: 'both' as const,
    describe: 'What boxes hold: registers, real catalogs, or each in turn',
  })
  .option('break', { choices: RULES, describe: 'A rule to break: the checkers must see it' })
  .option('tears', { type: 'boolean', default: false, describe: 'Ends processes inside a write' })
  .option('sets-clocks', {
    type: 'boolean',
    default: false,
    describe: 'Wall clocks are set all the time, hours forward and back',
  })
  .option('keep-going', { type: 'boolean', default: false, describe: 'Also after a failure' })
  .option('tail', { type: 'number', default: 120, describe: 'Lines of a failure to print' })
  .strict()
  .parse();

const out = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** With `both` seeds alternate. */
function stateOf(seed: number): SimOptions['state'] {
  if (values.state === 'both') return seed % 2 === 0 ? 'volume' : 'register';
  return values.state;
}

async function main(): Promise<void> {
  const { seed: first, seeds: count, steps, tears, setsClocks, keepGoing } = values;
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
      tears,
      setsClocks,
    });
    if (result.failure !== undefined) {
      process.exitCode = 1;
      failed += 1;
      const tail = keepGoing ? 0 : values.tail;
      for (const line of result.trace.slice(result.trace.length - tail)) out(line);
      out(`seed ${seed} failed: ${result.failure}`);
      if (!keepGoing) return;
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
