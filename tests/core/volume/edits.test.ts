import * as assert from 'uvu/assert';
import type { FileId } from '#core/vfs/inode.ts';
import { type LoggedEdit, rewritingOf } from '#core/volume/edits.ts';
import { Seeded, seedOf } from '../../support/seeded.ts';
import { suite } from '../../support/suite.ts';

const test = suite('volume/edits');
const FILE = 2 as FileId;
const put = (position: number, offset: number, size: number, isLogged = true): LoggedEdit => ({
  position,
  isLogged,
  edit: { kind: 'put', file: FILE, offset, size },
});
const cut = (position: number, size: number): LoggedEdit => ({
  position,
  isLogged: true,
  edit: { kind: 'cut', file: FILE, size },
});

test('a newer put hides what it covers of an older one', () => {
  const { puts, zeros } = rewritingOf([put(1, 0, 10), put(2, 3, 4)]);
  assert.equal(puts.get(2), [{ from: 3, to: 7 }]);
  assert.equal(puts.get(1), [
    { from: 0, to: 3 },
    { from: 7, to: 10 },
  ]);
  assert.equal(zeros, []);
});

test('bytes that no log has are left as they stand, and hide older ones all the same', () => {
  const { puts } = rewritingOf([put(1, 0, 10), put(2, 0, 10, false)]);
  assert.is(puts.size, 0);
});

test('behind a cut are zeros, but for what came later', () => {
  const { puts, zeros } = rewritingOf([put(1, 0, 100), cut(2, 10), put(3, 20, 5, false)]);
  assert.equal(puts.get(1), [{ from: 0, to: 10 }]);
  assert.equal(zeros, [
    { from: 10, to: 20 },
    { from: 25, to: Infinity },
  ]);
});

/** By hand: for each byte the newest edit that reached it. */
function newest(edits: readonly LoggedEdit[], at: number): LoggedEdit | undefined {
  return edits.findLast(({ edit }) =>
    edit.kind === 'put' ? at >= edit.offset && at < edit.offset + edit.size : at >= edit.size,
  );
}

test('random edits: each byte goes to the newest edit that reached it', () => {
  const seed = seedOf();
  const seeded = new Seeded(seed);
  for (let round = 0; round < 200; round += 1) {
    const edits = Array.from({ length: 1 + seeded.below(30) }, (_, index) =>
      seeded.chance(4)
        ? cut(index, seeded.below(60))
        : put(index, seeded.below(50), 1 + seeded.below(20), seeded.chance(2)),
    );
    const { puts, zeros } = rewritingOf(edits);
    for (let at = 0; at < 80; at += 1) {
      const by = newest(edits, at);
      const within = ({ from, to }: { from: number; to: number }) => at >= from && at < to;
      const writers = [...puts].filter(([, parts]) => parts.some(within)).map(([key]) => key);
      const wanted = by?.edit.kind === 'put' && by.isLogged ? [by.position] : [];
      assert.equal(writers, wanted, `SEED=${seed}, round ${round}, byte ${at}`);
      assert.is(zeros.filter(within).length, by?.edit.kind === 'cut' ? 1 : 0, `SEED=${seed}`);
    }
  }
});
