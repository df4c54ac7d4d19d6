/** The checks of the campaign themselves: each must find what it is there for. */
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { createClock } from '#plugins/host/clock.ts';
import { createLog } from '#plugins/host/log.ts';
import { createNet } from '#plugins/host/net.ts';
import { Nfs3Client } from '#plugins/protocol/nfs/client/nfs3-client.ts';
import { RpcClient } from '#plugins/protocol/nfs/client/rpc-client.ts';
import { Seeded } from '../support/seeded.ts';
import { suite } from '../support/suite.ts';
import { Actor, newFile } from './actor.ts';
import { checkListing } from './acts-of-looking.ts';
import { difference } from './acts-on-content.ts';
import { type Folder, newFolder, overwritten, resized, setName } from './model.ts';
import { compareDisk } from './verify.ts';

const test = suite('takeover/checks');

const NONE = Buffer.alloc(0);
const time = (seconds: number) => ({ seconds, nanoseconds: 0 });

function withActor(body: (actor: Actor, folder: Folder) => void): void {
  const deps = { net: createNet(createLog({ level: 'error' })), clock: createClock() };
  const rpc = new RpcClient({ address: '127.0.0.1', port: 1, firstXid: 1 }, deps);
  const folder = newFolder(NONE, 7);
  body(new Actor('w', new Nfs3Client(rpc), new Seeded(1), folder), folder);
  rpc.close();
}

test('a folder that was changed between two calls of its only user', () =>
  withActor((actor, folder) => {
    const change = (before: number, after: number) =>
      actor.wcc('MKDIR', folder, {
        before: { size: 0, mtime: time(before), ctime: time(before) },
        after: { ctime: time(after) } as never,
      });
    change(1, 2);
    change(2, 3);
    assert.throws(() => change(4, 5), /executed twice, or lost/);
  }));

test('a name that is missing, that nobody made, or that was made twice', () =>
  withActor((actor, folder) => {
    setName(folder, 'a', newFile({ handle: NONE, fileid: 9 }, 0));
    const row = { name: 'a', id: 9, cookie: 3 };
    checkListing(actor, folder, [{ name: '.', id: 7, cookie: 1 }, row]);
    assert.throws(() => checkListing(actor, folder, []), /names are , wanted a/);
    assert.throws(() => checkListing(actor, folder, [row, { ...row, name: 'b' }]), /wanted a/);
    assert.throws(() => checkListing(actor, folder, [{ ...row, id: 8 }]), /fileid is 8/);
    assert.throws(() => checkListing(actor, folder, [{ ...row, cookie: 4 }]), /cookie was 3/);
  }));

test('a write verifier that changes', () =>
  withActor((actor) => {
    actor.checkVerifier('WRITE', Buffer.from('one'));
    actor.checkVerifier('COMMIT', Buffer.from('one'));
    assert.throws(() => actor.checkVerifier('COMMIT', Buffer.from('two')), /writes were lost/);
  }));

test('bytes that are not those that were written', () => {
  const content = overwritten(resized(Buffer.from('abcdef'), 3), 5, Buffer.from('xy'));
  assert.is(content.toString('latin1'), 'abc\0\0xy');
  assert.match(difference(content, Buffer.from('abc\0\0x')), /^6 bytes, wanted 7; from 6 on/);
});

test('a tree on disk with another name, another byte, another link', () => {
  const path = mkdtempSync(join(tmpdir(), 'understudy-checks-'));
  const folder = newFolder(NONE, 7);
  const file = newFile({ handle: NONE, fileid: 9 }, 0);
  file.content = Buffer.from('text');
  setName(folder, 'a', file);
  writeFileSync(join(path, 'a'), 'text');
  assert.equal(compareDisk(folder, path), []);
  writeFileSync(join(path, 'a'), 'test');
  assert.match(compareDisk(folder, path).join(), /from 2 on "st", wanted "xt"/);
  writeFileSync(join(path, 'a'), 'text');
  linkSync(join(path, 'a'), `${path}.link`);
  assert.match(compareDisk(folder, path).join(), /nlink is 2, wanted 1/);
  mkdirSync(join(path, 'b'));
  assert.match(compareDisk(folder, path).join(), /names are a,b, wanted a/);
  rmSync(path, { recursive: true });
  rmSync(`${path}.link`);
});
