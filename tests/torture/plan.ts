/** Which tests run, and how they are dealt out: a suite stays together, for its tests use the same names on a share. */
import { suiteOf } from './report.ts';

/** Tests that a word names: a suite, a test, or the beginning of some; `lock` means `smb2.lock`. Throws when it is none. */
export function chosen(words: readonly string[], tests: readonly string[]): readonly string[] {
  if (words.length === 0) return tests;
  const named = new Set(words.flatMap((word) => namedBy(word, tests)));
  return tests.filter((test) => named.has(test));
}

function namedBy(word: string, tests: readonly string[]): readonly string[] {
  const name = word.startsWith('smb2.') ? word : `smb2.${word}`;
  const found = tests.filter((test) => test === name || test.startsWith(`${name}.`));
  if (found.length === 0) throw new Error(`${word}: no such test or suite`);
  return found;
}

/** The long suites first, so that the last ones to end are short. */
export function suitesOf(tests: readonly string[]): readonly (readonly string[])[] {
  const suites = new Map<string, string[]>();
  for (const test of tests) {
    const suite = suiteOf(test);
    suites.set(suite, [...(suites.get(suite) ?? []), test]);
  }
  return [...suites.values()].sort((one, two) => two.length - one.length);
}
