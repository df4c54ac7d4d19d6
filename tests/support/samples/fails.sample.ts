/** What the runner's own tests run: an assertion that does not hold, and a thrown string. */
import * as assert from 'uvu/assert';
import { suite } from '../suite.ts';

const test = suite('samples/fails');

test('one is two', () => {
  assert.is(1, 2);
});

test('throws a string', () => {
  throw 'just words';
});
