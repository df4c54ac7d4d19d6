import * as assert from 'uvu/assert';
import { MountList } from '#plugins/protocol/nfs/mount/list.ts';
import { suite } from '../../../../support/suite.ts';

const test = suite('nfs/mount/list');

test('the list is bounded and forgets the oldest', () => {
  const list = new MountList();
  for (let index = 0; index < 5000; index += 1) list.add({ host: 'h', path: `/${index}` });
  const rows = list.rows();
  assert.is(rows.length, 512);
  assert.is(rows.at(-1)?.path, '/4999');
});
