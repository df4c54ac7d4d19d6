import * as assert from 'uvu/assert';
import { FRAME_SIZE_MAX } from '#core/group/link.ts';
import { DecodeError } from '#core/wire/reader.ts';
import { Inbox, Outbox } from '#plugins/cluster/link/frame.ts';
import { suite } from '../../../support/suite.ts';

const test = suite('cluster/link/frame');

interface Frame {
  readonly channel: number;
  readonly payload: Buffer;
}

/** Feeds the bytes in pieces of the given size. */
function feed(inbox: Inbox, bytes: Buffer, pieceSize: number): Frame[] {
  const frames: Frame[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const room = inbox.room();
    assert.ok(room.length > 0, 'no room');
    const size = Math.min(room.length, pieceSize, bytes.length - offset);
    bytes.copy(room, 0, offset, offset + size);
    offset += size;
    inbox.received(size, (channel, frame) => {
      frames.push({ channel, payload: Buffer.from(frame) });
      return true;
    });
  }
  return frames;
}

function pattern(size: number, seed: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, index) => (index * 31 + seed) & 0xff));
}

test('a frame is its size, its channel and its payload', () => {
  const outbox = new Outbox();
  outbox.add(2, [Buffer.from('ab'), Buffer.from('c')]);
  assert.is(Buffer.concat(outbox.take()).toString('hex'), '0000000302616263');
});

test('frames come out as they went in, whatever the pieces', () => {
  const sent: Frame[] = [0, 1, 5, 4_096, 4_097, 65_536, 70_000, 3, 300_000, 0].map(
    (size, index) => ({ channel: index & 3, payload: pattern(size, index) }),
  );
  const outbox = new Outbox();
  for (const { channel, payload } of sent) {
    outbox.add(channel, [
      payload.subarray(0, payload.length >> 1),
      payload.subarray(payload.length >> 1),
    ]);
  }
  const bytes = Buffer.concat(outbox.take());
  for (const pieceSize of [3, 1_000, 65_536, 1_000_000]) {
    const inbox = new Inbox();
    inbox.frameSizeMax = FRAME_SIZE_MAX;
    assert.equal(feed(inbox, bytes, pieceSize), sent, `pieces of ${pieceSize}`);
  }
});

test('large parts are passed on as they are, small ones are gathered', () => {
  const outbox = new Outbox();
  const large = pattern(100_000, 1);
  for (let index = 0; index < 50; index += 1) outbox.add(1, [pattern(100, index)]);
  outbox.add(1, [pattern(40, 0), large, pattern(3, 0)]);
  const pieces = outbox.take();
  assert.is(pieces.length, 3);
  assert.ok(pieces[1] === large);
});

test('what was taken is not written to by later frames', () => {
  const outbox = new Outbox();
  outbox.add(1, [pattern(100, 1)]);
  const first = Buffer.concat(outbox.take());
  const [taken] = [...outbox.take()];
  assert.is(taken, undefined);
  outbox.add(1, [pattern(100, 2)]);
  assert.not.ok(Buffer.concat(outbox.take()).equals(first));
  assert.is(outbox.size, 0);
});

test('a frame beyond the bound is refused by its head alone', () => {
  const inbox = new Inbox();
  inbox.frameSizeMax = FRAME_SIZE_MAX;
  const head = Buffer.alloc(5);
  head.writeUInt32BE(FRAME_SIZE_MAX + 1, 0);
  assert.throws(
    () => feed(inbox, head, 5),
    (error: unknown) => error instanceof DecodeError,
  );
});

test('the largest frame passes', () => {
  const outbox = new Outbox();
  outbox.add(1, [Buffer.alloc(FRAME_SIZE_MAX, 7)]);
  const inbox = new Inbox();
  inbox.frameSizeMax = FRAME_SIZE_MAX;
  const [frame] = feed(inbox, Buffer.concat(outbox.take()), 65_536);
  assert.is(frame?.payload.length, FRAME_SIZE_MAX);
});
