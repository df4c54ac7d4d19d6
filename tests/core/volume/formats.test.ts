/** Logs and catalogs of earlier versions: changes and rows as they were written then (tests/golden/volume). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import { Catalog } from '#core/volume/catalog.ts';
import { MemoryStore } from '#core/volume/memory-store.ts';
import { operationOf } from '#core/volume/operations.ts';
import { StagedStore } from '#core/volume/staged-store.ts';
import { upgradeCatalog } from '#core/volume/upgrade.ts';
import { Reader } from '#core/wire/reader.ts';
import { Writer } from '#core/wire/writer.ts';
import { suite } from '../../support/suite.ts';
import { Fixture, VOLUME } from './fixture.ts';

const test = suite('core/volume/formats');

/** From before there were streams: changes in order, the bytes of writes, and the rows that they left. */
const FIRST = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../golden/volume/format-1.json'), 'utf8'),
) as { readonly log: string[]; readonly data: string[]; readonly rows: string[] };

/** A box that took in the log of then. */
function replayed(): Fixture {
  const box = new Fixture();
  box.replay(
    FIRST.log.map((line, index) => {
      const [code = '', hex = ''] = line.split(' ');
      const text = FIRST.data[index] ?? '';
      const data = text === '' ? undefined : Buffer.from(text, 'latin1');
      const stamp = box.stampAt(index + 2);
      return { code: Number(code), bytes: Buffer.from(hex, 'hex'), stamp, data };
    }),
  );
  box.commit();
  return box;
}

test('a log of the first format is read as it was meant, and written as it was', () => {
  for (const line of FIRST.log) {
    const [code = '', hex = ''] = line.split(' ');
    const operation = operationOf(Number(code));
    assert.ok(operation);
    const reader = new Reader(Buffer.from(hex, 'hex'));
    const change = operation.decode(reader);
    reader.end();
    const writer = new Writer(1024);
    operation.encode(writer, change);
    assert.is(writer.finish().toString('hex'), hex, operation.name);
  }
});

test('a catalog of the first format is what its log makes of it now', () => {
  const rows = FIRST.rows.map((line): [string, Buffer] => {
    const [key = '', row = ''] = line.split(' ');
    return [Buffer.from(key, 'hex').toString('latin1'), Buffer.from(row, 'hex')];
  });
  const store = new MemoryStore(new Map(rows));
  upgradeCatalog(store, VOLUME);
  const wanted = replayed();
  assert.equal(store.range('', '\xff', 100), wanted.store.range('', '\xff', 100));
  const catalog = new Catalog({ volume: VOLUME }, new StagedStore(store));
  const file = catalog.childFolded(ROOT_ID, 'FILE' as Name)?.id as FileId;
  const inode = catalog.inode(file);
  assert.equal([inode?.kind, inode?.size, inode?.dos, inode?.holds], ['file', 5, 0, 0]);
});
