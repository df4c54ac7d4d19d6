/**
 * Samba's smbtorture against a box of ours, one test a process, with a table at the end that stands beside Samba's own.
 *
 *     npm run test:torture -- [suite or test...] [--json FILE] [--write] [--jobs 2] [--limit 60] [--backend posix]
 *     npm run test:torture -- lock lease.break --logs DIR
 *     npm run test:torture -- connect --target NAME%PASSWORD@ADDRESS:PORT/SHARE     another server
 *
 * `--write` puts the results of a whole run into results.tsv and the table into SPEC.md of the plugin.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import yargs from 'yargs';
import { installed } from '../integration/run-command.ts';
import { campaign } from './campaign.ts';
import { chosen } from './plan.ts';
import { figuresOf, printFigures, printPage, shortfallsOf, withTorture } from './report.ts';
import type { TestRun } from './run-test.ts';
import { foreignServer, parseTarget, type Server, startServer } from './server.ts';
import { printRows, RESULTS_FILE, readBars, readReasons, readResults } from './tables.ts';
import type { Result } from './verdict.ts';

const SPEC = join(import.meta.dirname, '../../plugins/protocol/smb/SPEC.md');
const WORD_WIDTH = 8;

const args = yargs(process.argv.slice(2))
  .scriptName('test:torture')
  .option('json', { type: 'string', describe: 'File for every result with its reason' })
  .option('logs', { type: 'string', describe: 'Folder for what each test printed' })
  .option('write', { type: 'boolean', default: false, describe: 'Keep the results' })
  .option('jobs', { type: 'number', default: 2, describe: 'Boxes, each with suites of its own' })
  .option('limit', { type: 'number', default: 60, describe: 'Seconds a test' })
  .option('again', { type: 'number', default: 0, describe: 'More chances for a failed test' })
  .option('backend', { choices: ['posix', 'memory'] as const, default: 'posix' as const })
  .option('address', { type: 'string', default: '127.0.30.10', describe: 'Of the first box' })
  .option('target', { type: 'string', describe: 'Another server' })
  .strictOptions()
  .parseSync();

const out = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function main(): Promise<number> {
  const command = installed('smbtorture');
  if (command === undefined)
    throw new Error('smbtorture: not installed; Debian has it in samba-testsuite');
  const bars = readBars();
  const tests = chosen(args._.map(String), [...bars.keys()]);
  const servers = await startServers();
  process.once('SIGINT', () => void stopAll(servers).then(() => process.exit(130)));
  try {
    const { limit, again } = args;
    const runs = await campaign(tests, servers, { command, limit, again, said });
    return report(runs);
  } finally {
    await stopAll(servers);
  }
}

async function startServers(): Promise<readonly Server[]> {
  if (args.target !== undefined) return [foreignServer(parseTarget(args.target))];
  const { backend, address } = args;
  return Promise.all(
    Array.from({ length: args.jobs }, (_, index) =>
      startServer({
        backend,
        address: `${address.slice(0, address.lastIndexOf('.'))}.${10 + 10 * index}`,
      }),
    ),
  );
}

async function stopAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}

function said({ test, result, seconds, why, output }: TestRun): void {
  const word = result.toUpperCase().padEnd(WORD_WIDTH);
  out(
    `${word}${test.padEnd(60)} ${seconds.toFixed(1).padStart(5)} s  ${why.slice(0, 180)}`.trimEnd(),
  );
  if (args.logs === undefined) return;
  mkdirSync(args.logs, { recursive: true });
  writeFileSync(join(args.logs, `${test.replaceAll(/[^\w.-]/g, '_')}.log`), output);
}

/** Prints all, keeps what was asked for; returns how many tests fall short of Samba. */
function report(runs: readonly TestRun[]): number {
  const bars = readBars();
  const results = new Map<string, Result>(runs.map(({ test, result }) => [test, result]));
  out(`\n${printFigures(figuresOf(results, bars))}`);
  const short = shortfallsOf(results, bars, readReasons());
  out(`${short.length} that Samba passes are none here:`);
  for (const { test, result, reason } of short)
    out(`  ${test}: ${result}: ${reason ?? 'NO REASON'}`);
  if (args.json !== undefined) {
    const kept = runs.map(({ test, result, seconds, why }) => ({ test, result, seconds, why }));
    writeFileSync(args.json, `${JSON.stringify(kept, undefined, 1)}\n`);
  }
  if (args.write) keep(results);
  return short.length;
}

/** What was not run now stays as it was. */
function keep(results: ReadonlyMap<string, Result>): void {
  const bars = readBars();
  const known = new Map([...readResults(), ...results]);
  const all = new Map(
    [...bars.keys()].flatMap((test) => {
      const result = known.get(test);
      return result === undefined ? [] : [[test, result] as const];
    }),
  );
  writeFileSync(RESULTS_FILE, printRows([['test', 'result'], ...all]));
  const page = printPage(all, bars, readReasons());
  writeFileSync(SPEC, withTorture(readFileSync(SPEC, 'utf8'), page));
  out(`written: ${RESULTS_FILE} and ${SPEC}`);
}

try {
  process.exitCode = (await main()) > 0 ? 1 : 0;
} catch (cause) {
  process.stderr.write(`test:torture: ${(cause as Error).message}\n`);
  process.exitCode = 1;
}
