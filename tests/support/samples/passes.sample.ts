/** What the runner's own tests run: a suite that is all right. */
import * as assert from 'uvu/assert';
import { suite } from '../suite.ts';

const test = suite('samples/passes');

test('one and one is two', () => {
  assert.is(1 + 1, 2);
});

test.skip('the sun shines', 'it is\nnight');
