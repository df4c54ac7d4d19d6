import * as assert from 'uvu/assert';
import { FrameReader } from '#plugins/protocol/smb/wire/frame-reader.ts';
import { Seeded, seedOf } from '../../../../support/seeded.ts';
import { suite } from '../../../../support/suite.ts';

const test = suite('smb/wire/frame-reader');

function frame(size: number, fill: number): Buffer {
  const bytes = Buffer.alloc(4 + size, fill);
  bytes.writeUInt32BE(size, 0);
  return bytes;
}

/** As the system does: fills what `room` gives, at most `most` bytes at a time. */
function feed(
  reader: FrameReader,
  bytes: Buffer,
  most: number,
  took: (message: Buffer) => void,
): void {
  for (let at = 0; at < bytes.length; ) {
    const room = reader.room();
    assert.ok(room.length > 0);
    const size = bytes.copy(room, 0, at, Math.min(bytes.length, at + most));
    at += size;
    reader.received(size);
    for (let message = reader.next(); message !== undefined; message = reader.next()) took(message);
  }
}

test('messages of all sizes, cut in all ways', () => {
  const seed = seedOf();
  const random = new Seeded(seed);
  const sizes = Array.from({ length: 200 }, () =>
    random.pick([0, 1, 68, 200, 16_384, 16_385, 70_000, 1_000_000 >> random.below(8)]),
  );
  const stream = Buffer.concat(sizes.map((size, index) => frame(size, index & 0xff)));
  for (const most of [1000, 65_536, 1_000_000]) {
    const reader = new FrameReader(1_100_000);
    const got: Buffer[] = [];
    feed(reader, stream, most, (message) => got.push(message));
    assert.equal(
      got.map(({ length }) => length),
      sizes,
      `seed ${seed}`,
    );
    // Nothing that was given is overwritten by what came after it.
    for (const [index, message] of got.entries()) {
      assert.ok(
        message.every((byte) => byte === (index & 0xff)),
        `seed ${seed}, message ${index}`,
      );
    }
  }
});

test('a message that is too long, and one of NetBIOS, are refused', () => {
  const long = new FrameReader(1000);
  assert.throws(() => feed(long, frame(1001, 0), 100, () => {}), /1001 bytes, at most 1000/);
  const other = new FrameReader(1000);
  assert.throws(() => feed(other, Buffer.from('8100004420', 'hex'), 100, () => {}), /message/);
});

test('there is room for what comes while nobody takes messages, up to a limit', () => {
  const reader = new FrameReader(1000);
  const small = frame(100, 1);
  const hold = (): void => {
    for (;;) {
      const room = reader.room();
      assert.ok(room.length > 0);
      for (let at = 0; at < room.length; at += small.length) small.copy(room, at);
      reader.received(room.length);
    }
  };
  assert.throws(hold, /more than are taken/);
});
