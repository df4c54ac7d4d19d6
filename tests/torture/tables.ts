/** The files that a torture run is judged by: lines of fields with tabs between them, the first line their names. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from './verdict.ts';

/** What Samba 4.17 came to on a machine like ours, the best of several configurations. */
export type Bar = 'PASS' | 'FAIL' | 'SKIP';

export interface Reason {
  /** A test, or the beginning of several with `*` at its end. */
  readonly tests: string;
  readonly reason: string;
}

const at = (file: string): string => join(import.meta.dirname, file);
/** Written by `--write`; beside it stands what SPEC.md says of it. */
export const RESULTS_FILE = at('results.tsv');

/** Tests of smbtorture that try a function, in the order they run in, with Samba's result. */
export function readBars(): ReadonlyMap<string, Bar> {
  return new Map(readRows(at('samba-4.17.tsv')).map(([test = '', bar = '']) => [test, bar as Bar]));
}

/** Why a test that Samba passes is none for us, or not yet. */
export function readReasons(): readonly Reason[] {
  return readRows(at('reasons.tsv')).map(([tests = '', reason = '']) => ({ tests, reason }));
}

/** What our last whole run came to. */
export function readResults(): ReadonlyMap<string, Result> {
  if (!existsSync(RESULTS_FILE)) return new Map();
  return new Map(
    readRows(RESULTS_FILE).map(([test = '', result = '']) => [test, result as Result]),
  );
}

export function reasonFor(test: string, reasons: readonly Reason[]): string | undefined {
  return reasons.find((row) => covers(row.tests, test))?.reason;
}

export function covers(tests: string, test: string): boolean {
  return tests.endsWith('*') ? test.startsWith(tests.slice(0, -1)) : test === tests;
}

export function printRows(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.join('\t')}\n`).join('');
}

function readRows(path: string): readonly (readonly string[])[] {
  const [, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.map((line) => line.split('\t'));
}
