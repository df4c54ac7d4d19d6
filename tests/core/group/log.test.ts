import * as assert from 'uvu/assert';
import type { Entry, Position, View } from '#core/group/entry.ts';
import { Log } from '#core/group/log.ts';
import { encodeRecords } from '#core/group/record.ts';
import { SimDisk } from '../../sim/disk.ts';
import { suite } from '../../support/suite.ts';

const test = suite('core/group/log');

const newDisk = () => new SimDisk((done) => setImmediate(done));
const at = (position: number) => position as Position;

function entry(position: number, view: number, fields: Partial<Entry> = {}): Entry {
  return {
    position: at(position),
    view: view as View,
    commit: at(position - 1),
    time: { seconds: 1_700_000_000, nanoseconds: position },
    stable: position % 2 === 0,
    body: Buffer.from(`body ${position}`),
    data: undefined,
    dataSize: 0,
    ...fields,
  };
}

function append(log: Log, disk: SimDisk, entries: readonly Entry[], withData = false): void {
  log.append(encodeRecords(entries, disk), () => withData);
}

function open(disk: SimDisk, applied = 0, segmentSize = 256): Log {
  const log = new Log(disk, { segmentSize });
  log.open(at(applied), 0 as View);
  return log;
}

function bodies(log: Log): string[] {
  const records = log.read(log.first, log.last, 1_000_000);
  return records.map((record) => `${record.entry.view}:${record.entry.body}`);
}

test('the format of version 1, byte for byte', () => {
  const disk = newDisk();
  const log = open(disk, 0, 4096);
  const data = Buffer.from('data');
  append(log, disk, [entry(1, 3), entry(2, 3, { data, dataSize: 4 })], true);
  append(log, disk, [entry(3, 3, { data, dataSize: 4, time: { seconds: -1, nanoseconds: 5 } })]);
  const bytes = disk.read('log/0000000000000001.log')?.toString('hex') ?? '';
  const expected = [
    // magic, version, first, view, view before, size before, checksum
    '55534c47 00000001 0000000000000001 0000000000000003 0000000000000000 0000000000000000',
    'HEADSUM',
    // mark, checksum, position, view, commit, seconds, nanoseconds, stable, body size, data size, body
    '01 SUM 0000000000000001 0000000000000003 0000000000000000 000000006553f100 00000001 00 00000006 00000000 626f64792031',
    '02 SUM 0000000000000002 0000000000000003 0000000000000001 000000006553f100 00000002 01 00000006 00000004 626f64792032 64617461 SUM',
    '03 SUM 0000000000000003 0000000000000003 0000000000000002 ffffffffffffffff 00000005 00 00000006 00000004 626f64792033',
  ].join('');
  const pattern = expected.replaceAll(/\s/g, '').replaceAll(/HEADSUM|SUM/g, '[0-9a-f]{8}');
  assert.match(bytes, new RegExp(`^${pattern}$`));
  assert.is(bytes.slice(-2 * (50 + 6) + 2, -2 * (50 + 6) + 10), 'a4f6e1b3');
});

test('what was appended is there when the log is opened again, over many segments', () => {
  const disk = newDisk();
  const log = open(disk);
  for (let position = 1; position <= 40; position += 1) {
    append(log, disk, [entry(position, position < 20 ? 1 : 2)]);
  }
  log.close();
  assert.ok(disk.list('log').length > 4);
  const again = open(disk);
  assert.is(again.last, 40);
  assert.is(again.first, 1);
  assert.is(again.viewAt(at(19)), 1);
  assert.is(again.viewAt(at(20)), 2);
  assert.is(again.viewAt(at(0)), 0);
  assert.is(again.viewAt(at(41)), undefined);
  assert.equal(bodies(again).slice(18, 20), ['1:body 19', '2:body 20']);
});

test('a torn tail is cut wherever it tears, and the log goes on from there', () => {
  const disk = newDisk();
  const log = open(disk, 0, 4096);
  append(log, disk, [entry(1, 1), entry(2, 1), entry(3, 1)]);
  const whole = disk.read('log/0000000000000001.log') as Buffer;
  for (let size = 44; size < whole.length; size += 1) {
    const torn = newDisk();
    torn.replace('log/0000000000000001.log', whole.subarray(0, size));
    const cut = open(torn, 0, 4096);
    const kept = Math.floor((size - 44) / 56);
    assert.is(cut.last, kept, `${size} bytes`);
    append(cut, torn, [entry(kept + 1, 2)]);
    assert.is(open(torn, 0, 4096).last, kept + 1, `${size} bytes, continued`);
  }
});

test('room taken with a sync is no entry after a crash, and the log goes on where its entries end', async () => {
  const disk = newDisk();
  const log = open(disk, 0, 4096);
  append(log, disk, [entry(1, 1)]);
  await log.sync();
  append(log, disk, [entry(2, 1)]);
  assert.ok((disk.read('log/0000000000000001.log') as Buffer).length < 200);
  const killed = open(disk, 0, 4096);
  assert.equal(bodies(killed), ['1:body 1', '1:body 2']);
  append(killed, disk, [entry(3, 1)]);
  await killed.sync();
  append(killed, disk, [entry(4, 1), entry(5, 1)]);
  disk.powerCut(() => 0.6);
  const cut = open(disk, 0, 4096);
  assert.equal(bodies(cut), ['1:body 1', '1:body 2', '1:body 3', '1:body 4']);
  append(cut, disk, [entry(5, 2)]);
  assert.is(open(disk, 0, 4096).last, 5);
});

test('a segment that ends within room taken ahead is whole on the disk before the next begins', async () => {
  const disk = newDisk();
  const log = open(disk, 0, 4096);
  append(log, disk, [entry(1, 1)]);
  await log.sync();
  append(log, disk, [entry(2, 1)]);
  append(log, disk, [entry(3, 2)]);
  disk.powerCut(() => 0);
  assert.equal(bodies(open(disk, 0, 4096)), ['1:body 1', '1:body 2']);
});

test('so is one that was cut where room had been taken, and filled again', async () => {
  const disk = newDisk();
  const log = open(disk, 0, 4096);
  append(log, disk, [entry(1, 1)]);
  await log.sync();
  append(log, disk, [entry(2, 1), entry(3, 1)]);
  log.truncate(at(2));
  append(log, disk, [entry(3, 2)]);
  append(log, disk, [entry(4, 3)]);
  disk.powerCut(() => 0);
  assert.equal(bodies(open(disk, 0, 4096)), ['1:body 1', '1:body 2']);
});

test('a damaged byte ends the log before its entry', () => {
  const disk = newDisk();
  append(open(disk, 0, 4096), disk, [entry(1, 1), entry(2, 1), entry(3, 1)]);
  const whole = disk.read('log/0000000000000001.log') as Buffer;
  for (let at = 44; at < whole.length; at += 1) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] as number) ^ 0x10;
    const other = newDisk();
    other.replace('log/0000000000000001.log', damaged);
    assert.is(open(other, 0, 4096).last, Math.floor((at - 44) / 56), `byte ${at}`);
  }
});

test('a log that ends before what is applied begins anew behind it', () => {
  const disk = newDisk();
  append(open(disk), disk, [entry(1, 1), entry(2, 1)]);
  const log = new Log(disk);
  log.open(at(9), 4 as View);
  assert.is(log.first, 10);
  assert.is(log.last, 9);
  assert.is(log.lastView, 4);
  append(log, disk, [entry(10, 4)]);
  assert.equal(bodies(log), ['4:body 10']);
});

test('cutting keeps what is before, also into an earlier segment', () => {
  const disk = newDisk();
  const log = open(disk);
  for (let position = 1; position <= 30; position += 1) append(log, disk, [entry(position, 1)]);
  log.truncate(at(7));
  assert.is(log.last, 7);
  append(log, disk, [entry(8, 5)]);
  assert.equal(bodies(open(disk)).slice(-2), ['1:body 7', '5:body 8']);
});

test('old segments go when there is too much, but none with an entry that is not applied', () => {
  const disk = newDisk();
  const log = new Log(disk, { segmentSize: 256, sizeMax: 1024 });
  log.open(at(0), 0 as View);
  for (let position = 1; position <= 60; position += 1) append(log, disk, [entry(position, 1)]);
  log.retain(at(10), at(0));
  assert.ok(log.first <= 11 && log.first > 1, `first ${log.first}`);
  log.retain(at(60), at(0));
  assert.ok(log.size <= 1024 + 256);
  assert.is(log.viewAt(at(log.first - 1)), 1);
  assert.is(open(disk, 60).first, log.first);
});

/** A disk of some bytes that counts how often it is asked for its room. */
class SmallDisk extends SimDisk {
  asked = 0;
  sizeMax: number;

  constructor(sizeMax: number) {
    super((done) => setImmediate(done));
    this.sizeMax = sizeMax;
  }

  override free(): number {
    this.asked += 1;
    const sizes = this.list('log').map((name) => this.read(`log/${name}`)?.length ?? 0);
    return this.sizeMax - sizes.reduce((sum, size) => sum + size, 0);
  }
}

test('on a small disk old segments go before the limit is reached, but none that this box may read again', () => {
  const disk = new SmallDisk(8192);
  const log = new Log(disk, { segmentSize: 256, freeMin: 6144 });
  log.open(at(0), 0 as View);
  for (let position = 1; position <= 100; position += 1) {
    append(log, disk, [entry(position, 1)]);
    log.look();
    log.retain(at(position), at(Math.min(position, 80)));
  }
  assert.ok(log.first > 1 && log.first <= 81, `first ${log.first}`);
  assert.ok(disk.free() >= 6144 - 2 * 256, `${disk.free()} bytes free`);
  // Whatever is free: the last replies stand in what is left.
  disk.sizeMax = 0;
  log.look();
  log.retain(at(100), at(100));
  assert.is(disk.list('log').length, 2);
  assert.is(open(disk, 100).last, 100);
});

test('the disk is asked for its room when much was written, or when it was told to look, and not at every commit', () => {
  const disk = new SmallDisk(1e9);
  const log = new Log(disk, { segmentSize: 16_384, freeMin: 1 << 20 });
  log.open(at(0), 0 as View);
  let position = 0;
  const write = (count: number, dataSize = 0): number => {
    disk.asked = 0;
    for (let made = 0; made < count; made += 1) {
      position += 1;
      append(log, disk, [entry(position, 1, { dataSize })]);
      log.retain(at(position), at(position));
    }
    return disk.asked;
  };
  assert.is(write(20_000), 1);
  // Content that stands beside the log takes room as well.
  assert.is(write(1000, 1 << 20), 1);
  assert.is(write(10), 0);
  log.look();
  assert.is(write(10), 1);
  disk.sizeMax = 0;
  log.look();
  write(1);
  assert.is(disk.list('log').length, 2);
  // Once a segment that goes.
  assert.ok(write(20_000) < 100, `asked ${disk.asked} times`);
});

test('a sync covers what was appended before it, in every segment', async () => {
  const disk = newDisk();
  const log = open(disk);
  for (let position = 1; position <= 20; position += 1) append(log, disk, [entry(position, 1)]);
  const synced = log.sync();
  append(log, disk, [entry(21, 1)]);
  assert.is(await synced, 20);
  disk.powerCut(() => 0);
  assert.is(open(disk).last, 20);
});
