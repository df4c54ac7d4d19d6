import { crc32 } from 'node:zlib';
import * as assert from 'uvu/assert';
import type { BoxId, Entry, Position, View } from '#core/group/entry.ts';
import {
  type Append,
  decodeMessage,
  encodeAppendHead,
  encodeMessage,
  type Message,
} from '#core/group/messages.ts';
import { encodeRecords, sendParts } from '#core/group/record.ts';
import { FETCH_SIZE_MAX } from '#core/limits.ts';
import type { InstantMs } from '#core/ports/clock.ts';
import { DecodeError } from '#core/wire/reader.ts';
import { Seeded, seedOf } from '../../support/seeded.ts';
import { suite } from '../../support/suite.ts';

const test = suite('core/group/messages');

const disk = { checksum: crc32 };

const view = 7 as View;
const at = (position: number) => position as Position;
const extent = { volume: 1, file: 2, offset: 4096, size: 5 };
const configuration = { view, primary: 'a' as BoxId, inSync: ['a', 'b'] as BoxId[] };

const SAMPLES: readonly Exclude<Message, Append>[] = [
  {
    kind: 'acknowledge',
    view,
    session: 9,
    received: at(30),
    durable: at(20),
    committed: at(10),
    sentAt: 12.5 as InstantMs,
    gap: true,
    whole: false,
  },
  { kind: 'join', view, nonce: 1, applied: at(3), appliedView: view, last: at(9) },
  { kind: 'welcome', view, nonce: 1, end: at(9), sure: at(7), runs: [{ from: at(4), view }] },
  { kind: 'reject', view, nonce: 1, reason: 'the log begins at 5' },
  { kind: 'again', view },
  { kind: 'configure', configuration },
  { kind: 'handover', configuration },
  { kind: 'withdraw', view, reason: 'disk full' },
  { kind: 'fetch', view, session: 9, extent },
  { kind: 'content', view, session: 9, extent, data: Buffer.from('hello') },
  { kind: 'ask' },
  { kind: 'tell', role: 'backup', view, lastView: view, last: at(5), lacks: true },
];

function entry(position: number, data: Buffer | undefined): Entry {
  return {
    position: at(position),
    view,
    commit: at(3),
    time: { seconds: -5, nanoseconds: 6 },
    stable: true,
    body: Buffer.from(`body ${position}`),
    data,
    dataSize: data?.length ?? 0,
  };
}

function appendFrame(): Buffer {
  const head = encodeAppendHead({
    kind: 'append',
    view,
    sentAt: 3.25 as InstantMs,
    commit: at(3),
    previous: at(3),
    previousView: 6 as View,
  });
  const parts = [head];
  const entries = [entry(4, undefined), entry(5, Buffer.from('bulk')), entry(6, undefined)];
  for (const record of encodeRecords(entries, disk)) sendParts(parts, record);
  return Buffer.concat(parts);
}

for (const message of SAMPLES) {
  test(`${message.kind} comes back as it was`, () => {
    const decoded = decodeMessage(Buffer.concat(encodeMessage(message)), disk);
    assert.equal(JSON.parse(JSON.stringify(decoded)), JSON.parse(JSON.stringify(message)));
  });
}

test('entries come back as they were, with their data', () => {
  const message = decodeMessage(appendFrame(), disk);
  if (message.kind !== 'append') throw new Error(message.kind);
  assert.is(message.sentAt, 3.25);
  assert.is(message.previousView, 6);
  assert.equal(
    message.records.map(({ entry: { position, body, data } }) => `${position} ${body} ${data}`),
    ['4 body 4 undefined', '5 body 5 bulk', '6 body 6 undefined'],
  );
  assert.equal(message.records[1]?.entry.time, { seconds: -5, nanoseconds: 6 });
});

test('bulk data is sent as a part of its own and not copied', () => {
  const data = Buffer.from('bulk');
  const parts: Buffer[] = [];
  for (const record of encodeRecords([entry(4, data)], disk)) sendParts(parts, record);
  assert.ok(parts.includes(data));
});

test('nobody is asked for more content at once than fits, or given more than was asked for', () => {
  const head = { view, session: 9 };
  const decode = (message: Exclude<Message, Append>) => () =>
    decodeMessage(Buffer.concat(encodeMessage(message)), disk);
  const malformed = (error: unknown) => error instanceof DecodeError;
  const most = { ...extent, size: FETCH_SIZE_MAX };
  decode({ kind: 'fetch', ...head, extent: most })();
  const more = { ...extent, size: FETCH_SIZE_MAX + 1 };
  assert.throws(decode({ kind: 'fetch', ...head, extent: more }), malformed);
  const data = Buffer.alloc(extent.size + 1);
  assert.throws(decode({ kind: 'content', ...head, extent, data }), malformed);
});

test('damaged and cut messages are a DecodeError or another message, never anything else', () => {
  const seed = seedOf();
  const random = new Seeded(seed);
  const frames = [appendFrame(), ...SAMPLES.map((sample) => Buffer.concat(encodeMessage(sample)))];
  for (let round = 0; round < 4000; round += 1) {
    const frame = Buffer.from(random.pick(frames));
    const cut = random.chance(2) ? frame.subarray(0, random.below(frame.length + 1)) : frame;
    for (let flips = random.below(4); flips > 0 && cut.length > 0; flips -= 1) {
      cut[random.below(cut.length)] = random.below(256);
    }
    try {
      decodeMessage(cut, disk);
    } catch (error) {
      assert.instance(error, DecodeError, `seed ${seed}: ${(error as Error).stack}`);
    }
  }
});
