import * as assert from 'uvu/assert';
import { MESSAGE_SIZE_MAX } from '#core/limits.ts';
import { DecodeError } from '#core/wire/reader.ts';
import { RecordReader } from '#plugins/protocol/nfs/rpc/record-reader.ts';
import { SlabPool, SMALL_SLAB_SIZE } from '#plugins/protocol/nfs/rpc/slab.ts';
import { Seeded } from '../../../../support/seeded.ts';
import { suite } from '../../../../support/suite.ts';

const test = suite('nfs/rpc/record-reader');

const LAST = 0x8000_0000;

function fragment(bytes: Buffer, last = true): Buffer {
  const mark = Buffer.alloc(4);
  mark.writeUInt32BE(((last ? LAST : 0) | bytes.length) >>> 0);
  return Buffer.concat([mark, bytes]);
}

/** Bytes that tell where they were cut. */
function pattern(size: number, seed: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, index) => (index * 7 + seed) & 0xff));
}

/** Feeds a stream in pieces of at most `pieceMax` and gives the records that come out. */
function records(reader: RecordReader, stream: Buffer, pieceMax: () => number): Buffer[] {
  const out: Buffer[] = [];
  for (let at = 0; at < stream.length; ) {
    const room = reader.room();
    assert.ok(room.length > 0);
    const size = stream.copy(room, 0, at, Math.min(stream.length, at + pieceMax()));
    at += size;
    reader.received(size);
    for (let record = reader.next(); record !== undefined; record = reader.next()) {
      out.push(Buffer.from(record.slab.bytes.subarray(record.start, record.end)));
    }
  }
  return out;
}

test('records come out whole however the stream is cut', () => {
  const random = new Seeded(7);
  const sizes = [0, 1, 3, 100, 5000, 70_000, 200_000, 12, 64 * 1024, 64 * 1024 + 1, 40];
  const bodies = sizes.map(pattern);
  const stream = Buffer.concat(bodies.map((body) => fragment(body)));
  for (const pieceMax of [1, 3, 1000, 65_536, 1_000_000]) {
    const cut = () => (pieceMax < 10 ? pieceMax : 1 + random.below(pieceMax));
    const reader = new RecordReader(new SlabPool());
    const out = records(reader, pieceMax < 10 ? stream.subarray(0, 20_000) : stream, cut);
    const expected = pieceMax < 10 ? bodies.slice(0, out.length) : bodies;
    assert.ok(out.length >= 5);
    for (const [index, body] of expected.entries()) assert.ok(body.equals(out[index] as Buffer));
  }
});

test('fragments of one record are put together (RFC 5531 §11)', () => {
  const body = pattern(300_000, 3);
  const cuts = [0, 5, 5, 1000, 200_000, 300_000];
  const parts = cuts.slice(1).map((end, index) => {
    return fragment(body.subarray(cuts[index], end), end === body.length);
  });
  const stream = Buffer.concat([...parts, fragment(Buffer.from('next'))]);
  const out = records(new RecordReader(new SlabPool()), stream, () => 50_000);
  assert.ok(out[0]?.equals(body));
  assert.is(out[1]?.toString(), 'next');
});

test('a record above the limit is refused, in one fragment or in several', () => {
  const reader = new RecordReader(new SlabPool());
  const mark = fragment(Buffer.alloc(0));
  mark.writeUInt32BE((LAST | (MESSAGE_SIZE_MAX + 1)) >>> 0);
  assert.throws(
    () => records(reader, mark, () => 4),
    (error: unknown) => error instanceof DecodeError,
  );
  const half = fragment(Buffer.alloc(MESSAGE_SIZE_MAX / 2 + 1), false);
  assert.throws(
    () => records(new RecordReader(new SlabPool()), Buffer.concat([half, half]), () => 99_999),
    (error: unknown) => error instanceof DecodeError,
  );
});

test('a held slab keeps its bytes while others arrive', () => {
  const pool = new SlabPool();
  const reader = new RecordReader(pool);
  const held: { readonly view: Buffer; readonly body: Buffer }[] = [];
  for (let round = 0; round < 100; round += 1) {
    const body = pattern(round % 10 === 9 ? 100_000 : 5000, round);
    const stream = fragment(body);
    for (let at = 0; at < stream.length; ) {
      const size = stream.copy(reader.room(), 0, at);
      at += size;
      reader.received(size);
      const record = reader.next();
      if (record === undefined) continue;
      record.slab.hold();
      held.push({ view: record.slab.bytes.subarray(record.start, record.end), body });
    }
  }
  assert.is(held.length, 100);
  for (const { view, body } of held) assert.ok(view.equals(body));
});

test('calls that wait unread leave room for what the kernel delivers late', () => {
  const reader = new RecordReader(new SlabPool());
  const call = fragment(pattern(996, 1));
  const stream = Buffer.concat(Array.from({ length: 600 }, () => call));
  let at = 0;
  while (at < SMALL_SLAB_SIZE + 1000) {
    const size = stream.copy(reader.room(), 0, at, at + 10_000);
    at += size;
    reader.received(size);
  }
  let count = 0;
  while (reader.next() !== undefined) count += 1;
  assert.is(count, Math.floor(at / call.length));
});

test('a record put back comes again', () => {
  const reader = new RecordReader(new SlabPool());
  const stream = Buffer.concat([fragment(Buffer.from('one!')), fragment(Buffer.from('two!'))]);
  reader.received(stream.copy(reader.room()));
  const first = reader.next();
  assert.ok(first !== undefined && reader.putBack(first));
  const again = reader.next();
  assert.is(again?.slab.bytes.toString('latin1', again.start, again.end), 'one!');
  assert.ok(reader.next() !== undefined);
});

test('a large record waits while no large slab is free', async () => {
  const pool = new SlabPool();
  const taken = Array.from({ length: 96 }, () => pool.takeLarge());
  const reader = new RecordReader(pool);
  const body = pattern(100_000, 2);
  const stream = fragment(body);
  reader.received(stream.copy(reader.room(), 0, 0, 1000));
  assert.is(reader.next(), undefined);
  assert.is(reader.starved, true);
  let woken = false;
  pool.whenFree(() => {
    woken = true;
  });
  for (const slab of taken) slab.release();
  await Promise.resolve();
  assert.ok(woken);
  const out = reader.next();
  assert.is(out, undefined);
  assert.is(reader.starved, false);
  const [record] = records(reader, stream.subarray(1000), () => 40_000);
  assert.ok(record?.equals(body));
});
