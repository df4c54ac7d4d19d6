/** What the runner's own tests run: a file that cannot be imported. */
import { suite } from '../suite.ts';

suite('samples/broken')('never declared to the end', () => {});
throw new Error('broken while it is imported');
