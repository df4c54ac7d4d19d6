/** What the runner's own tests run: a test that never settles, one that comes after it. */
import { suite } from '../suite.ts';

const test = suite('samples/hangs', { secondsMax: 0.1 });

test('never settles', () => new Promise(() => {}));

test('comes after it', () => {});
