/** Ends this process with SIGKILL just before a call to the file system, so that every gap between two calls is tried. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const CALLS = [
  'chmodSync',
  'fchmodSync',
  'fchownSync',
  'ftruncateSync',
  'futimesSync',
  'lchownSync',
  'linkSync',
  'lutimesSync',
  'mkdirSync',
  'openSync',
  'renameSync',
  'rmdirSync',
  'rmSync',
  'symlinkSync',
  'unlinkSync',
  'writeFileSync',
  'writeSync',
  'writevSync',
] as const;

/** @param calls How many calls are made before the end. */
export function light(calls: number): void {
  let left = calls;
  const table = fs as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const name of CALLS) {
    const call = table[name] as (...args: unknown[]) => unknown;
    table[name] = (...args) => {
      left -= 1;
      if (left < 0) process.kill(process.pid, 'SIGKILL');
      return call(...args);
    };
  }
  syncBuiltinESMExports();
}
