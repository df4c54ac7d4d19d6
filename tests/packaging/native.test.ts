import * as assert from 'uvu/assert';
import { places } from '#packaging/executable/native.ts';
import { suite } from '../support/suite.ts';

const test = suite('packaging/native');

test('the state directory is tried as well, however it was named', () => {
  const last = (argv: readonly string[], environment = {}) => places(argv, environment).slice(-3);
  assert.equal(last(['serve', '--dir', '/a'])[0], '/a');
  assert.equal(last(['serve', '--dir=/b', '--log-level', 'info'])[0], '/b');
  assert.equal(last(['serve'], { UNDERSTUDY_DIR: '/c' })[0], '/c');
  assert.equal(last(['status', '--dir']).slice(1), ['/var/lib/understudy', '/']);
  assert.is(places([], {})[0], '/dev/shm');
});
