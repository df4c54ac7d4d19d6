/** Runs tests suite by suite, on as many servers as were started, and tells each result as it comes. */
import { suitesOf } from './plan.ts';
import { runTest, type TestRun } from './run-test.ts';
import type { Server } from './server.ts';
import { isFailed } from './verdict.ts';

export interface CampaignOptions {
  readonly command: string;
  /** Seconds a test. */
  readonly limit: number;
  /** A test that failed has as many more chances: some of Samba's own fail now and then against Samba. */
  readonly again: number;
  said(run: TestRun): void;
}

/** Resolves with a run for each test, in the order of `tests`. */
export async function campaign(
  tests: readonly string[],
  servers: readonly Server[],
  options: CampaignOptions,
): Promise<readonly TestRun[]> {
  const suites = [...suitesOf(tests)];
  const runs = new Map<string, TestRun>();
  const work = async (server: Server): Promise<void> => {
    for (let suite = suites.shift(); suite !== undefined; suite = suites.shift()) {
      for (const test of suite) {
        const run = await runOn(server, test, options);
        runs.set(test, run);
        options.said(run);
      }
    }
  };
  await Promise.all(servers.map(work));
  return tests.flatMap((test) => runs.get(test) ?? []);
}

async function runOn(server: Server, test: string, options: CampaignOptions): Promise<TestRun> {
  let run = await runOnce(server, test, options);
  for (let more = options.again; more > 0 && isFailed(run.result); more -= 1) {
    run = await runOnce(server, test, options);
  }
  return run;
}

async function runOnce(server: Server, test: string, options: CampaignOptions): Promise<TestRun> {
  const { command, limit } = options;
  const run = await runTest(test, server.target, { command, limit, directory: server.directory });
  if (await server.revived()) return run;
  return { ...run, result: 'fail', why: `the box ended; ${run.why}` };
}
