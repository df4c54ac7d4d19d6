/** What a torture run says: a line a suite, beside Samba's, and the tests that Samba passes and we do not. */
import { type Bar, type Reason, reasonFor } from './tables.ts';
import { isFailed, type Result } from './verdict.ts';

export interface Figures {
  readonly suite: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly sambaPassed: number;
  readonly sambaFailed: number;
  readonly sambaSkipped: number;
}

export interface Shortfall {
  readonly test: string;
  readonly result: Result;
  /** `undefined`: nobody has said yet. */
  readonly reason: string | undefined;
}

export const BEGIN = '<!-- torture: written by npm run test:torture -- --write -->';
export const END = '<!-- torture: end -->';

/** `smb2.lock` of `smb2.lock.rw-none`. */
export function suiteOf(test: string): string {
  return test.split('.').slice(0, 2).join('.');
}

/** One a suite, by name; only of tests that were run. */
export function figuresOf(
  results: ReadonlyMap<string, Result>,
  bars: ReadonlyMap<string, Bar>,
): readonly Figures[] {
  const suites = new Map<string, string[]>();
  for (const test of results.keys()) {
    const suite = suiteOf(test);
    suites.set(suite, [...(suites.get(suite) ?? []), test]);
  }
  return [...suites]
    .map(([suite, tests]) => countsOf(suite, tests, results, bars))
    .sort((one, two) => (one.suite < two.suite ? -1 : 1));
}

function countsOf(
  suite: string,
  tests: readonly string[],
  results: ReadonlyMap<string, Result>,
  bars: ReadonlyMap<string, Bar>,
): Figures {
  const ours = (is: (result: Result) => boolean) =>
    tests.filter((test) => is(results.get(test) ?? 'error')).length;
  const theirs = (bar: Bar) => tests.filter((test) => bars.get(test) === bar).length;
  return {
    suite,
    passed: ours((result) => result === 'pass'),
    failed: ours(isFailed),
    skipped: ours((result) => result === 'skip'),
    sambaPassed: theirs('PASS'),
    sambaFailed: theirs('FAIL'),
    sambaSkipped: theirs('SKIP'),
  };
}

export function sumOf(figures: readonly Figures[]): Figures {
  const sum = (of: (row: Figures) => number) => figures.reduce((total, row) => total + of(row), 0);
  return {
    suite: 'all',
    passed: sum(({ passed }) => passed),
    failed: sum(({ failed }) => failed),
    skipped: sum(({ skipped }) => skipped),
    sambaPassed: sum(({ sambaPassed }) => sambaPassed),
    sambaFailed: sum(({ sambaFailed }) => sambaFailed),
    sambaSkipped: sum(({ sambaSkipped }) => sambaSkipped),
  };
}

/** Tests that Samba passes and we do not, be it that they were skipped. */
export function shortfallsOf(
  results: ReadonlyMap<string, Result>,
  bars: ReadonlyMap<string, Bar>,
  reasons: readonly Reason[],
): readonly Shortfall[] {
  return [...results]
    .filter(([test, result]) => bars.get(test) === 'PASS' && result !== 'pass')
    .map(([test, result]) => ({ test, result, reason: reasonFor(test, reasons) }));
}

/** For a terminal. */
export function printFigures(figures: readonly Figures[]): string {
  const rows = [...figures, sumOf(figures)].map((row) => {
    const ours = [row.passed, row.failed, row.skipped];
    const theirs = [row.sambaPassed, row.sambaFailed, row.sambaSkipped];
    return `${row.suite.padEnd(32)}${cells(ours)}   ${cells(theirs)}\n`;
  });
  const head = `${'suite'.padEnd(32)}${cells(['pass', 'fail', 'skip'])}   ${cells(['Samba', 'fail', 'skip'])}\n`;
  return head + rows.join('');
}

function cells(values: readonly (number | string)[]): string {
  return values.map((value) => String(value).padStart(6)).join('');
}

/** For SPEC.md, between its markers. */
export function printPage(
  results: ReadonlyMap<string, Result>,
  bars: ReadonlyMap<string, Bar>,
  reasons: readonly Reason[],
): string {
  const figures = figuresOf(results, bars);
  const rows = [...figures, sumOf(figures)].map((row) => [
    row.suite,
    ...[row.passed, row.failed, row.skipped].map(String),
    ...[row.sambaPassed, row.sambaFailed, row.sambaSkipped].map(String),
  ]);
  const head = ['suite', 'passed', 'failed', 'skipped', 'Samba passed', 'failed', 'skipped'];
  const shortfalls = shortfallsOf(results, bars, reasons);
  const short = shortfalls.map(({ test, result, reason }) => [test, result, reason ?? '']);
  const missing =
    short.length === 0
      ? 'Samba passes no test that we do not.\n'
      : `Samba passes ${short.length} that we do not:\n\n${markdown(['test', 'here', 'why'], short)}`;
  return `${markdown(head, rows)}\n${missing}`;
}

/** Cells are filled up to the widest, so that the page reads as text, too. */
function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |\n`;
  return line(head) + line(widths.map((width) => '-'.repeat(width))) + rows.map(line).join('');
}

/** The page with what stands between its markers replaced. */
export function withTorture(page: string, text: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) {
    throw new Error(`SPEC.md: has no place for the table; put "${BEGIN}" and "${END}" in it`);
  }
  return `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n${page.slice(end)}`;
}

/** What `withTorture` put there; `undefined` where there are no markers. */
export function tortureOf(page: string): string | undefined {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  return begin < 0 || end < begin ? undefined : page.slice(begin + BEGIN.length + 2, end - 1);
}
