import * as assert from 'uvu/assert';
import type { BoxId } from '#core/group/entry.ts';
import { Alone } from '#plugins/cluster/arbiter/alone/alone.ts';
import { arbiterContract, configuration } from '../../../contract/arbiter.ts';
import { suite } from '../../../support/suite.ts';
import { FakeDisk } from '../support/fake-disk.ts';

const test = suite('cluster/arbiter/alone');
const A = 'a' as BoxId;
const B = 'b' as BoxId;

arbiterContract({
  mode: 'alone',
  async create() {
    const disk = new FakeDisk();
    let arbiter = new Alone(disk, A, 'main');
    return {
      boxes: () => [[A, arbiter]],
      wait: (answer) => answer,
      async restart() {
        arbiter = new Alone(disk, A, 'main');
      },
      fillDisk() {
        disk.isFull = true;
      },
    };
  },
});

test('another box is refused with what to do', async () => {
  const answer = await new Alone(new FakeDisk(), A, 'main').propose(configuration(1, A, [A, B]));
  assert.is(answer.kind, 'unreachable');
  if (answer.kind === 'unreachable') assert.match(answer.reason, 'Set it to "witness"');
});
