/** One test of smbtorture, in a process of its own with a limit. */
import { spawn } from 'node:child_process';
import type { SmbTarget } from '../lab/smb-target.ts';
import { type Verdict, verdictOf } from './verdict.ts';

export interface RunOptions {
  readonly command: string;
  /** Seconds. */
  readonly limit: number;
  /** Where the program may leave files. */
  readonly directory: string;
}

export interface TestRun extends Verdict {
  readonly test: string;
  readonly seconds: number;
  readonly output: string;
}

/** Characters of output that are kept: a test that prints without end must not fill the memory. */
const OUTPUT_CHARS_MAX = 1_000_000;

export async function runTest(
  test: string,
  target: SmbTarget,
  options: RunOptions,
): Promise<TestRun> {
  const begun = performance.now();
  const ended = await run([...argumentsFor(target), test], options);
  const seconds = (performance.now() - begun) / 1000;
  return { test, seconds, output: ended.output, ...verdictOf(ended) };
}

/** No configuration of the machine's: what a test sees must not depend on it. */
function argumentsFor({ address, port, share, user, password }: SmbTarget): readonly string[] {
  return [
    '--configfile=/dev/null',
    `//${address}/${share}`,
    ...['-p', String(port)],
    ...['-U', `${user}%${password}`],
  ];
}

function run(
  args: readonly string[],
  { command, limit, directory }: RunOptions,
): Promise<{ output: string; code: number | null; isLate: boolean }> {
  // A group of its own: some tests have children, and they are to end with it.
  const child = spawn(command, args, {
    cwd: directory,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const read = (bytes: Buffer): void => {
    if (output.length < OUTPUT_CHARS_MAX) output += String(bytes);
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    endGroup(child.pid);
  }, limit * 1000);
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => {
      clearTimeout(timer);
      done({ output, code, isLate });
    });
  });
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Ended between the two.
  }
}
