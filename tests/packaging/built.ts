/** The executable of this machine's architecture, built once for all tests that run it. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const MAIN = resolve(import.meta.dirname, '../../packaging/executable/main.ts');
const run = promisify(execFile);

export interface Built {
  /** What `npm run package` made: `dist/` of this test. */
  readonly folder: string;
  readonly executable: string;
  /** What it printed. */
  readonly said: string;
}

let built: Promise<Built> | undefined;

export function build(): Promise<Built> {
  built ??= buildNow();
  return built;
}

async function buildNow(): Promise<Built> {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-dist-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { stdout } = await run(process.execPath, [
    ...[MAIN, '--arch', process.arch, '--dist', folder],
  ]);
  return { folder, executable: join(folder, `understudy-linux-${process.arch}`), said: stdout };
}
