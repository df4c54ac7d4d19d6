/** What every `Store` must do, whatever it is made of; each kind runs it in one call. */
import * as assert from 'uvu/assert';
import {
  STORE_KEY_SIZE_MAX,
  type Store,
  type StoreRow,
  type StoreWrite,
} from '#core/ports/store.ts';
import { suite } from '../support/suite.ts';

export interface StoreKind {
  readonly name: string;
  /** A new, empty store; the contract closes it. */
  create(): Promise<Store> | Store;
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const put = (key: string, value: string): StoreWrite => ({ key, value: bytes(value) });
const text = (value: Buffer | undefined): string | undefined => value?.toString('latin1');
const pairs = (rows: readonly StoreRow[]): string[] =>
  rows.map((row) => `${row.key}=${text(row.value)}`);

export function storeContract(kind: StoreKind): void {
  const test = suite(`contract/store: ${kind.name}`);
  const withStore = (title: string, body: (store: Store) => void | Promise<void>): void =>
    test(title, async () => {
      const store = await kind.create();
      try {
        await body(store);
      } finally {
        await store.close();
      }
    });

  readsAndWrites(withStore);
  walks(withStore);
}

type WithStore = (title: string, body: (store: Store) => void | Promise<void>) => void;

function readsAndWrites(test: WithStore): void {
  test('a key that was never written has no value', (store) => {
    assert.is(store.get('a'), undefined);
  });

  test('a commit is visible when it returns, and a later write replaces the value', (store) => {
    store.commit([put('a', '1'), put('b', '2')]);
    assert.is(text(store.get('a')), '1');
    store.commit([put('a', 'longer than before')]);
    assert.is(text(store.get('a')), 'longer than before');
    assert.is(text(store.get('b')), '2');
  });

  test('removing takes the key away, and removing what is not there is no error', (store) => {
    store.commit([put('a', '1')]);
    store.commit([
      { key: 'a', value: undefined },
      { key: 'z', value: undefined },
    ]);
    assert.is(store.get('a'), undefined);
  });

  test('writes of one commit apply in order, so the last one of a key counts', (store) => {
    store.commit([put('a', '1'), { key: 'a', value: undefined }, put('b', '1'), put('b', '2')]);
    assert.is(store.get('a'), undefined);
    assert.is(text(store.get('b')), '2');
  });

  test('a commit with a key that is empty or too long applies nothing', (store) => {
    for (const key of ['', 'k'.repeat(STORE_KEY_SIZE_MAX + 1)]) {
      assert.throws(() => store.commit([put('a', '1'), put(key, '2')]));
      assert.is(store.get('a'), undefined);
    }
  });

  test('the longest key, an empty value and a value of a megabyte are kept as they are', (store) => {
    const longest = '\u00ff'.repeat(STORE_KEY_SIZE_MAX);
    const large = Buffer.alloc(1024 * 1024, 'large');
    store.commit([put(longest, 'x'), put('empty', ''), { key: 'large', value: large }]);
    assert.is(text(store.get(longest)), 'x');
    assert.is(store.get('empty')?.length, 0);
    assert.ok(store.get('large')?.equals(large));
    assert.is(text(store.get('empty')), '');
  });

  test('a value that was read stays what it was', (store) => {
    store.commit([put('a', 'first'), put('b', 'other')]);
    const value = store.get('a');
    const [row] = store.range('a', 'b', 1);
    store.commit([put('a', 'second')]);
    store.get('b');
    assert.is(text(value), 'first');
    assert.is(text(row?.value), 'first');
  });

  test('the bytes that were given to a commit may be used again', (store) => {
    const value = bytes('before');
    store.commit([{ key: 'a', value }]);
    value.fill(0);
    assert.is(text(store.get('a')), 'before');
  });

  test('flushed resolves, also for several who wait at once and with nothing written', async (store) => {
    await store.flushed();
    store.commit([put('a', '1')]);
    await Promise.all([store.flushed(), store.flushed(), store.flushed()]);
    assert.is(text(store.get('a')), '1');
  });
}

function walks(test: WithStore): void {
  const rows = [put('b', '2'), put('a', '1'), put('\u00ff', '5'), put('a\0', '3'), put('c', '4')];

  test('a range is ascending in bytes, with its beginning and without its end', (store) => {
    store.commit(rows);
    assert.equal(pairs(store.range('a', 'c', 10)), ['a=1', 'a\0=3', 'b=2']);
    assert.equal(pairs(store.range('a\0', 'b', 10)), ['a\0=3']);
    assert.equal(pairs(store.range('bb', '\u00ff\u00ff', 10)), ['c=4', '\u00ff=5']);
  });

  test('a range begins at the first key where its beginning is empty', (store) => {
    store.commit(rows);
    assert.equal(pairs(store.range('', 'b', 10)), ['a=1', 'a\0=3']);
  });

  test('a range has no more rows than its limit, and none where nothing can be', (store) => {
    store.commit(rows);
    assert.equal(pairs(store.range('a', 'd', 2)), ['a=1', 'a\0=3']);
    assert.equal(store.range('a', 'd', 0), []);
    assert.equal(store.range('c', 'a', 10), []);
    assert.equal(store.range('a', 'a', 10), []);
    assert.equal(store.range('d', 'e', 10), []);
  });

  test('last is the greatest key before the end and not before the beginning', (store) => {
    store.commit(rows);
    assert.is(store.last('a', 'c')?.key, 'b');
    assert.is(store.last('a', 'b')?.key, 'a\0');
    assert.is(store.last('a', 'cc')?.key, 'c');
    assert.is(store.last('a', 'a\0')?.key, 'a');
    assert.is(text(store.last('', '\u00ff\u00ff')?.value), '5');
    assert.is(store.last('d', 'e'), undefined);
    assert.is(store.last('ba', 'c'), undefined);
    assert.is(store.last('c', 'a'), undefined);
  });

  test('what was removed is in no range', (store) => {
    store.commit(rows);
    store.commit([{ key: 'b', value: undefined }]);
    assert.equal(pairs(store.range('a', 'd', 10)), ['a=1', 'a\0=3', 'c=4']);
    assert.is(store.last('a', 'c')?.key, 'a\0');
  });

  test('many keys come back in order, in pieces as large as the caller likes', (store) => {
    const keys = Array.from({ length: 3000 }, (_, at) => `k${String(at).padStart(5, '0')}`);
    store.commit(keys.toReversed().map((key) => put(key, key)));
    const seen: string[] = [];
    for (let from = 'k'; ; from = `${seen.at(-1)}\0`) {
      const piece = store.range(from, 'l', 700);
      if (piece.length === 0) break;
      seen.push(...piece.map((row) => row.key));
    }
    assert.equal(seen, keys);
  });
}
