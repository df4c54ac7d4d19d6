import * as assert from 'uvu/assert';
import { Pieces } from '#core/group/pieces.ts';
import type { Extent } from '#core/group/state-machine.ts';
import { FETCH_SIZE_MAX } from '#core/limits.ts';
import { suite } from '../../support/suite.ts';

const test = suite('core/group/pieces');

const HUGE = 2 ** 50;

test('an extent of any size is cut as it is fetched, and not before', () => {
  const extent = { volume: 1, file: 2, offset: 10, size: HUGE };
  const pieces = new Pieces([extent]);
  for (let count = 0; count < 1000; count += 1) {
    const offset = 10 + count * FETCH_SIZE_MAX;
    assert.equal(pieces.next, { ...extent, offset, size: FETCH_SIZE_MAX });
    pieces.took(FETCH_SIZE_MAX);
  }
});

test('where the file ends its extent does, and the next one follows', () => {
  const [first, empty, last] = [HUGE, 0, FETCH_SIZE_MAX + 3].map((size, index) => ({
    volume: 1,
    file: index,
    offset: 0,
    size,
  })) as [Extent, Extent, Extent];
  const pieces = new Pieces([first, empty, last]);
  pieces.took(FETCH_SIZE_MAX);
  pieces.took(5);
  assert.equal(pieces.next, { ...last, size: FETCH_SIZE_MAX });
  pieces.took(FETCH_SIZE_MAX);
  assert.equal(pieces.next, { ...last, offset: FETCH_SIZE_MAX, size: 3 });
  pieces.took(0);
  assert.is(pieces.next, undefined);
});
