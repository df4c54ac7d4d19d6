import * as assert from 'uvu/assert';
import { CREDITS_MAX, MessageWindow } from '#plugins/protocol/smb/dispatch/window.ts';
import { suite } from '../../../../support/suite.ts';

const test = suite('smb/dispatch/window');

test('an id is used once, in whatever order', () => {
  const window = new MessageWindow();
  assert.is(window.grant(10), 10);
  assert.ok(window.use(3n, 1));
  assert.ok(window.use(0n, 1));
  assert.not.ok(window.use(3n, 1));
  assert.not.ok(window.use(0n, 1));
  assert.not.ok(window.use(2n, 2));
  assert.ok(window.use(1n, 2));
  assert.is(window.left, 7);
});

test("an id that was not granted is nobody's", () => {
  const window = new MessageWindow();
  assert.not.ok(window.use(1n, 1));
  assert.not.ok(window.use(0n, 2));
  assert.not.ok(window.use(1n << 63n, 1));
  assert.ok(window.use(0n, 1));
});

test('an id that is skipped holds the window', () => {
  const window = new MessageWindow();
  let granted = window.grant(100_000);
  assert.is(granted, CREDITS_MAX - 1);
  for (let id = 1; id < CREDITS_MAX; id += 1) assert.ok(window.use(BigInt(id), 1));
  assert.is(window.grant(5), 0);
  assert.ok(window.use(0n, 1));
  granted = window.grant(5);
  assert.is(granted, 5);
  for (let id = 0; id < 5; id += 1) assert.ok(window.use(BigInt(CREDITS_MAX + id), 1));
});
