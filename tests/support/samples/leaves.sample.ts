/** What the runner's own tests run: a test that leaves a timer and a listener open. */
import { createServer } from 'node:net';
import { suite } from '../suite.ts';

const test = suite('samples/leaves');

test('leaves a listener open', async () => {
  setInterval(() => {}, 60_000);
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
});
