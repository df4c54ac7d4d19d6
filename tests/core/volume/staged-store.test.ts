import * as assert from 'uvu/assert';
import { MemoryStore } from '#core/volume/memory-store.ts';
import { StagedStore } from '#core/volume/staged-store.ts';
import { Seeded, seedOf } from '../../support/seeded.ts';
import { suite } from '../../support/suite.ts';

const test = suite('core/volume/staged-store');

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const shown = (rows: readonly { readonly key: string; readonly value: Buffer }[]): string[] =>
  rows.map(({ key, value }) => `${key}=${value.toString('latin1')}`);

function filled(): { store: MemoryStore; staged: StagedStore } {
  const store = new MemoryStore();
  store.commit(['a', 'b', 'c', 'd'].map((key) => ({ key, value: bytes(key) })));
  return { store, staged: new StagedStore(store) };
}

test('reads see what is staged over what is stored', () => {
  const { staged } = filled();
  staged.at(1);
  staged.put('b', undefined);
  staged.put('bb', bytes('new'));
  staged.put('c', bytes('other'));
  assert.is(staged.get('b'), undefined);
  assert.is(staged.get('c')?.toString(), 'other');
  assert.equal(shown(staged.range('a', 'z', 10)), ['a=a', 'bb=new', 'c=other', 'd=d']);
  assert.equal(shown(staged.range('a', 'z', 2)), ['a=a', 'bb=new']);
  assert.equal(shown(staged.range('b', 'c', 2)), ['bb=new']);
});

test('a limited range reads on where staged removals took the rows it had', () => {
  const { staged } = filled();
  staged.at(1);
  for (const key of ['a', 'b', 'c']) staged.put(key, undefined);
  assert.equal(shown(staged.range('a', 'z', 1)), ['d=d']);
  assert.equal(shown([staged.last('a', 'e')].flatMap((row) => row ?? [])), ['d=d']);
  staged.put('d', undefined);
  assert.is(staged.last('a', 'e'), undefined);
});

test('folding gives the newest of each key up to a position and keeps what came later', () => {
  const { store, staged } = filled();
  staged.at(1);
  staged.put('a', bytes('1'));
  staged.put('x', bytes('1'));
  staged.at(2);
  staged.put('a', bytes('2'));
  staged.at(3);
  staged.put('a', bytes('3'));
  staged.fold(2, (writes) => {
    assert.equal(
      writes.map(({ key, value }) => `${key}=${value === undefined ? '' : bytes(String(value))}`),
      ['x=1', 'a=2'],
    );
    store.commit(writes);
  });
  assert.is(store.get('a')?.toString(), '2');
  assert.is(staged.get('a')?.toString(), '3');
  assert.is(staged.size, 1);
  staged.discard();
  assert.is(staged.get('a')?.toString(), '2');
});

test('rows that the store did not take stay staged', () => {
  const { store, staged } = filled();
  staged.at(1);
  staged.put('a', bytes('1'));
  const refused = () =>
    staged.fold(1, () => {
      throw new Error('full');
    });
  assert.throws(refused, /full/);
  assert.is(staged.get('a')?.toString(), '1');
  staged.fold(1, (writes) => store.commit(writes));
  assert.is(store.get('a')?.toString(), '1');
  assert.is(staged.size, 0);
});

test('positions go up only', () => {
  const { staged } = filled();
  staged.at(5);
  assert.throws(() => staged.at(4), /position 4 after 5/);
  staged.discard();
  staged.at(4);
});

/** What a staged store must look like, said in the plainest way. */
class Model {
  stored = new Map<string, string>();
  entries: { position: number; key: string; value: string | undefined }[] = [];

  view(): Map<string, string> {
    const view = new Map(this.stored);
    for (const { key, value } of this.entries) change(view, key, value);
    return view;
  }

  rows(from: string, to: string): string[] {
    return [...this.view()]
      .filter(([key]) => key >= from && key < to)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, value]) => `${key}=${value}`);
  }

  fold(position: number): void {
    for (const { key, value } of this.entries.filter((entry) => entry.position <= position)) {
      change(this.stored, key, value);
    }
    this.entries = this.entries.filter((entry) => entry.position > position);
  }
}

function change(map: Map<string, string>, key: string, value: string | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

test('a seeded random run equals the plain model', () => {
  const seed = seedOf();
  const random = new Seeded(seed);
  const store = new MemoryStore();
  const staged = new StagedStore(store);
  const model = new Model();
  const key = (): string => String.fromCharCode(97 + random.below(6), 97 + random.below(6));
  let position = 1;
  for (let step = 0; step < 6000; step += 1) {
    const what = `seed ${seed}, step ${step}`;
    const dice = random.below(100);
    if (dice < 50) {
      const at = key();
      const value = random.chance(3) ? undefined : String(step);
      staged.at(position);
      staged.put(at, value === undefined ? undefined : bytes(value));
      model.entries.push({ position, key: at, value });
    } else if (dice < 65) {
      position += 1;
    } else if (dice < 72) {
      const to = position - random.below(4);
      staged.fold(to, (writes) => store.commit(writes));
      model.fold(to);
      position += 1;
    } else if (dice < 74) {
      staged.discard();
      model.entries = [];
    } else {
      const [from = '', to = ''] = [key(), key()].sort();
      const limit = 1 + random.below(40);
      const wanted = model.rows(from, to);
      assert.equal(shown(staged.range(from, to, limit)), wanted.slice(0, limit), what);
      const last = staged.last(from, to);
      assert.equal(last === undefined ? [] : shown([last]), wanted.slice(-1), what);
      assert.is(staged.get(from)?.toString(), model.view().get(from), what);
    }
  }
});
