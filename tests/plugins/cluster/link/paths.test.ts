import * as assert from 'uvu/assert';
import { Paths } from '#plugins/cluster/link/paths.ts';
import { suite } from '../../../support/suite.ts';

const test = suite('cluster/link/paths');

class FakeSession {
  speaks = true;
  takeHeard(): boolean {
    return this.speaks;
  }
}

function tick(paths: Paths<FakeSession>, times: number): void {
  for (let count = 0; count < times; count += 1) paths.tick();
}

test('the box that dials uses the first path that is ready, the other one what it is told', () => {
  const [dials, listens] = [new Paths<FakeSession>(2, true), new Paths<FakeSession>(2, false)];
  const [one, two] = [new FakeSession(), new FakeSession()];
  for (const paths of [dials, listens]) {
    paths.greeted(1, two);
    paths.greeted(0, one);
  }
  assert.is(dials.current, two);
  assert.is(listens.current, undefined);
  listens.asked(two);
  assert.is(listens.current, two);
});

test('with one path there is nothing to choose', () => {
  const paths = new Paths<FakeSession>(1, false);
  const [one, newer] = [new FakeSession(), new FakeSession()];
  paths.greeted(0, one);
  assert.is(paths.current, one);
  assert.is(paths.greeted(0, newer), one);
  assert.is(paths.current, newer);
  paths.gone(one);
  assert.is(paths.current, newer);
  newer.speaks = false;
  tick(paths, 100);
  assert.is(paths.current, newer);
  paths.gone(newer);
  assert.is(paths.current, undefined);
});

test('a silent path is left for one that speaks, and only for such a one', () => {
  const paths = new Paths<FakeSession>(2, true);
  const [one, two] = [new FakeSession(), new FakeSession()];
  paths.greeted(0, one);
  paths.greeted(1, two);
  one.speaks = false;
  tick(paths, 3);
  assert.is(paths.current, one);
  tick(paths, 1);
  assert.is(paths.current, two);
  assert.not(paths.speaksTo(one));
  two.speaks = false;
  tick(paths, 10);
  assert.is(paths.current, two);
  one.speaks = true;
  tick(paths, 1);
  assert.is(paths.current, one);
});

test('when the one in use ends the other one is used at once', () => {
  const paths = new Paths<FakeSession>(2, false);
  const [one, two] = [new FakeSession(), new FakeSession()];
  paths.greeted(0, one);
  paths.greeted(1, two);
  paths.asked(one);
  paths.gone(one);
  assert.is(paths.current, two);
  paths.gone(two);
  assert.is(paths.current, undefined);
  paths.asked(one);
  assert.is(paths.current, undefined);
});
