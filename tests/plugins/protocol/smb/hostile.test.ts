/** What a client that means ill may send, and what must not come of it. */
import * as assert from 'uvu/assert';
import type { Transaction } from '#core/group/group.ts';
import type { Clock } from '#core/ports/clock.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import { ROOT_ID } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import { removeDirectory } from '#core/volume/operations.ts';
import { DecodeError } from '#core/wire/reader.ts';
import { Failures } from '#plugins/protocol/smb/auth/failures.ts';
import { NtlmAcceptor } from '#plugins/protocol/smb/auth/ntlm-acceptor.ts';
import { NtlmInitiator } from '#plugins/protocol/smb/auth/ntlm-initiator.ts';
import { writeNegotiate } from '#plugins/protocol/smb/auth/ntlm-messages.ts';
import { negotiateWith } from '#plugins/protocol/smb/client/logon.ts';
import { request } from '#plugins/protocol/smb/client/reply.ts';
import { close } from '#plugins/protocol/smb/commands/close.ts';
import { create } from '#plugins/protocol/smb/commands/create.ts';
import { echo } from '#plugins/protocol/smb/commands/echo.ts';
import { lock } from '#plugins/protocol/smb/commands/lock.ts';
import { read } from '#plugins/protocol/smb/commands/read.ts';
import { sessionSetup } from '#plugins/protocol/smb/commands/session-setup.ts';
import { setInfo } from '#plugins/protocol/smb/commands/set-info.ts';
import { write } from '#plugins/protocol/smb/commands/write.ts';
import { type CallDependencies, ServerCall } from '#plugins/protocol/smb/dispatch/call.ts';
import { ACCESS_ALLOWED_ACE, ACL_REVISION, ace } from '#plugins/protocol/smb/security/acl.ts';
import { encodeDescriptor } from '#plugins/protocol/smb/security/descriptor.ts';
import { groupSid, SID_CREATOR_OWNER } from '#plugins/protocol/smb/security/sid.ts';
import { SESSIONS_BEGUN_MAX } from '#plugins/protocol/smb/server-session.ts';
import * as status from '#plugins/protocol/smb/status.ts';
import { transactSoon } from '#plugins/protocol/smb/transact.ts';
import { samples } from '../../../fuzz/smb-samples.ts';
import { suite } from '../../../support/suite.ts';
import { connected, createRequest, guest, loggedOn, opened, random, treeOf } from './guest.ts';
import { ANN, clock, onSmbStage, shareRecord } from './stage.ts';

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
      const asked = createRequest('new', { disposition: FILE_CREATE, contexts });
      assert.is((await tree.ask(create, asked)).status, expected);
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
      const made = await tree.ask(create, createRequest(`many:s${count}`));
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

test('who shows nobody goes in time, however busy, and keeps little memory', async () => {
  const looks: (() => void)[] = [];
  const watched: Clock = {
    now: () => clock.now(),
    wall: () => clock.wall(),
    after: (ms, run) => clock.after(ms, run),
    every: (ms, run) => {
      looks.push(run);
      return clock.every(1000 * ms, run);
    },
  };
  await onSmbStage(
    async (stage) => {
      const user = await connected(stage);
      const stranger = await guest(stage);
      await negotiateWith(stranger);
      const begin = { flags: 0, securityMode: 1, capabilities: 0, previousSessionId: 0n };
      const seen: number[] = [];
      for (let count = 0; count < 20; count += 1) {
        const token = new NtlmInitiator({ user: 'ann', password: '' }, random).first();
        const [ticket] = stranger.compound([request(sessionSetup, { ...begin, token })]);
        seen.push((await ticket?.reply)?.status ?? 0);
        for (const look of looks) look();
      }
      const more = seen.filter((one) => one === status.STATUS_MORE_PROCESSING_REQUIRED);
      assert.is(more.length, SESSIONS_BEGUN_MAX);
      assert.is(seen[19], status.STATUS_INSUFFICIENT_RESOURCES);
      assert.is(stage.server.connections, 2);
      for (let count = 20; count < 30; count += 1) for (const look of looks) look();
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.is(stage.server.connections, 1);
      await opened(user, 'still there');
    },
    { clock: watched },
  );
});

test('a first token with megabytes of names is not kept', () => {
  const acceptor = new NtlmAcceptor({
    find: () => undefined,
    random,
    now: () => ({ seconds: 0, nanoseconds: 0 }),
    serverName: 'SERVER',
  });
  const token = Buffer.concat([writeNegotiate({ flags: 0 }), Buffer.alloc(60_000)]);
  assert.throws(() => acceptor.challenge(token), /at most 2048/);
});

test('a CREATE that waits when its session ends opens nothing', () =>
  onSmbStage(async (stage) => {
    const holder = await connected(stage);
    const held = await opened(holder, 'x', { oplockLevel: 9 });
    const waiting = await connected(stage);
    const asked = waiting.ask(create, createRequest('x'));
    await waiting.session.ask(echo, null);
    assert.is(await waiting.session.logoff(), status.STATUS_SUCCESS);
    await holder.ask(close, { flags: 0, id: held });
    assert.is((await asked).status, status.STATUS_USER_SESSION_DELETED);
    assert.is(stage.scene.table.size, 0);
    // Nobody holds it: it may be opened alone.
    await opened(holder, 'x', { shareAccess: 0 });
  }));

test('what a box had open is forgotten when it serves again', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    const id = await opened(tree, 'x');
    const open = stage.scene.table.at(id.volatile);
    assert.is(open?.kind, 'file');
    if (open?.kind !== 'file') return;
    stage.scene.table.doom(open.volume.record.id, open.file);
    const other = await connected(stage);
    const pending = await other.ask(create, createRequest('x'));
    assert.is(pending.status, status.STATUS_DELETE_PENDING);
    stage.group.serve(false);
    stage.scene.opens.clear();
    stage.group.serve(true);
    assert.is(stage.scene.table.size, 0);
    await opened(await connected(stage), 'x');
  }));

test('a CreateGuid of a CREATE that failed may be used again', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    const durableV2 = { timeoutMs: 0, flags: 0, createGuid: '01'.repeat(16) };
    const extendedAttributes = Buffer.from([0, 0, 0, 0, 0, 200, 0, 0]);
    const contexts = { durableV2, extendedAttributes };
    const bad = await tree.ask(create, createRequest('x', { contexts }));
    assert.is(bad.status, status.STATUS_INVALID_PARAMETER);
    await opened(tree, 'x', { contexts: { durableV2 } });
  }));

test('one message does not ask for more than there is memory for', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    const id = await opened(tree, 'x');
    const data = Buffer.alloc(1024 * 1024, 7);
    await tree.ask(write, { id, offset: 0n, data, flags: 0, channel: 0 });
    const ask = { id, offset: 0n, length: data.length, minimumCount: 0, flags: 0, channel: 0 };
    const tickets = tree.compound(Array.from({ length: 12 }, () => tree.request(read, ask)));
    const seen = await Promise.all(tickets.map(async ({ reply }) => (await reply).status));
    assert.is(seen.filter((one) => one === status.STATUS_SUCCESS).length, 8);
    assert.is(seen.at(-1), status.STATUS_INSUFFICIENT_RESOURCES);
  }));

test('a folder that NFS takes away while it is open answers every request', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    const id = await opened(tree, 'folder', { options: 1 });
    await opened(tree, 'other', { options: 1 });
    const { group } = stage;
    const transaction = group.begin();
    const place = { directory: ROOT_ID, name: 'folder' as Name };
    assert.ok(transaction.change(removeDirectory, group.served, ROOT_CALLER, place).ok);
    group.seal(undefined);
    for (const { command, args } of samples(id)) {
      // Those of connections, sessions and trees, CANCEL, and the one that waits.
      if (command.code <= 4 || command.code === 0x0c || command.code === 0x0f) continue;
      if (command.code === 6) continue;
      const reply = await tree.ask(command as never, args as never);
      assert.not.equal(reply.status, status.STATUS_INTERNAL_ERROR, command.name);
    }
    const closed = await tree.ask(close, { flags: 1, id });
    assert.is(closed.status, status.STATUS_SUCCESS);
    assert.equal(stage.errors, []);
  }));

test('what the owner takes away is gone at once', async () => {
  const shares = [shareRecord(), shareRecord({ id: 2, name: 'Gone' })];
  await onSmbStage(
    async (stage) => {
      const tree = await connected(stage);
      const gone = await treeOf(tree.session, 'Gone');
      const id = await opened(gone, 'x');
      shares.splice(1, 1, shareRecord({ id: 2, name: 'Gone', readOnly: true }));
      stage.group.register(stage.group.exportRecords);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const ask = { id, offset: 0n, data: Buffer.from('x'), flags: 0, channel: 0 };
      assert.is((await gone.ask(write, ask)).status, status.STATUS_NETWORK_NAME_DELETED);
      await opened(tree, 'y');
      assert.is(stage.scene.table.size, 1);
      Object.assign(stage.scene.users, { find: () => undefined });
      stage.group.register(stage.group.exportRecords);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const late = await tree.ask(create, createRequest('y'));
      assert.is(late.status, status.STATUS_USER_SESSION_DELETED);
      assert.is(stage.scene.table.size, 0);
    },
    { shares },
  );
});

test('a request that goes on when another box serves changes nothing', () =>
  onSmbStage(async (stage) => {
    const holder = await connected(stage);
    const held = await opened(holder, 'x', { oplockLevel: 9 });
    const waiting = await connected(stage);
    const over = createRequest('x', { disposition: FILE_SUPERSEDE });
    const asked = waiting.ask(create, over).then(
      (reply) => reply.status,
      () => 'no answer',
    );
    await waiting.session.ask(echo, null);
    const before = stage.group.staged;
    const open = stage.scene.table.at(held.volatile);
    stage.group.serving = false;
    // The wait is over in the moment in which serving is.
    if (open?.kind === 'file') stage.scene.opens.close(open.held);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.is(stage.group.staged, before);
    stage.group.serve(false);
    await asked;
  }));

test('nobody gives a file to a group that he is not in', () =>
  onSmbStage(async (stage) => {
    const root = await connected(stage);
    const folder = await opened(root, 'open', { options: 1 });
    const everybody = {
      control: 0,
      owner: undefined,
      group: undefined,
      dacl: null,
      sacl: undefined,
    };
    const facts = { type: 3, class: 0 };
    const opening = { ...facts, additional: 4, id: folder, data: encodeDescriptor(everybody) };
    assert.is((await root.ask(setInfo, opening)).status, status.STATUS_SUCCESS);
    const ann = await treeOf(await loggedOn(stage, ANN));
    const id = await opened(ann, 'open\\program');
    for (const [gid, expected] of [
      [0, status.STATUS_INVALID_PRIMARY_GROUP],
      [ANN.uid, status.STATUS_SUCCESS],
    ] as const) {
      const group = groupSid(stage.scene.domain, gid);
      const data = encodeDescriptor({ ...everybody, dacl: undefined, group });
      const reply = await ann.ask(setInfo, { ...facts, additional: 2, id, data });
      assert.is(reply.status, expected);
    }
  }));

test('a list that is too long when it is handed down makes no file, and no error of the server', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    const id = await opened(tree, 'folder', { options: 1 });
    const entry = ace(ACCESS_ALLOWED_ACE, 3, 0x1f01ff, SID_CREATOR_OWNER);
    const dacl = { revision: ACL_REVISION, aces: Array.from({ length: 2900 }, () => entry) };
    const none = { control: 0, owner: undefined, group: undefined, sacl: undefined };
    const data = encodeDescriptor({ ...none, dacl });
    const facts = { type: 3, class: 0, additional: 4, id, data };
    assert.is((await tree.ask(setInfo, facts)).status, status.STATUS_SUCCESS);
    const made = await tree.ask(create, createRequest('folder\\below', { options: 1 }));
    assert.is(made.status, status.STATUS_INVALID_PARAMETER);
    assert.equal(stage.errors, []);
  }));

test('a LOCK of more ranges than clients send is refused', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    const id = await opened(tree, 'x');
    const of = (count: number) =>
      Array.from({ length: count }, (_, at) => ({ offset: BigInt(at), length: 1n, flags: 0x12 }));
    const most = await tree.ask(lock, { id, sequence: 0, locks: of(256) });
    assert.is(most.status, status.STATUS_SUCCESS);
    const more = await tree.ask(lock, { id, sequence: 0, locks: of(257) });
    assert.is(more.status, status.STATUS_INVALID_PARAMETER);
  }));

test('a change that throws in the middle leaves what it did in the log', () =>
  onSmbStage(async (stage) => {
    const { group, scene } = stage;
    const before = group.staged;
    const run = (transaction: Transaction): never => {
      const place = { directory: ROOT_ID, name: 'folder' as Name };
      transaction.change(removeDirectory, group.served, ROOT_CALLER, place);
      throw new DecodeError('malformed');
    };
    const tree = await connected(stage);
    await opened(tree, 'folder', { options: 1 });
    const call = new ServerCall({ scene } as unknown as CallDependencies);
    assert.throws(() => call.transact(run), /malformed/);
    assert.is(group.staged, before + 2);
    assert.throws(() => transactSoon(scene, (transact) => void transact(run)), /malformed/);
    await opened(tree, 'y');
  }));

test('answers that wait for a commit are not piled up', () =>
  onSmbStage(async (stage) => {
    const { group } = stage;
    const tree = await connected(stage);
    const id = await opened(tree, 'x');
    const data = Buffer.alloc(1024 * 1024, 7);
    const facts = { id, offset: 0n, flags: 0, channel: 0 };
    await tree.ask(write, { ...facts, data });
    group.holding = true;
    const wrote = tree.ask(write, { ...facts, data });
    let reads = 0;
    const { served } = group;
    const original = served.read.bind(served);
    served.read = (...args) => {
      reads += 1;
      return original(...args);
    };
    const ask = { ...facts, length: data.length, minimumCount: 0 };
    const asked = Array.from({ length: 30 }, () => tree.ask(read, ask));
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok(reads > 4 && reads < 18, `${reads} answers wait`);
    group.release();
    for (const reply of [wrote, ...asked]) {
      assert.is((await reply).status, status.STATUS_SUCCESS);
    }
    assert.is(reads, 30);
  }));

test('an account of his own does not let anybody guess faster', () => {
  const failures = new Failures(clock);
  for (let count = 0; count < 3; count += 1) failures.add('192.0.2.1');
  failures.succeeded('192.0.2.1');
  assert.is(failures.add('192.0.2.1'), 100);
  for (let count = 0; count < 9; count += 1) failures.add('192.0.2.1');
  failures.succeeded('192.0.2.1');
  assert.is(failures.add('192.0.2.1'), 5000);
});
