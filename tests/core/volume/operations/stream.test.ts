import * as assert from 'uvu/assert';
import { HAS_STREAMS, ROOT_ID } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import { STREAMS_MAX } from '#core/vfs/stream.ts';
import {
  createStream,
  remove,
  removeDirectory,
  removeStream,
  rename,
  renameStream,
  setAttributes,
  write,
} from '#core/volume/operations.ts';
import { suite } from '../../../support/suite.ts';
import { ALICE, BOB, Fixture, refusal, setting, value } from '../fixture.ts';

const test = suite('core/volume/operations/stream');

const at = (name: string) => ({ directory: ROOT_ID, name });

function withStream(): { box: Fixture; file: number; stream: number } {
  const box = new Fixture();
  const file = box.made('a', { set: setting({ mode: 0o600, uid: ALICE.uid }) });
  const made = value(box.run(createStream, { file, name: 'Zone.Identifier' }));
  return { box, file, stream: made.inode.id };
}

test('a stream has content of its own, stands in no directory and is found in whatever case', () => {
  const { box, file, stream } = withStream();
  value(
    box.run(
      write,
      { file: stream as never, offset: 0, size: 3 },
      { data: Buffer.from('abc'), caller: ALICE },
    ),
  );
  assert.equal(box.names(ROOT_ID), ['a']);
  assert.equal(box.catalog.streams(file as never), [{ name: 'Zone.Identifier', id: stream }]);
  assert.is(box.catalog.stream(file as never, 'zone.identifier' as Name)?.id, stream);
  const inode = box.inode(stream as never);
  assert.equal([inode.kind, inode.size, inode.parent], ['stream', 3, file]);
  const target = Buffer.alloc(5);
  assert.is(box.volume.read(stream as never, 0, target), 3);
  assert.is(box.inode(file as never).size, 0);
});

test('to write to it is to write to its file, whose mode says who may', () => {
  const { box, file, stream } = withStream();
  const args = { file: stream as never, offset: 0, size: 1 };
  const data = Buffer.from('x');
  assert.is(refusal(box.run(write, args, { data, caller: BOB })), 'access');
  value(box.run(write, args, { data, caller: ALICE }));
  const base = box.inode(file as never);
  assert.equal([base.change, base.mtime.seconds], [box.position, 1000 + box.position]);
  value(box.run(write, { ...args, keepsMtime: true }, { data, caller: ALICE }));
  assert.equal(box.inode(file as never).mtime, base.mtime);
  assert.is(box.inode(file as never).change, box.position);
  const set = setting({ size: 9 });
  assert.is(
    refusal(box.run(setAttributes, { file: args.file, set, guard: undefined }, { caller: BOB })),
    'access',
  );
  value(box.run(setAttributes, { file: args.file, set, guard: undefined }, { caller: ALICE }));
  assert.is(box.inode(args.file).size, 9);
  const mode = setting({ mode: 0o777 });
  assert.is(
    refusal(box.run(setAttributes, { file: args.file, set: mode, guard: undefined })),
    'invalid',
  );
});

test('names are one in whatever case, and some are none', () => {
  const { box, file, stream } = withStream();
  const make = (name: string, on = file) =>
    refusal(box.run(createStream, { file: on as never, name }));
  assert.is(make('ZONE.identifier'), 'exists');
  for (const name of ['', 'a:b', 'a/b', 'a\\b', 'a\0']) assert.is(make(name), 'invalid');
  assert.is(make('x'.repeat(256)), 'name-too-long');
  assert.is(make('x', stream), 'invalid');
  assert.is(make('x', 99), 'stale');
  const link = box.made('l', { kind: 'symlink' });
  assert.is(make('x', link), 'invalid');
  for (let count = 1; count < STREAMS_MAX; count += 1) assert.is(make(`s${count}`), 'done');
  assert.is(make('more'), 'no-space');
});

test('a stream goes by itself, and its file knows when the last one went', () => {
  const { box, file, stream } = withStream();
  assert.is(box.inode(file as never).holds, HAS_STREAMS);
  assert.is(refusal(box.run(removeStream, { file: file as never, name: 'none' })), 'not-found');
  value(box.run(removeStream, { file: file as never, name: 'zone.IDENTIFIER' }));
  assert.is(box.inode(file as never).holds, 0);
  assert.is(box.catalog.inode(stream as never), undefined);
  box.commit();
  assert.is(box.backend.calls.at(-1), `drop ${stream}`);
});

test('a stream is renamed, also to another case and over another', () => {
  const { box, file, stream } = withStream();
  const other = value(box.run(createStream, { file: file as never, name: 'b' })).inode.id;
  const move = (name: string, target: string, replaces = false) =>
    refusal(box.run(renameStream, { file: file as never, name, target, replaces }));
  assert.is(move('Zone.Identifier', 'zone.identifier'), 'done');
  assert.is(move('zone.identifier', 'B'), 'exists');
  assert.is(move('zone.identifier', 'B', true), 'done');
  assert.equal(box.catalog.streams(file as never), [{ name: 'B', id: stream }]);
  assert.is(box.catalog.inode(other), undefined);
  box.commit();
  assert.is(box.backend.calls.at(-1), `drop ${other}`);
});

test('streams go with their file, its folder or what is renamed over it', () => {
  const { box, stream } = withStream();
  const folder = box.folder('d');
  const ofFolder = value(box.run(createStream, { file: folder, name: 's' })).inode.id;
  value(box.run(remove, at('a')));
  value(box.run(removeDirectory, at('d')));
  assert.is(box.catalog.inode(stream as never), undefined);
  assert.is(box.catalog.inode(ofFolder), undefined);
  const under = box.made('under');
  const last = value(box.run(createStream, { file: under, name: 's' })).inode.id;
  box.made('over');
  value(box.run(rename, { source: at('over'), target: at('under') }));
  assert.is(box.catalog.inode(last), undefined);
  box.commit();
  const drops = box.backend.calls.filter((call) => call.startsWith('drop'));
  assert.equal(drops, [`drop ${stream}`, `drop ${ofFolder}`, `drop ${last}`]);
});

test('another box gets the same rows', () => {
  const { box, file } = withStream();
  value(box.run(createStream, { file: file as never, name: 'b' }));
  value(box.run(renameStream, { file: file as never, name: 'b', target: 'C', replaces: false }));
  value(box.run(removeStream, { file: file as never, name: 'Zone.Identifier' }));
  const other = new Fixture();
  other.replay(box.log);
  assert.equal(other.rows(), box.rows());
});
