import * as assert from 'uvu/assert';
import type { ExtraChange } from '#core/vfs/extra.ts';
import { HAS_ATTRIBUTES, HAS_SECURITY, ROOT_ID } from '#core/vfs/inode.ts';
import { link, remove, rename, setAttributes, setExtra } from '#core/volume/operations.ts';
import { suite } from '../../../support/suite.ts';
import { ALICE, BOB, Fixture, refusal, setting, value } from '../fixture.ts';

const test = suite('core/volume/operations/set-extra');

const at = (name: string) => ({ directory: ROOT_ID, name });
const DESCRIPTOR = Buffer.from('0100048000000000', 'hex');
const security = (bytes: Buffer | undefined = DESCRIPTOR): ExtraChange => ({
  kind: 'security',
  name: '',
  value: bytes,
});
const attribute = (name: string, text: string | undefined): ExtraChange => ({
  kind: 'attribute',
  name,
  value: text === undefined ? undefined : Buffer.from(text),
});

test('a descriptor and attributes are there, in whatever case, until they are removed', () => {
  const box = new Fixture();
  const file = box.made('a');
  const changes = [security(), attribute('Colour', 'red'), attribute('size', '')];
  const { after } = value(box.run(setExtra, { file, changes })).file;
  assert.is(after.holds, HAS_SECURITY | HAS_ATTRIBUTES);
  assert.equal(box.catalog.extra(file, 'security', '')?.value, DESCRIPTOR);
  assert.equal(box.catalog.extra(file, 'attribute', 'COLOUR'), {
    name: 'Colour',
    value: Buffer.from('red'),
  });
  assert.equal(
    box.catalog.extras(file, 'attribute').map(({ name }) => name),
    ['Colour', 'size'],
  );
  value(box.run(setExtra, { file, changes: [attribute('colour', 'blue')] }));
  assert.equal(
    box.catalog.extras(file, 'attribute').map(({ name }) => name),
    ['colour', 'size'],
  );
  const gone = ['COLOUR', 'size', 'none'].map((name) => attribute(name, undefined));
  value(box.run(setExtra, { file, changes: gone }));
  assert.is(box.inode(file).holds, HAS_SECURITY);
  value(box.run(setExtra, { file, changes: [security(undefined)] }));
});

test('they belong to the file: a rename and a link carry them, and they go with it', () => {
  const box = new Fixture();
  const before = box.rows().length;
  const file = box.made('a');
  value(box.run(setExtra, { file, changes: [security(), attribute('x', 'y')] }));
  value(box.run(link, { file, ...at('b') }));
  value(box.run(rename, { source: at('a'), target: at('c') }));
  value(box.run(remove, at('b')));
  assert.equal(box.catalog.extra(file, 'security', '')?.value, DESCRIPTOR);
  value(box.run(remove, at('c')));
  assert.is(box.rows().length, before);
});

test('a descriptor is the owner’s to set, attributes whoever may write', () => {
  const box = new Fixture();
  const file = box.made('a', { set: setting({ mode: 0o666, uid: ALICE.uid }) });
  const set = (changes: ExtraChange[], caller = BOB) =>
    refusal(box.run(setExtra, { file, changes }, { caller }));
  assert.is(set([security()]), 'not-permitted');
  assert.is(set([security()], ALICE), 'done');
  assert.is(set([attribute('x', 'y')]), 'done');
  value(box.run(setAttributes, { file, set: setting({ mode: 0o600 }), guard: undefined }));
  assert.is(set([attribute('x', 'z')]), 'access');
});

test('what is too much or no name is refused', () => {
  const box = new Fixture();
  const file = box.made('a');
  const set = (...changes: ExtraChange[]) => refusal(box.run(setExtra, { file, changes }));
  assert.is(set(security(Buffer.alloc(65_537))), 'file-too-big');
  assert.is(set(security(Buffer.alloc(65_536))), 'done');
  assert.is(set(attribute('', 'x')), 'invalid');
  assert.is(set(attribute('x'.repeat(256), 'x')), 'invalid');
  assert.is(set(attribute('x', 'y'.repeat(32_000))), 'done');
  assert.is(set(attribute('z', 'y'.repeat(33_600))), 'file-too-big');
  assert.is(set(attribute('X', 'y'.repeat(33_600))), 'done');
  assert.is(refusal(box.run(setExtra, { file: 99 as never, changes: [] })), 'stale');
});

test('a new mode or owner drops a descriptor, unless whoever sets it says otherwise', () => {
  const box = new Fixture();
  const file = box.made('a');
  const put = () => value(box.run(setExtra, { file, changes: [security()] }));
  const set = (more: object) =>
    value(box.run(setAttributes, { file, set: setting(more), guard: undefined }));
  put();
  set({ size: 3 });
  set({ mtime: 'now' });
  set({ mode: 0o600, keepsSecurity: true });
  assert.ok(box.catalog.extra(file, 'security', ''));
  set({ mode: 0o644 });
  assert.is(box.catalog.extra(file, 'security', ''), undefined);
  assert.is(box.inode(file).holds, 0);
  put();
  set({ uid: 1000 });
  assert.is(box.catalog.extra(file, 'security', ''), undefined);
});

test('another box gets the same rows', () => {
  const box = new Fixture();
  const file = box.made('a');
  value(box.run(setExtra, { file, changes: [security(), attribute('a', 'b')] }));
  value(box.run(setExtra, { file, changes: [attribute('A', undefined)] }));
  value(box.run(setAttributes, { file, set: setting({ mode: 0o600 }), guard: undefined }));
  const other = new Fixture();
  other.replay(box.log);
  assert.equal(other.rows(), box.rows());
  box.commit();
  assert.equal(box.restarted().inode(file), box.inode(file));
});
