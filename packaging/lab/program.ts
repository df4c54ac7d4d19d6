/** How to run Understudy: an executable, or these sources under this Node.js. */
import { resolve } from 'node:path';
import { isSea } from 'node:sea';
import type { Program } from './processes.ts';

export function programOf(executable?: string): Program {
  if (executable !== undefined) return { command: resolve(executable), args: [] };
  if (isSea()) return { command: process.execPath, args: [] };
  return {
    command: process.execPath,
    args: [...process.execArgv, resolve(import.meta.dirname, '..', 'main.ts')],
  };
}
