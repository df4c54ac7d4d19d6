import * as assert from 'uvu/assert';
import { MemoryStore } from '#core/volume/memory-store.ts';
import { storeContract } from '../../contract/store.ts';
import { suite } from '../../support/suite.ts';

const test = suite('core/volume/memory-store');

const keys = (store: MemoryStore): string[] => store.range('', '\xff', 100).map(({ key }) => key);

test('a crash leaves what was flushed, the end of a process what was committed', async () => {
  const store = new MemoryStore();
  store.commit([{ key: 'b', value: Buffer.from('1') }]);
  await store.flushed();
  store.commit([
    { key: 'a', value: Buffer.from('2') },
    { key: 'b', value: undefined },
  ]);
  assert.equal(keys(store), ['a']);
  assert.equal(keys(store.crash()), ['b']);
  assert.equal(keys(store.clone()), ['a']);
  assert.is(store.last('', 'z')?.key, 'a');
  assert.is(store.last('', 'a'), undefined);
});

test('what is committed while others are waited for is not flushed', async () => {
  const store = new MemoryStore();
  store.commit([{ key: 'a', value: Buffer.from('1') }]);
  await store.flushed(async () => store.commit([{ key: 'b', value: Buffer.from('2') }]));
  assert.equal(keys(store.crash()), ['a']);
  await store.flushed();
  assert.equal(keys(store.crash()), ['a', 'b']);
});

storeContract({ name: 'memory', create: () => new MemoryStore() });
