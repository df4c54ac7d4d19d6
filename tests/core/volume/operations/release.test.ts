/** Files that stay when they lose their last name, because somebody has them open. */
import * as assert from 'uvu/assert';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import {
  createStream,
  link,
  release,
  remove,
  rename,
  setExtra,
  write,
} from '#core/volume/operations.ts';
import { suite } from '../../../support/suite.ts';
import { Fixture, refusal, value } from '../fixture.ts';

const test = suite('core/volume/operations/release');

const at = (name: string) => ({ directory: ROOT_ID, name });

function withOpen(): { box: Fixture; file: FileId } {
  const box = new Fixture();
  const file = box.made('a');
  box.open.add(file);
  const data = Buffer.from('abc');
  value(box.run(write, { file, offset: 0, size: 3 }, { data }));
  return { box, file };
}

test('an open file stays without a name, can be read and written, and goes when it is released', () => {
  const { box, file } = withOpen();
  const removed = value(box.run(remove, at('a')));
  assert.equal([removed.last, removed.kept], [true, true]);
  assert.equal([box.inode(file).nlink, box.names(ROOT_ID)], [0, []]);
  assert.equal(box.catalog.orphans(), [file]);
  const data = Buffer.from('xy');
  value(box.run(write, { file, offset: 3, size: 2 }, { data }));
  const target = Buffer.alloc(5);
  assert.is(box.volume.read(file, 0, target), 5);
  assert.is(target.toString(), 'abcxy');
  box.commit();
  assert.is(box.backend.calls.at(-1), `remove 1/a ${file} more`);
  assert.equal(box.restarted().orphans(), [file]);
  value(box.run(release, { file }));
  assert.is(box.catalog.inode(file), undefined);
  assert.equal(box.catalog.orphans(), []);
  box.commit();
  assert.is(box.backend.calls.at(-1), `drop ${file}`);
});

test('only what has no name is released, and it gets none any more', () => {
  const { box, file } = withOpen();
  assert.is(refusal(box.run(release, { file })), 'invalid');
  assert.is(refusal(box.run(release, { file: 99 as FileId })), 'stale');
  value(box.run(remove, at('a')));
  assert.is(refusal(box.run(link, { file, ...at('b') })), 'stale');
  value(box.run(release, { file }));
  assert.is(refusal(box.run(release, { file })), 'stale');
});

test('what is renamed over stays likewise; another link is no last name', () => {
  const { box, file } = withOpen();
  box.made('b');
  value(box.run(link, { file, ...at('c') }));
  assert.equal(value(box.run(remove, at('c'))).kept, false);
  value(box.run(rename, { source: at('b'), target: at('a') }));
  assert.equal(box.catalog.orphans(), [file]);
  box.commit();
  assert.match(box.backend.calls.at(-1) ?? '', /over \d+ more$/);
});

test('an open stream keeps its file, with everything that it has', () => {
  const box = new Fixture();
  const before = box.rows().length;
  const file = box.made('a');
  const stream = value(box.run(createStream, { file, name: 's' })).inode.id;
  const changes = [{ kind: 'attribute', name: 'x', value: Buffer.from('y') } as const];
  value(box.run(setExtra, { file, changes }));
  box.open.add(stream);
  assert.ok(value(box.run(remove, at('a'))).kept);
  assert.equal(box.catalog.streams(file), [{ name: 's', id: stream }]);
  value(box.run(release, { file }));
  assert.is(box.rows().length, before);
  box.commit();
  assert.equal(box.backend.calls.slice(-2), [`drop ${file}`, `drop ${stream}`]);
});

test('another box gets the same rows', () => {
  const { box } = withOpen();
  value(box.run(remove, at('a')));
  const other = new Fixture();
  other.replay(box.log);
  assert.equal(other.rows(), box.rows());
});
