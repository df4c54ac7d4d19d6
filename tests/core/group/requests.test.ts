import * as assert from 'uvu/assert';
import type { BoxId } from '#core/group/entry.ts';
import { CHANNEL, type LinkHandler } from '#core/group/link.ts';
import { Requests } from '#core/group/requests.ts';
import { DecodeError } from '#core/wire/reader.ts';
import { FakeClock, settle } from '../../plugins/cluster/support/fake-clock.ts';
import { suite } from '../../support/suite.ts';

const test = suite('core/group/requests');
const A = 'a' as BoxId;
const B = 'b' as BoxId;

interface Stage {
  readonly requests: Requests;
  readonly sent: unknown[];
  /** A frame of JSON comes from box b. */
  hear(message: unknown): void;
}

function stage(): Stage {
  let handler: LinkHandler = {};
  const sent: unknown[] = [];
  const link = {
    self: A,
    peers: [B],
    isUp: () => true,
    isWhole: () => true,
    send: (_peer: BoxId, channel: number, parts: readonly Uint8Array[]) => {
      assert.is(channel, CHANNEL.request);
      sent.push(JSON.parse(Buffer.concat(parts).toString()));
    },
    queuedSize: () => 0,
    handle: (_channel: number, given: LinkHandler) => {
      handler = given;
    },
  };
  const requests = new Requests(link, new FakeClock());
  return {
    requests,
    sent,
    hear: (value) => handler.frame?.(B, Buffer.from(JSON.stringify(value))),
  };
}

test('what is neither a question nor an answer is malformed, whatever it is', () => {
  const { hear } = stage();
  const odd: readonly unknown[] = [
    null,
    1,
    'text',
    [],
    {},
    { id: 'x', method: 'sync' },
    { id: 1, method: null },
    { id: 0, method: 'sync' },
    { id: 1, error: { toString: 1 } },
    { id: 1, result: 1, error: 'no' },
    { id: 1, method: 'sync', params: 'x'.repeat(1 << 20) },
  ];
  for (const value of odd) {
    assert.throws(
      () => hear(value),
      (error: unknown) => error instanceof DecodeError,
      JSON.stringify(value).slice(0, 60),
    );
  }
});

test('a question that nobody can answer gets a sentence, and so do those beyond the bound', async () => {
  const { requests, sent, hear } = stage();
  hear({ id: 1, method: 'constructor' });
  let finish: (value: unknown) => void = () => {};
  requests.answer('wait', () => new Promise((resolve) => (finish = resolve)));
  const params = 'x'.repeat(500_000);
  for (let id = 2; id < 70; id += 1) hear({ id, method: 'wait', params });
  await settle();
  assert.match(JSON.stringify(sent[0]), /constructor: this box does not know that/);
  assert.equal(sent[1], { id: 68, error: 'this box answers too many questions' });
  finish(null);
  await settle();
  assert.equal(sent.at(-1), { id: 67, result: null });
});

test('a question that is longer than a box takes is not sent', async () => {
  const { requests, sent } = stage();
  const asked = requests.ask(B, 'control', 'x'.repeat(1 << 20));
  const refusal = await asked.then(String, (error: Error) => error.message);
  assert.match(refusal, /^control: 1048\d+ bytes, at most 524288/);
  assert.is(sent.length, 0);
});
