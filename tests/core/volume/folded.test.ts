/** Names in whatever case: which one is found, what the index costs, catalogs from before there was one. */
import * as assert from 'uvu/assert';
import { foldName } from '#core/vfs/fold.ts';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import { type Name, nameOfText } from '#core/vfs/name.ts';
import { Catalog } from '#core/volume/catalog.ts';
import { MemoryStore } from '#core/volume/memory-store.ts';
import { remove, rename } from '#core/volume/operations.ts';
import { StagedStore } from '#core/volume/staged-store.ts';
import { upgradeCatalog } from '#core/volume/upgrade.ts';
import { suite } from '../../support/suite.ts';
import { Fixture, VOLUME, value } from './fixture.ts';

const test = suite('core/volume/folded');

const found = (catalog: Catalog, name: string, directory: FileId = ROOT_ID): string | undefined => {
  const entry = catalog.childFolded(directory, nameOfText(name));
  return entry && Buffer.from(entry.name, 'latin1').toString('utf8');
};
const at = (name: string, directory: FileId = ROOT_ID) => ({
  directory,
  name: nameOfText(name) as string,
});
/** Rows of the index, in whatever table. */
const indexRows = (box: Fixture): number =>
  box.rows().filter((row) => /^76[0-9a-f]{8}7[9a]/.test(row)).length;

test('a name is found in whatever case, the exact one first, then the oldest', () => {
  const box = new Fixture();
  for (const name of ['readme', 'README', 'ReadMe', 'Été']) box.made(nameOfText(name));
  const { catalog } = box;
  assert.is(found(catalog, 'README'), 'README');
  assert.is(found(catalog, 'ReadMe'), 'ReadMe');
  assert.is(found(catalog, 'rEADmE'), 'readme');
  assert.is(found(catalog, 'e\u0301TE\u0301'), 'Été');
  assert.is(found(catalog, 'none'), undefined);
  box.run(remove, at('readme'));
  assert.is(found(catalog, 'rEADmE'), 'README');
  box.run(remove, at('README'));
  assert.is(found(catalog, 'readme'), 'ReadMe');
  box.run(remove, at('ReadMe'));
  assert.is(found(catalog, 'readme'), undefined);
});

test('names that differ in case alone are all there, and each is reached by its own', () => {
  const box = new Fixture();
  const files = ['Ab', 'aB', 'AB', 'ab'].map((name) => box.made(name));
  for (const [index, name] of ['Ab', 'aB', 'AB', 'ab'].entries()) {
    assert.is(box.catalog.childFolded(ROOT_ID, name as Name)?.id, files[index]);
  }
  assert.equal(box.names(ROOT_ID), ['Ab', 'aB', 'AB', 'ab']);
});

test('a rename of case alone keeps the file and its place in the index', () => {
  const box = new Fixture();
  const file = box.made('Letter.TXT');
  value(box.run(rename, { source: at('Letter.TXT'), target: at('letter.txt') }));
  assert.is(box.catalog.childFolded(ROOT_ID, 'LETTER.txt' as Name)?.id, file);
  assert.is(indexRows(box), 0);
  value(box.run(rename, { source: at('letter.txt'), target: at('LETTER.txt') }));
  assert.is(box.catalog.childFolded(ROOT_ID, 'letter.TXT' as Name)?.name, 'LETTER.txt');
  assert.equal(box.names(ROOT_ID), ['LETTER.txt']);
  assert.is(indexRows(box), 1);
});

test('plain names have no rows in the index, and rows go with their names', () => {
  const box = new Fixture();
  for (const name of ['a', 'b.txt', 'c-1']) box.made(name);
  assert.is(indexRows(box), 0);
  for (const name of ['A', 'B.txt', 'b.TXT', 'B.TXT']) box.made(name);
  assert.is(indexRows(box), 4);
  for (const name of ['B.txt', 'B.TXT', 'A', 'b.TXT']) box.run(remove, at(name));
  assert.is(indexRows(box), 0);
});

test('long names that are mostly accents are told apart behind the end of their keys', () => {
  const box = new Fixture();
  const long = '\u0390'.repeat(126);
  const names = [`${long}a`, `${long}B`, `${long}C`];
  for (const name of names) box.made(nameOfText(name));
  assert.ok(foldName(nameOfText(names[0] as string)).length > 700);
  for (const name of names) assert.is(found(box.catalog, name.toUpperCase().normalize()), name);
  box.run(remove, at(names[0] as string));
  assert.is(found(box.catalog, `${long}b`), names[1]);
  assert.is(found(box.catalog, `${long}A`), undefined);
});

/** Names that fold alike in a hurry, in every order, against the plainest index there is. */
test('the index says what a look through the listing says', () => {
  const box = new Fixture();
  const words = ['ab', 'aB', 'Ab', 'AB', 'é', 'É', 'e\u0301', 'x'];
  let seed = 5;
  const below = (limit: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * limit);
  };
  for (let step = 0; step < 400; step += 1) {
    const word = nameOfText(words[below(words.length)] as string);
    const other = nameOfText(words[below(words.length)] as string);
    const kind = below(3);
    if (kind === 0) box.make(word);
    else if (kind === 1) box.run(remove, { directory: ROOT_ID, name: word });
    else {
      const target = { directory: ROOT_ID, name: other };
      box.run(rename, { source: { directory: ROOT_ID, name: word }, target });
    }
    if (below(10) === 0) box.commit();
    for (const name of words.map(nameOfText)) {
      const entries = box.catalog.entries(ROOT_ID);
      const wanted =
        entries.find((entry) => entry.name === name) ??
        entries.find((entry) => foldName(entry.name as Name) === foldName(name));
      assert.equal(box.catalog.childFolded(ROOT_ID, name), wanted);
    }
  }
});

test('a catalog of the first format gets the same rows as one that had them always', () => {
  const box = new Fixture();
  const folder = box.folder('Folder');
  for (const name of ['B', 'b', 'É', 'e\u0301', '\u0390'.repeat(126)]) {
    box.made(nameOfText(name));
    box.made(nameOfText(name), { directory: folder });
  }
  box.commit();
  const wanted = box.store.range('', '\xff', 1000);
  const first = wanted
    .filter(({ key }) => key[5] !== 'y' && key[5] !== 'z')
    .map(({ key, value: row }): [string, Buffer] =>
      key[5] === 'f' ? [key, Buffer.from([0, 1])] : [key, row],
    );
  const store = new MemoryStore(new Map(first));
  assert.throws(() => new Catalog({ volume: VOLUME }, new StagedStore(store)), /format 1/);
  upgradeCatalog(store, VOLUME);
  assert.equal(store.range('', '\xff', 1000), wanted);
  upgradeCatalog(store, VOLUME);
  assert.equal(store.range('', '\xff', 1000), wanted);
  assert.is(found(new Catalog({ volume: VOLUME }, new StagedStore(store)), 'FOLDER'), 'Folder');
});
