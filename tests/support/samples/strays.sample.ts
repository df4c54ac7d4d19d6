/** What the runner's own tests run: rejections and exceptions that belong to no test. */
import { suite } from '../suite.ts';

const test = suite('samples/strays');

test('rejects where nobody looks', () => {
  void Promise.reject(new Error('unseen rejection'));
});

test('throws in a timer', async () => {
  setTimeout(() => {
    throw new Error('unseen exception');
  }, 1);
  await new Promise((resolve) => setTimeout(resolve, 10));
});
