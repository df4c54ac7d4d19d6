import * as assert from 'uvu/assert';
import { close } from '#plugins/protocol/smb/commands/close.ts';
import { create } from '#plugins/protocol/smb/commands/create.ts';
import { lock } from '#plugins/protocol/smb/commands/lock.ts';
import { read } from '#plugins/protocol/smb/commands/read.ts';
import { write } from '#plugins/protocol/smb/commands/write.ts';
import type { CreateRequest } from '#plugins/protocol/smb/create/request.ts';
import type { FileHandle } from '#plugins/protocol/smb/open.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_FILE_CLOSED,
  STATUS_OBJECT_NAME_NOT_FOUND,
  STATUS_SHARING_VIOLATION,
  STATUS_SUCCESS,
} from '#plugins/protocol/smb/status.ts';
import { suite } from '../../../../support/suite.ts';
import { createRequest, loggedOn, opened, treeOf } from '../guest.ts';
import { BOB, onSmbStage, ROOT, type SmbStage } from '../stage.ts';

const test = suite('smb/create/durable');

const GUID = '000102030405060708090a0b0c0d0e0f';
const OTHER_GUID = 'f00102030405060708090a0b0c0d0e0f';
const BATCH = 9;
const READ_WRITE = 0x0012_019f;

const durable: Partial<CreateRequest> = {
  oplockLevel: BATCH,
  shareAccess: 0,
  desiredAccess: READ_WRITE,
  contexts: { durableV2: { timeoutMs: 30_000, flags: 0, createGuid: GUID } },
};

/** A durable open whose connection is gone; it has a lock on its first byte. */
async function lost(stage: SmbStage, more: Partial<CreateRequest> = {}): Promise<FileHandle> {
  const session = await loggedOn(stage);
  const tree = await treeOf(session);
  const id = await opened(tree, 'kept', { ...durable, ...more });
  const data = Buffer.from('before');
  await tree.ask(write, { id, offset: 0n, flags: 0, channel: 0, data });
  const locks = [{ offset: 0n, length: 1n, flags: 0x12 }];
  assert.is((await tree.ask(lock, { id, sequence: 0x11, locks })).status, STATUS_SUCCESS);
  session.client.close();
  await until(() => stage.scene.table.size === 0);
  return id;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((done) => setImmediate(done));
}

function comingBack(id: FileHandle, createGuid = GUID): CreateRequest {
  const contexts = { durableReconnectV2: { id, createGuid, flags: 0 } };
  return createRequest('whatever', { desiredAccess: 0x1f_01ff, contexts });
}

test('a durable open comes back with its rights and its locks, under a new volatile id', () =>
  onSmbStage(async (stage) => {
    const before = await lost(stage);
    const tree = await treeOf(await loggedOn(stage));
    const reply = await tree.ask(create, comingBack(before));
    assert.is(reply.status, STATUS_SUCCESS);
    const id = reply.answer?.id as FileHandle;
    assert.is(id.persistent, before.persistent);
    assert.is.not(id.volatile, before.volatile);
    assert.is(reply.answer?.oplockLevel, BATCH);
    const asked = { id, offset: 0n, length: 6, minimumCount: 0, flags: 0, channel: 0 };
    assert.is((await tree.ask(read, asked)).answer?.data.toString(), 'before');
    // The rights are those of then, not those asked for now.
    const open = [...stage.scene.table.all()][0];
    assert.is(open?.kind === 'file' && open.granted, READ_WRITE);
    // Sent again with its sequence the lock is not taken twice.
    const again = [{ offset: 0n, length: 1n, flags: 0x12 }];
    assert.is((await tree.ask(lock, { id, sequence: 0x11, locks: again })).status, STATUS_SUCCESS);
    const free = [{ offset: 0n, length: 1n, flags: 4 }];
    assert.is((await tree.ask(lock, { id, sequence: 0, locks: free })).status, STATUS_SUCCESS);
  }));

test('the old FileId is closed', () =>
  onSmbStage(async (stage) => {
    const id = await lost(stage);
    const tree = await treeOf(await loggedOn(stage));
    assert.is((await tree.ask(close, { flags: 0, id })).status, STATUS_FILE_CLOSED);
  }));

test('nobody else gets it, nor by another CreateGuid, nor on another share, nor while it is in use', () =>
  onSmbStage(async (stage) => {
    const id = await lost(stage);
    const bob = await treeOf(await loggedOn(stage, BOB));
    assert.is((await bob.ask(create, comingBack(id))).status, STATUS_ACCESS_DENIED);
    const session = await loggedOn(stage, ROOT);
    const tree = await treeOf(session);
    const wrong = comingBack(id, OTHER_GUID);
    assert.is((await tree.ask(create, wrong)).status, STATUS_OBJECT_NAME_NOT_FOUND);
    const elsewhere = await treeOf(session, 'ReadOnly');
    assert.is((await elsewhere.ask(create, comingBack(id))).status, STATUS_OBJECT_NAME_NOT_FOUND);
    assert.is((await tree.ask(create, comingBack(id))).status, STATUS_SUCCESS);
    assert.is((await tree.ask(create, comingBack(id))).status, STATUS_OBJECT_NAME_NOT_FOUND);
  }));

test('somebody else who opens the file ends a durable open that nobody speaks for', () =>
  onSmbStage(async (stage) => {
    const id = await lost(stage);
    const tree = await treeOf(await loggedOn(stage));
    await opened(tree, 'kept');
    assert.is((await tree.ask(create, comingBack(id))).status, STATUS_OBJECT_NAME_NOT_FOUND);
  }));

test('one without an oplock goes with its connection', () =>
  onSmbStage(async (stage) => {
    const session = await loggedOn(stage);
    const tree = await treeOf(session);
    const reply = await tree.ask(create, createRequest('plain', { ...durable, oplockLevel: 0 }));
    assert.is(reply.answer?.contexts.durableV2, undefined);
    session.client.close();
    await until(() => stage.scene.table.size === 0);
    assert.ok(stage.scene.opens.isIdle);
  }));

test('delete-on-close waits for the last open, of which nobody else may be made', () =>
  onSmbStage(async (stage) => {
    const tree = await treeOf(await loggedOn(stage));
    const first = await opened(tree, 'doomed', { options: 0x1000 });
    const second = await opened(tree, 'doomed');
    const denied = createRequest('doomed', { shareAccess: 3 });
    assert.is((await tree.ask(create, denied)).status, STATUS_SHARING_VIOLATION);
    await tree.ask(close, { flags: 0, id: first });
    const late = createRequest('doomed', { disposition: 1 });
    assert.is((await tree.ask(create, late)).status, 0xc000_0056);
    await tree.ask(close, { flags: 0, id: second });
    assert.is((await tree.ask(create, late)).status, STATUS_OBJECT_NAME_NOT_FOUND);
  }));

test('a file that goes stays for as long as one of its streams is open', () =>
  onSmbStage(async (stage) => {
    const tree = await treeOf(await loggedOn(stage));
    const stream = await opened(tree, 'base:notes', { desiredAccess: 3 });
    const base = await opened(tree, 'base', { options: 0x1000 });
    await tree.ask(close, { flags: 0, id: base });
    const late = createRequest('base', { disposition: 1 });
    assert.is((await tree.ask(create, late)).status, 0xc000_0056);
    await tree.ask(close, { flags: 0, id: stream });
    assert.is((await tree.ask(create, late)).status, STATUS_OBJECT_NAME_NOT_FOUND);
  }));
