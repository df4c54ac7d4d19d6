/**
 * Runs every test file, or those whose path holds the filter; closes with the line that CI reads.
 *
 *     node tests/run.ts [filter] [--suffix .test.ts]
 *
 * Files run one after the other in this process, so that an error or an open handle that belongs to no
 * test can at least be laid at the door of its file.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { register } from './support/suite.ts';
import { Watchdog } from './support/watchdog.ts';

/** What uvu keeps for its own command line: groups of suites that were told to run. */
type UvuRun = () => Promise<
  [errors: string | true, passed: number, skipped: number, total: number]
>;
declare global {
  var UVU_QUEUE: UvuRun[][];
}

/** Milliseconds that a file's sockets and timers get to go away before they count as left open. */
const CLOSE_MS_MAX = 2_000;

const out = (text: string): void => {
  process.stdout.write(text);
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { suffix: { type: 'string', default: '.test.ts' } },
});
const [filter = ''] = positionals;

/** Failures that belong to no test: a file that cannot be imported, an error outside of every test. */
let strays = 0;
let current = '';
/** The test that runs now, or the last one that did: a stray error often comes just after. */
let lastTitle = 'no test yet';

async function main(): Promise<void> {
  const root = import.meta.dirname;
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(values.suffix) && join('tests', file).includes(filter))
    .sort();
  if (files.length === 0) out(`no test file's path holds "${filter}"\n`);
  process.on('unhandledRejection', (reason) =>
    stray('a promise was rejected and nobody looked', reason),
  );
  process.on('uncaughtException', (error) => stray('an exception was caught by nobody', error));
  watch();
  const left: string[] = [];
  for (const file of files) {
    current = file;
    const before = process.getActiveResourcesInfo();
    await runFile(join(root, file));
    const open = await leftOpen(before);
    if (open.length > 0) left.push(`left open by ${file}: ${open.join(', ')}\n`);
  }
  close(left);
}

function watch(): void {
  const watchdog = new Watchdog();
  let begun = 0;
  register.onStart = (title, secondsMax) => {
    lastTitle = title;
    const { passed } = register;
    watchdog.watch({ title, secondsMax, passed, failed: begun - passed + strays });
    begun += 1;
  };
  register.onEnd = () => watchdog.watch(undefined);
}

async function runFile(path: string): Promise<void> {
  globalThis.UVU_QUEUE = [[]];
  register.suites.length = 0;
  const declaredBefore = register.declared + register.skipped;
  try {
    await import(pathToFileURL(path).href);
  } catch (error) {
    stray('cannot be imported', error);
    return;
  }
  for (const suite of register.suites) suite.run();
  const registered = register.suites.length;
  for (const run of globalThis.UVU_QUEUE[0] ?? []) {
    const [errors] = await run();
    if (errors !== true) out(`\n${errors}\n`);
  }
  if (registered === 0) stray('registers no suite', undefined);
  else if (register.declared + register.skipped === declaredBefore)
    stray('declares no test', undefined);
}

function stray(what: string, cause: unknown): void {
  strays += 1;
  const detail = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause ?? '');
  out(`\nFAIL ${current}: ${what} (last test: ${lastTitle})\n${detail}\n`);
}

/** What keeps the process alive now and did not before, after a little patience. */
async function leftOpen(before: readonly string[]): Promise<readonly string[]> {
  const turns = 10;
  for (let turn = 0; turn < turns; turn += 1) {
    await new Promise(setImmediate);
    if (extra(before).length === 0) return [];
    await pause(CLOSE_MS_MAX / turns);
  }
  return extra(before);
}

function extra(before: readonly string[]): readonly string[] {
  const known = [...before];
  return process.getActiveResourcesInfo().filter((name) => {
    const at = known.indexOf(name);
    if (at >= 0) known.splice(at, 1);
    return at < 0;
  });
}

function close(left: readonly string[]): never {
  for (const line of left) out(line);
  const { declared, passed, skipped } = register;
  const failed = declared - passed + strays;
  const tail = skipped > 0 ? `, ${skipped} skipped` : '';
  out(`${passed} passed, ${failed} failed${tail}\n`);
  process.exit(failed > 0 || passed === 0 ? 1 : 0);
}

await main();
