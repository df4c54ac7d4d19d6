import * as assert from 'uvu/assert';
import { Replies } from '#core/group/replies.ts';
import { REPLIES_MAX, REPLY_AGE_MS_MAX } from '#core/limits.ts';
import { suite } from '../../support/suite.ts';

const test = suite('core/group/replies');

const at = (seconds: number) => ({ seconds, nanoseconds: 0 });
const reply = (text: string) => Buffer.from(text);

test('half of the most that are kept are always there, and never more than that most', () => {
  const replies = new Replies();
  const count = 3 * REPLIES_MAX + 5;
  for (let call = 0; call < count; call += 1) replies.keep(`k${call}`, reply('x'), call, at(1));
  const isKept = (call: number): boolean => replies.find(`k${call}`) !== undefined;
  let kept = 0;
  for (let call = 0; call < count; call += 1) if (isKept(call)) kept += 1;
  assert.ok(kept <= REPLIES_MAX, String(kept));
  for (let call = count - REPLIES_MAX / 2; call < count; call += 1) assert.ok(isKept(call));
});

test('a key that is kept again answers with what came last, also when the first is old', () => {
  const replies = new Replies();
  replies.keep('key', reply('first'), 1, at(1));
  for (let call = 0; call < REPLIES_MAX / 2; call += 1) {
    replies.keep(`k${call}`, reply('x'), call + 2, at(1));
  }
  assert.is(String(replies.find('key')?.reply), 'first');
  replies.keep('key', reply('second'), REPLIES_MAX, at(1));
  assert.is(String(replies.find('key')?.reply), 'second');
});

test('an old reply no longer answers, by the time of the entries', () => {
  const replies = new Replies();
  replies.keep('old', reply('x'), 1, at(1));
  const minutes = REPLY_AGE_MS_MAX / 60_000;
  for (let minute = 1; minute <= minutes; minute += 1) {
    replies.keep(`m${minute}`, reply('x'), 1 + minute, at(1 + 60 * minute));
  }
  assert.ok(replies.find('old') !== undefined);
  replies.keep('newer', reply('x'), 2 + minutes, at(2 + 60 * minutes));
  assert.is(replies.find('old'), undefined);
});

test('a clock that is set makes no reply old', () => {
  const replies = new Replies();
  replies.keep('before', reply('x'), 1, at(1_000));
  replies.keep('hours later', reply('x'), 2, at(1_000 + 6 * 3600));
  assert.ok(replies.find('before') !== undefined);
  replies.keep('hours earlier', reply('x'), 3, at(1_000));
  assert.ok(replies.find('before') !== undefined && replies.find('hours later') !== undefined);
});

test('what is discarded is forgotten, in both generations', () => {
  const replies = new Replies();
  for (let call = 1; call <= REPLIES_MAX; call += 1)
    replies.keep(`k${call}`, reply('x'), call, at(1));
  replies.discardAfter(10);
  assert.is(replies.find('k11'), undefined);
  assert.is(replies.find(`k${REPLIES_MAX}`), undefined);
  assert.ok(replies.find('k10') !== undefined);
});
