/** Compiles the load generator once, and runs it. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import * as v from 'valibot';
import type { Cleanup } from './cleanup.ts';
import type { Cell } from './matrix.ts';
import type { Target } from './systems.ts';

const run = promisify(execFile);

const SOURCES = ['nfsload.c', 'nfsload-client.h', 'nfsload-wire.h'];
const COMPILERS = ['cc', 'gcc', 'clang'];

/** Path of the compiled load generator. Rejects with one sentence where there is no C compiler. */
export async function compileLoad(): Promise<string> {
  const sources = SOURCES.map((name) => join(import.meta.dirname, name));
  const hash = createHash('sha256');
  for (const source of sources) hash.update(readFileSync(source));
  const uid = process.getuid?.() ?? 0;
  const directory = join(tmpdir(), `understudy-nfsload-${uid}-${hash.digest('hex').slice(0, 16)}`);
  makePrivate(directory, uid);
  const binary = join(directory, 'nfsload');
  if (existsSync(binary)) return binary;
  const fresh = `${binary}.${process.pid}`;
  for (const compiler of COMPILERS) {
    try {
      await run(compiler, ['-O2', '-o', fresh, sources[0] ?? '']);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw new Error(`${compiler} cannot compile the load generator: ${(cause as Error).message}`);
    }
    renameSync(fresh, binary);
    return binary;
  }
  throw new Error(
    'the load generator is a C program and no compiler is here; install gcc or clang',
  );
}

/** What is run from there may be run as root: nobody else may have put it there. */
function makePrivate(directory: string, uid: number): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { uid: owner, mode } = lstatSync(directory);
  if (owner === uid && (mode & 0o170022) === 0o040000) return;
  throw new Error(`${directory}: belongs to or is writable by somebody else; remove it`);
}

const Result = v.object({
  seconds: v.number(),
  ops_s: v.number(),
  calls_s: v.number(),
  MB_s: v.number(),
  p50_us: v.number(),
  p99_us: v.number(),
  p999_us: v.number(),
  max_us: v.number(),
  errors: v.number(),
});
export type LoadResult = v.InferOutput<typeof Result>;

export interface LoadTimes {
  readonly seconds: number;
  /** Seconds of load before counting begins. */
  readonly warmSeconds: number;
}

/** Runs one sample. Rejects with a sentence when the server did not answer, or answered with errors. */
export async function runLoad(
  binary: string,
  target: Target,
  cell: Cell,
  times: LoadTimes,
  seed: number,
  cleanup: Cleanup,
): Promise<LoadResult> {
  const { operation, depth } = cell;
  const settings = {
    H: target.host,
    p: target.nfsPort,
    m: target.mountPort,
    e: target.export,
    o: operation.load,
    s: operation.size,
    q: depth,
    t: times.seconds,
    w: times.warmSeconds,
    r: seed,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`-${name}`, String(value)]);
  const child = cleanup.spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  if (child.stdout === null || child.stderr === null) throw new Error('nfsload: no pipes');
  const [line, complaint] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (line === '') throw new Error(complaint.trim() || 'nfsload: ended without a word');
  const result = v.parse(Result, JSON.parse(line));
  if (result.errors > 0) throw new Error(`errors in replies: ${line.trim()}`);
  return result;
}
