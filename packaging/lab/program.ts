/** How to run Understudy: an executable, or these sources under this Node.js. */
import { resolve } from 'node:path';
import { isSea } from 'node:sea';
import type { Program } from './plan.ts';

/**
 * What a box tells V8: half as many collections of young objects, for up to 64 MiB more while it is busy. The same
 * stands in packaging/understudy.
 */
const NODE_ARGS = ['--max-semi-space-size=32'];

export function programOf(executable?: string): Program {
  if (executable !== undefined) return { command: resolve(executable), args: [] };
  if (isSea()) return { command: process.execPath, args: [] };
  return {
    command: process.execPath,
    args: [...process.execArgv, ...NODE_ARGS, resolve(import.meta.dirname, '..', 'main.ts')],
  };
}
