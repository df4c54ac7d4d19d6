import * as assert from 'uvu/assert';
import { readBody } from '#core/group/body.ts';
import type { Entry, Position, View } from '#core/group/entry.ts';
import {
  ProtocolTable,
  ROW_KEY_SIZE_MAX,
  ROW_SIZE_MAX,
  ROWS_MAX,
  readRowChange,
  refusalOfRow,
  writeRowChange,
} from '#core/group/protocol-table.ts';
import { MemoryStore } from '#core/volume/memory-store.ts';
import { StagedStore } from '#core/volume/staged-store.ts';
import { DecodeError, Reader } from '#core/wire/reader.ts';
import { Writer } from '#core/wire/writer.ts';
import { suite } from '../../support/suite.ts';
import { Bench, founded, make } from './bench.ts';

const test = suite('group/protocol-table');

const keysOf = (bench: Bench) => bench.group.rows('').map(({ key }) => key);

test('a change of a row is these bytes', () => {
  const encoded = (value: Buffer | undefined): string => {
    const to = new Writer(100);
    writeRowChange(to, { key: 'smb/1', value });
    return Buffer.from(to.finish()).toString('hex');
  };
  const key = `00000005${'736d622f31'}000000`;
  assert.is(encoded(Buffer.from([1, 2])), `${key}00000001${'00000002'}01020000`);
  assert.is(encoded(undefined), `${key}00000000`);
  const read = (hex: string) => readRowChange(new Reader(Buffer.from(hex, 'hex')));
  assert.equal(read(encoded(Buffer.from([1, 2]))), { key: 'smb/1', value: Buffer.from([1, 2]) });
  assert.equal(read(encoded(undefined)), { key: 'smb/1', value: undefined });
  assert.throws(
    () => read(encoded(undefined).slice(0, -8)),
    (e: Error) => e instanceof DecodeError,
  );
  assert.throws(
    () => read(`${encoded(undefined)}00000000`),
    (e: Error) => e instanceof DecodeError,
  );
});

test('rows share an entry with file changes, and every box that applies it has them', () => {
  const bench = founded(new Bench());
  make(bench, 'file');
  bench.seal((transaction) => {
    transaction.put('smb/2', Buffer.from('two'));
    transaction.put('smb/1', Buffer.from('one'));
    transaction.put('nfs/1', Buffer.from('other'));
  });
  bench.seal((transaction) => {
    transaction.remove('smb/2');
    transaction.remove('smb/unknown');
  });
  const changes = bench.entries.slice(-2).map(({ body }) => readBody(body).changes.length);
  assert.equal(changes, [3, 1]);
  assert.equal(bench.group.rows('smb/'), [{ key: 'smb/1', value: Buffer.from('one') }]);
  bench.commit();
  const other = new Bench();
  for (const entry of bench.entries) other.state.stage(entry);
  other.commit();
  assert.equal(other.rows(), bench.rows());
  assert.equal(other.group.rows(''), bench.group.rows(''));
});

test('rows are there after a restart, and those of discarded entries are not', () => {
  const bench = founded(new Bench());
  bench.seal((transaction) => transaction.put('kept', Buffer.from('1')));
  bench.commit();
  bench.seal((transaction) => {
    transaction.put('lost', Buffer.from('2'));
    transaction.remove('kept');
  });
  assert.equal(keysOf(bench), ['lost']);
  bench.state.discard();
  assert.equal(keysOf(bench), ['kept']);
  assert.equal(keysOf(new Bench(bench.store)), ['kept']);
});

test('an entry with rows alone does not ask for a sync of the disk', () => {
  const bench = founded(new Bench());
  bench.seal((transaction) => transaction.put('row', Buffer.alloc(3)));
  assert.is(bench.entries.at(-1)?.stable, false);
});

test('a row that is too large, or one too many, is refused with nothing changed', () => {
  const bench = founded(new Bench());
  const transaction = bench.group.begin();
  assert.throws(() => transaction.put('big', Buffer.alloc(ROW_SIZE_MAX + 1)), /at most 16384/);
  assert.throws(
    () => transaction.put('k'.repeat(ROW_KEY_SIZE_MAX + 1), Buffer.alloc(1)),
    /at most/,
  );
  bench.group.abandon();
  assert.equal(keysOf(bench), []);
  const table = new ProtocolTable(new StagedStore(new MemoryStore()));
  const value = Buffer.alloc(1);
  for (let index = 0; index < ROWS_MAX; index += 1) table.apply({ key: `${index}`, value });
  assert.match(String(refusalOfRow(table, { key: 'more', value })), /65536 already/);
  assert.is(refusalOfRow(table, { key: '7', value }), undefined);
  assert.is(refusalOfRow(table, { key: 'more', value: undefined }), undefined);
});

test('an entry says how much more of rows it takes', () => {
  const bench = founded(new Bench());
  let count = 0;
  bench.seal((transaction) => {
    for (; transaction.roomForRows > 2_100; count += 1) {
      transaction.put(`row/${count}`, Buffer.alloc(2_000));
    }
  });
  assert.ok(count > 10, `${count} rows`);
  assert.is(bench.group.rows('').length, count);
});

test('a row in a log of the first version that has rows', () => {
  const other = new Bench();
  const body = `01${'00000000'}01${'0000000c'}${'00000001'}61000000${'00000000'}00`;
  const put = `01${'00000000'}01${'00000014'}${'00000001'}61000000${'00000001'}${'00000002'}6869000000`;
  const entry = (position: number, hex: string): Entry => ({
    position: position as Position,
    view: 1 as View,
    commit: 0 as Position,
    time: { seconds: 1, nanoseconds: 0 },
    stable: false,
    body: Buffer.from(hex, 'hex'),
    data: undefined,
    dataSize: 0,
  });
  other.state.stage(entry(1, put));
  assert.equal(other.group.rows(''), [{ key: 'a', value: Buffer.from('hi') }]);
  other.state.stage(entry(2, body));
  assert.equal(other.group.rows(''), []);
});
