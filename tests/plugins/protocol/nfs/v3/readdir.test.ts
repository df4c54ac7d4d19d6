import * as assert from 'uvu/assert';
import type { Nfs3Client } from '#plugins/protocol/nfs/client/nfs3-client.ts';
import { suite } from '../../../../support/suite.ts';
import { ALICE, onStage, type Stage } from '../stage.ts';

const test = suite('nfs/v3/readdir');

const COUNT = 300;
const names = Array.from({ length: COUNT }, (_, index) => `entry-${index}`);

async function filled(stage: Stage): Promise<{ nfs: Nfs3Client; root: Buffer }> {
  const root = await stage.root();
  const nfs = stage.nfs();
  await Promise.all(names.map((name) => nfs.create(root, name)));
  return { nfs, root };
}

test('READDIR pages through every name once, dot and dot-dot first (RFC 1813 §3.3.16)', () =>
  onStage(async (stage) => {
    const { nfs, root } = await filled(stage);
    const seen: string[] = [];
    let cookie = 0;
    for (let pages = 0; ; pages += 1) {
      const page = await nfs.readdir(root, cookie, 1024);
      assert.is(page.status, 0);
      assert.ok(page.names.length > 0);
      seen.push(...page.names.map(({ name }) => name));
      cookie = page.names.at(-1)?.cookie ?? 0;
      if (page.eof) break;
      assert.ok(pages < COUNT);
    }
    assert.equal(seen.slice(0, 2), ['.', '..']);
    assert.equal([...seen.slice(2)].sort(), [...names].sort());
    const end = await nfs.readdir(root, cookie, 1024);
    assert.is(end.names.length, 0);
    assert.is(end.eof, true);
  }));

test('names that come and go between pages neither repeat nor hide others', () =>
  onStage(async (stage) => {
    const { nfs, root } = await filled(stage);
    const page = await nfs.readdirplus(root, 0, { maxcount: 8192, dircount: 8192 });
    const last = page.names.at(-1);
    assert.ok(last !== undefined && !page.eof);
    const before = new Set(page.names.map(({ name }) => name));
    await nfs.remove(root, last.name);
    await nfs.remove(root, 'entry-299');
    await nfs.create(root, 'late');
    const rest: string[] = [];
    for (let cookie = last.cookie, eof = false; !eof; ) {
      const next = await nfs.readdirplus(root, cookie);
      rest.push(...next.names.map(({ name }) => name));
      cookie = next.names.at(-1)?.cookie ?? cookie;
      eof = next.eof;
    }
    assert.ok(rest.every((name) => !before.has(name)));
    assert.ok(rest.includes('late'));
    assert.not.ok(rest.includes('entry-299'));
    assert.is(new Set([...before, ...rest]).size, COUNT + 2 + 1 - 1);
  }));

test('a page never exceeds what the client asked for, and one too small is said so', () =>
  onStage(async (stage) => {
    const { nfs, root } = await filled(stage);
    const frame = 88 + 8 + 8;
    const plus = (name: string) => 4 + 8 + 4 + Math.ceil(name.length / 4) * 4 + 8 + 88 + 4 + 4 + 28;
    for (const maxcount of [400, 1000, 4096, 32_768]) {
      const page = await nfs.readdirplus(root, 0, { maxcount, dircount: maxcount });
      const size = page.names.reduce((sum, { name }) => sum + plus(name), frame);
      assert.ok(size <= maxcount, `${size} of ${maxcount}`);
      assert.ok(page.eof || size + plus('entry-100') > maxcount, `${size} of ${maxcount}`);
    }
    const hinted = await nfs.readdirplus(root, 2, { maxcount: 32_768, dircount: 100 });
    assert.is(hinted.names.length, 3);
    assert.is((await nfs.readdirplus(root, 0, { maxcount: 200, dircount: 200 })).status, 10_005);
    assert.is((await nfs.readdir(root, 0, 110)).status, 10_005);
    assert.is((await nfs.readdir(root, 0, 0)).status, 10_005);
  }));

test('READDIRPLUS tells what LOOKUP would tell (RFC 1813 §3.3.17)', () =>
  onStage(async (stage) => {
    const { nfs, root } = await filled(stage);
    const page = await nfs.readdirplus(root, 2, { maxcount: 2000, dircount: 2000 });
    for (const { name, id, handle, attributes } of page.names) {
      const found = await nfs.lookup(root, name);
      assert.equal(handle, found.object);
      assert.equal(attributes, found.attributes);
      assert.is(id, found.attributes?.fileid);
    }
    assert.not.equal(page.verifier, Buffer.alloc(8));
  }));

test('who may list but not search a directory gets names only', () =>
  onStage(async (stage) => {
    const { nfs, root } = await filled(stage);
    const dir = (await nfs.mkdir(root, 'd', { mode: 0o744 })).object as Buffer;
    await nfs.create(dir, 'secret');
    const page = await stage.nfs(ALICE).readdirplus(dir);
    assert.equal(
      page.names.map(({ name }) => name),
      ['.', '..', 'secret'],
    );
    assert.is(page.names[2]?.handle, undefined);
    assert.is(page.names[2]?.attributes, undefined);
  }));

test('any cookie and any verifier is taken, for clients keep both over a takeover', () =>
  onStage(async (stage) => {
    const { nfs, root } = await filled(stage);
    const odd = await nfs.readdir(root, 100_000, 4096, Buffer.alloc(8, 9));
    assert.is(odd.status, 0);
    assert.is(odd.eof, true);
    assert.is(odd.names.length, 0);
  }));
