/** What a client that means ill may send, and what must not come of it. */
import * as assert from 'uvu/assert';
import { create } from '#plugins/protocol/smb/commands/create.ts';
import { setInfo } from '#plugins/protocol/smb/commands/set-info.ts';
import * as status from '#plugins/protocol/smb/status.ts';
import { suite } from '../../../support/suite.ts';
import { connected, createRequest, opened } from './guest.ts';
import { onSmbStage } from './stage.ts';

const test = suite('smb/hostile', { secondsMax: 60 });

const FILE_CREATE = 2;
const FILE_SUPERSEDE = 0;
const FILE_FULL_EA = 15;

/** FILE_FULL_EA_INFORMATION, the same name again and again. */
function eaList(count: number, size: number, name = 'same'): Buffer {
  const entry = Buffer.alloc(Math.ceil((8 + name.length + 1 + size) / 4) * 4);
  entry.writeUInt32LE(entry.length, 0);
  entry.writeUInt8(name.length, 5);
  entry.writeUInt16LE(size, 6);
  entry.write(name, 8, 'latin1');
  const list = Buffer.concat(Array.from({ length: count }, () => entry));
  list.writeUInt32LE(0, (count - 1) * entry.length);
  return list;
}

test('extended attributes that are malformed, or have no name, make no file', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    for (const [extendedAttributes, expected] of [
      [Buffer.from([0, 0, 0, 0, 0, 200, 0, 0]), status.STATUS_INVALID_PARAMETER],
      [eaList(1, 3, 'a:b'), status.STATUS_INVALID_EA_NAME],
    ] as const) {
      const contexts = { extendedAttributes };
      const request = createRequest('new', { disposition: FILE_CREATE, contexts });
      assert.is((await tree.ask(create, request)).status, expected);
      const after = await tree.ask(create, createRequest('new', { disposition: 1 }));
      assert.is(after.status, status.STATUS_OBJECT_NAME_NOT_FOUND);
    }
    assert.equal(stage.errors, []);
  }));

test('attributes that come to more than a file may have are refused, however they are named', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    const id = await opened(tree, 'x');
    const facts = { type: 1, class: FILE_FULL_EA, additional: 0, id };
    const data = eaList(15, 60_000);
    assert.is((await tree.ask(setInfo, { ...facts, data })).status, status.STATUS_EA_TOO_LARGE);
    const right = eaList(1, 60_000);
    assert.is((await tree.ask(setInfo, { ...facts, data: right })).status, status.STATUS_SUCCESS);
    assert.equal(stage.errors, []);
  }));

test('a file with as many streams as there may be is superseded', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    await opened(tree, 'many');
    for (let count = 0; count < 256; count += 1) {
      const request = createRequest(`many:s${count}`);
      const made = await tree.ask(create, request);
      assert.is(made.status, status.STATUS_SUCCESS);
    }
    tree.session.client.close();
    const next = await connected(stage);
    const over = createRequest('many', { disposition: FILE_SUPERSEDE });
    assert.is((await next.ask(create, over)).status, status.STATUS_SUCCESS);
    const gone = createRequest('many:s255', { disposition: 1 });
    assert.is((await next.ask(create, gone)).status, status.STATUS_OBJECT_NAME_NOT_FOUND);
    assert.equal(stage.errors, []);
  }));
