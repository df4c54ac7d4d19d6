/**
 * The bench: how fast one box and a pair answer NFSv3, beside nfs-ganesha on the same file system in the same minutes.
 *
 *     npm run bench
 *     npm run bench -- --quick --only getattr,create --system ganesha,box-memory --json result.json
 *
 * Tables on standard output, progress on standard error. Exits 1 when something could not be measured; a floor that is
 * missed is a result.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import yargs from 'yargs';
import type { LabOptions } from '#packaging/lab/plan.ts';
import type { Program } from '#packaging/lab/processes.ts';
import { programOf } from '#packaging/lab/program.ts';
import { Cleanup } from './cleanup.ts';
import { type Footprint, measureFootprint, memoryOf } from './footprint.ts';
import { describeMachine } from './machine.ts';
import { cellsOf, OPERATION_NAMES, type OperationName } from './matrix.ts';
import { measure } from './measure.ts';
import { compileLoad } from './nfsload.ts';
import * as report from './report.ts';
import { judge, summarize } from './summary.ts';
import {
  type Surroundings,
  SYSTEM_NAMES,
  type System,
  type SystemName,
  startSystem,
} from './systems.ts';

/** Starts that the time to serving is the median of. */
const STARTS = 5;
const STARTS_QUICK = 2;

interface Settings {
  readonly operations: readonly OperationName[];
  readonly systems: readonly SystemName[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmSeconds: number;
  readonly settleSeconds: number;
  readonly isQuick: boolean;
  readonly parent: string;
  readonly pair: readonly string[];
  readonly handles: LabOptions['handles'];
  readonly program: Program;
  readonly json: string | undefined;
}

async function readSettings(): Promise<Settings> {
  const args = await yargs(process.argv.slice(2))
    .scriptName('bench')
    .usage('Measures one box and a pair beside nfs-ganesha, where that is installed')
    .option('json', {
      type: 'string',
      describe: 'Write everything, each sample included, to this file',
    })
    .option('quick', {
      type: 'boolean',
      default: false,
      describe: 'Two short rounds: a look, no proof',
    })
    .option('only', { type: 'string', describe: `Operations: ${OPERATION_NAMES.join(',')}` })
    .option('system', { type: 'string', describe: `Systems: ${SYSTEM_NAMES.join(',')}` })
    .option('rounds', { type: 'number', describe: 'Samples a cell (5; quick: 2)' })
    .option('seconds', { type: 'number', describe: 'Of each sample (0.6; quick: 0.3)' })
    .option('dir', {
      type: 'string',
      default: '/var/tmp',
      describe: 'Where the files of all systems go',
    })
    .option('pair', {
      type: 'string',
      default: 'posix,memory',
      describe: 'Backends of the two boxes',
    })
    .option('handles', { choices: ['generic', 'issuer'] as const, default: 'generic' as const })
    .option('executable', { type: 'string', describe: 'Measure this instead of the sources' })
    .option('profile', {
      type: 'string',
      describe: 'Folder for a CPU profile of each box (sources only)',
    })
    .strict()
    .fail((message, error) => fail(error?.message ?? message))
    .parseAsync();
  const isQuick = args.quick;
  return {
    operations: choose('only', args.only, OPERATION_NAMES),
    systems: choose('system', args.system, SYSTEM_NAMES),
    rounds: positive('rounds', args.rounds ?? (isQuick ? 2 : 5)),
    seconds: positive('seconds', args.seconds ?? (isQuick ? 0.3 : 0.6)),
    warmSeconds: isQuick ? 0.1 : 0.2,
    settleSeconds: isQuick ? 1 : 3,
    isQuick,
    parent: args.dir,
    pair: args.pair.split(','),
    handles: args.handles,
    program: profiled(programOf(args.executable), args.profile),
    json: args.json,
  };
}

function fail(sentence: string): never {
  process.stderr.write(`bench: ${sentence}\n`);
  process.exit(1);
}

function positive(option: string, value: number): number {
  return value > 0 ? value : fail(`--${option}: ${value} is not more than 0`);
}

/** In the order of the list, whatever the order asked for. */
function choose<Name extends string>(
  option: string,
  asked: string | undefined,
  names: readonly Name[],
): readonly Name[] {
  if (asked === undefined) return names;
  const wanted = asked.split(',');
  const unknown = wanted.find((name) => !names.some((known) => known === name));
  if (unknown !== undefined) fail(`--${option}: "${unknown}" is none of ${names.join(', ')}`);
  return names.filter((name) => wanted.includes(name));
}

function profiled(program: Program, directory: string | undefined): Program {
  if (directory === undefined) return program;
  mkdirSync(directory, { recursive: true });
  return {
    ...program,
    args: ['--cpu-prof', `--cpu-prof-dir=${realpathSync(directory)}`, ...program.args],
  };
}

function progress(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}

async function main(settings: Settings, cleanup: Cleanup): Promise<number> {
  const begin = performance.now();
  const binary = await compileLoad();
  mkdirSync(settings.parent, { recursive: true });
  // A new one each time: a server that remembers an earlier bench could answer this one from its reply cache.
  const directory = mkdtempSync(join(realpathSync(settings.parent), 'understudy-bench-'));
  cleanup.add(() => rmSync(directory, { recursive: true, force: true }));
  const around: Surroundings = { directory, cleanup, ...settings };
  const machine = describeMachine(directory);
  process.stdout.write(`${report.printMachine(machine)}\n`);

  const footprint = await attempt('a box alone', () => footprintOf(settings, around));
  const systems = await startAll(settings.systems, around);
  if (systems.started.length === 0)
    throw new Error('nothing could be started, so nothing was measured');
  const cells = cellsOf(settings.operations);
  const samples = await measure(cells, systems.started, {
    binary,
    directory,
    cleanup,
    progress,
    ...settings,
  });
  const loaded = systems.started
    .flatMap((system) => system.processes())
    .map(({ name, pid }) => ({ name, memory: memoryOf(pid) }));
  const summaries = summarize(samples);
  const verdicts = judge(summaries, cells);
  const parts = [
    report.printResults(cells, systems.started, summaries),
    report.printLatencies(cells, systems.started, summaries),
    report.printVerdicts(verdicts),
    report.printFootprint(footprint.value, loaded),
    ...systems.leftOut.map((sentence) => `${sentence}\n`),
  ];
  process.stdout.write(parts.join('\n'));
  if (settings.json !== undefined) {
    const { rounds, seconds, warmSeconds, settleSeconds, pair, handles } = settings;
    const how = { rounds, seconds, warmSeconds, settleSeconds, pair, handles };
    const whole = {
      machine,
      how,
      footprint: footprint.value,
      loaded,
      summaries,
      verdicts,
      samples,
    };
    writeFileSync(
      settings.json,
      `${JSON.stringify({ ...whole, leftOut: systems.leftOut }, null, 1)}\n`,
    );
  }
  progress(`done in ${Math.round((performance.now() - begin) / 1000)} s`);
  const isWhole =
    !footprint.failed && !systems.failed && samples.every(({ result }) => result !== undefined);
  return isWhole ? 0 : 1;
}

function footprintOf(settings: Settings, around: Surroundings): Promise<Footprint | undefined> {
  if (!settings.systems.some((name) => name.startsWith('box'))) return Promise.resolve(undefined);
  progress('start to serving, memory of an idle box');
  return measureFootprint(around, settings.isQuick ? STARTS_QUICK : STARTS);
}

interface Started {
  readonly started: readonly System[];
  readonly leftOut: readonly string[];
  /** One of our own could not be started. nfs-ganesha may be missing. */
  readonly failed: boolean;
}

async function startAll(names: readonly SystemName[], around: Surroundings): Promise<Started> {
  const started: System[] = [];
  const leftOut: string[] = [];
  let failed = false;
  for (const name of names) {
    progress(`starting ${name}`);
    const { value, sentence } = await attempt(name, () => startSystem(name, around));
    if (value !== undefined) started.push(value);
    if (sentence !== undefined) leftOut.push(sentence);
    failed ||= value === undefined && name !== 'ganesha';
  }
  return { started, leftOut, failed };
}

interface Attempt<Value> {
  readonly value?: Value;
  readonly sentence?: string;
  readonly failed: boolean;
}

async function attempt<Value>(what: string, body: () => Promise<Value>): Promise<Attempt<Value>> {
  try {
    return { value: await body(), failed: false };
  } catch (cause) {
    if (cleanup.isEnding) throw cause;
    const sentence = `${what} is left out: ${(cause as Error).message}`;
    progress(sentence);
    return { sentence, failed: true };
  }
}

const settings = await readSettings();
const cleanup = new Cleanup();
cleanup.onSignals();
try {
  process.exitCode = await main(settings, cleanup);
} catch (cause) {
  progress(cleanup.isEnding ? 'ended by a signal' : (cause as Error).message);
  process.exitCode = 1;
} finally {
  await cleanup.run();
}
