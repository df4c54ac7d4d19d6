/** What the runner's own tests run: a test that blocks the event loop. */
import { suite } from '../suite.ts';

const test = suite('samples/blocks', { secondsMax: 0.1 });

test('comes before it', () => {});

test('blocks the event loop', () => {
  for (;;);
});
