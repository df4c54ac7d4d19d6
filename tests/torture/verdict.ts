/** What a run of smbtorture says of one test, read from what it printed. */

/** `timeout` and `crash` are of the test program; `error` is a test that could not be set up or said nothing. */
export type Result = 'pass' | 'fail' | 'error' | 'skip' | 'timeout' | 'crash';

export interface Verdict {
  readonly result: Result;
  /** Why it is no pass, in one line; empty for a pass. */
  readonly why: string;
}

/** How the process ended. */
export interface Ended {
  readonly output: string;
  /** `null` when a signal ended it. */
  readonly code: number | null;
  readonly isLate: boolean;
}

/** Characters of a reason: more is a dump of something. */
const WHY_CHARS_MAX = 300;
/** A line of subunit, which smbtorture prints, with the text between its brackets. */
const OUTCOME =
  /^(success|failure|error|skip|xfail|uxsuccess): ([^[\n]*?)(?: \[\n([\s\S]*?)\n\])?$/gm;

export function verdictOf({ output, code, isLate }: Ended): Verdict {
  const said = [...output.matchAll(OUTCOME)].map(([, kind = '', , why = '']) => ({ kind, why }));
  const result = resultOf(new Set(said.map(({ kind }) => kind)), code, isLate);
  if (result === 'pass') return { result, why: '' };
  const why = said.find(({ why }) => why !== '')?.why ?? output.slice(-WHY_CHARS_MAX);
  return { result, why: oneLine(why) };
}

function resultOf(kinds: ReadonlySet<string>, code: number | null, isLate: boolean): Result {
  if (isLate) return 'timeout';
  if (kinds.has('failure')) return 'fail';
  if (kinds.has('error')) return 'error';
  if (kinds.has('skip') && !kinds.has('success')) return 'skip';
  if (code === null) return 'crash';
  return kinds.has('success') && code === 0 ? 'pass' : 'error';
}

export const isFailed = (result: Result): boolean => result !== 'pass' && result !== 'skip';

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ').slice(0, WHY_CHARS_MAX);
}
