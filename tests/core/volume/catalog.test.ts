import * as assert from 'uvu/assert';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import { Catalog } from '#core/volume/catalog.ts';
import { MemoryStore } from '#core/volume/memory-store.ts';
import { link, remove, removeDirectory, rename } from '#core/volume/operations.ts';
import { StagedStore } from '#core/volume/staged-store.ts';
import { suite } from '../../support/suite.ts';
import { Fixture, setting, VOLUME } from './fixture.ts';

const test = suite('core/volume/catalog');

/** A tree of some folders and files, committed. */
function withTree(): { box: Fixture; folder: FileId; file: FileId } {
  const box = new Fixture();
  const folder = box.folder('folder');
  const file = box.made('file', { directory: folder, set: setting({ size: 9 }) });
  box.made('link', { kind: 'symlink', target: 'folder/file' });
  box.run(link, { file, directory: ROOT_ID, name: 'also' });
  box.commit();
  return { box, folder, file };
}

test('after a restart it is as it was', () => {
  const { box, folder, file } = withTree();
  const catalog = box.restarted();
  for (const id of [ROOT_ID, folder, file]) assert.equal(catalog.inode(id), box.catalog.inode(id));
  assert.equal(catalog.child(folder, 'file' as Name), box.child(folder, 'file'));
  assert.equal(catalog.entries(ROOT_ID), box.catalog.entries(ROOT_ID));
  assert.is(catalog.child(ROOT_ID, 'none' as Name), undefined);
  assert.is(catalog.inode(99 as FileId), undefined);
});

test('a store of another format is refused', () => {
  const { box } = withTree();
  const store = box.store.clone();
  const key = store.range('', '\xff', 1)[0]?.key.slice(0, 5) ?? '';
  store.commit([{ key: `${key}f`, value: Buffer.from([0, 9]) }]);
  const staged = new StagedStore(store);
  assert.throws(() => new Catalog({ volume: VOLUME }, staged), /format 9/);
});

test('discarding gives back exactly what was committed, in rows and in memory', () => {
  const { box, folder, file } = withTree();
  const rows = box.rows();
  const names = box.names(ROOT_ID);
  const inodes = [ROOT_ID, folder, file].map((id) => box.inode(id));
  box.made('new');
  box.run(remove, { directory: folder, name: 'file' });
  box.run(remove, { directory: ROOT_ID, name: 'also' });
  box.run(removeDirectory, { directory: ROOT_ID, name: 'folder' });
  const place = (name: string) => ({ directory: ROOT_ID, name });
  box.run(rename, { source: place('link'), target: place('new') });
  assert.equal(box.names(ROOT_ID), ['new']);
  box.discard();
  assert.equal(box.rows(), rows);
  assert.equal(box.names(ROOT_ID), names);
  assert.equal(
    [ROOT_ID, folder, file].map((id) => box.inode(id)),
    inodes,
  );
});

test('volumes in one store do not see one another', () => {
  const staged = new StagedStore(new MemoryStore());
  const box = new Fixture();
  const root = box.inode(ROOT_ID);
  for (const volume of [1, 2]) {
    const catalog = new Catalog({ volume }, staged);
    assert.is(catalog.inode(ROOT_ID), undefined);
    catalog.putInode({ ...root, uid: volume });
    catalog.putName(ROOT_ID, { cookie: 3, name: 'a', id: (10 + volume) as FileId });
  }
  for (const volume of [1, 2]) {
    const catalog = new Catalog({ volume }, staged);
    assert.is(catalog.inode(ROOT_ID)?.uid, volume);
    assert.equal(
      catalog.entries(ROOT_ID).map((entry) => entry.id),
      [10 + volume],
    );
  }
});

test('a directory that does not fit in memory is paged from the store', () => {
  const box = new Fixture({ cacheMax: 16 });
  const all = Array.from({ length: 40 }, (_, index) => `name-${index}`);
  for (const name of all) box.made(name);
  box.commit();
  box.run(remove, { directory: ROOT_ID, name: 'name-3' });
  box.made('late');
  const wanted = [...all.filter((name) => name !== 'name-3'), 'late'];
  assert.equal(box.names(ROOT_ID), wanted);
  const paged: string[] = [];
  let cookie = 0;
  for (;;) {
    const page = box.catalog.entriesAfter(ROOT_ID, cookie, 7);
    if (page.length === 0) break;
    for (const entry of page) paged.push(entry.name);
    cookie = page[page.length - 1]?.cookie ?? 0;
  }
  assert.equal(paged, wanted);
  for (const name of wanted) assert.is(box.child(ROOT_ID, name)?.name, name);
  assert.is(box.child(ROOT_ID, 'name-3'), undefined);
});

test('a reader between changes neither misses nor repeats what stayed', () => {
  const box = new Fixture();
  for (const name of ['a', 'b', 'c', 'd']) box.made(name);
  const first = box.catalog.entriesAfter(ROOT_ID, 0, 2).map((entry) => ({ ...entry }));
  assert.equal(
    first.map((entry) => entry.name),
    ['a', 'b'],
  );
  box.run(remove, { directory: ROOT_ID, name: 'b' });
  box.made('e');
  const rest = box.catalog.entriesAfter(ROOT_ID, first[1]?.cookie ?? 0, 10);
  assert.equal(
    rest.map((entry) => entry.name),
    ['c', 'd', 'e'],
  );
});

test('what is cached costs the store nothing', () => {
  const { box, folder, file } = withTree();
  const counting = new CountingStore(box.store);
  const catalog = new Catalog({ volume: VOLUME }, new StagedStore(counting));
  const look = (): void => {
    catalog.inode(file);
    catalog.inode(folder);
    catalog.child(folder, 'file' as Name);
    catalog.entries(folder);
    catalog.child(folder, 'none' as Name);
    catalog.entriesAfter(folder, 0, 100);
  };
  look();
  const before = counting.calls;
  look();
  assert.is(counting.calls, before);
});

class CountingStore extends MemoryStore {
  calls = 0;

  constructor(source: MemoryStore) {
    super();
    this.commit(source.range('', '\xff', 1000));
  }

  override get(key: string): Buffer | undefined {
    this.calls += 1;
    return super.get(key);
  }

  override range(from: string, to: string, limit: number) {
    this.calls += 1;
    return super.range(from, to, limit);
  }
}
