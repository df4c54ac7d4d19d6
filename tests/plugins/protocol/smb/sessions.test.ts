import * as assert from 'uvu/assert';
import { logon, negotiateWith } from '#plugins/protocol/smb/client/logon.ts';
import { request } from '#plugins/protocol/smb/client/reply.ts';
import { ClientSession } from '#plugins/protocol/smb/client/session.ts';
import { echo } from '#plugins/protocol/smb/commands/echo.ts';
import { read } from '#plugins/protocol/smb/commands/read.ts';
import { sessionSetup } from '#plugins/protocol/smb/commands/session-setup.ts';
import { write } from '#plugins/protocol/smb/commands/write.ts';
import type { Dialect } from '#plugins/protocol/smb/connection-state.ts';
import type { CipherId } from '#plugins/protocol/smb/crypto/encryption.ts';
import type { SigningAlgorithm } from '#plugins/protocol/smb/crypto/signing.ts';
import * as status from '#plugins/protocol/smb/status.ts';
import { suite } from '../../../support/suite.ts';
import { connected, guest, loggedOn, opened, treeOf } from './guest.ts';
import { ANN, BOB, EVE, onSmbStage, ROOT, type SmbStage } from './stage.ts';

const test = suite('smb/sessions');

const DIALECTS: readonly Dialect[] = [0x0202, 0x0210, 0x0300, 0x0302, 0x0311];

async function writesAndReads(stage: SmbStage, options: object, share = 'Files'): Promise<void> {
  const tree = await connected(stage, options, share);
  const id = await opened(tree, 'a file');
  const data = Buffer.alloc(tree.session.client.dialect === 0x0202 ? 65_536 : 1_048_576, 'words ');
  const facts = { id, channel: 0, flags: 0 };
  const wrote = await tree.ask(write, { ...facts, offset: 0n, data });
  assert.is(wrote.status, status.STATUS_SUCCESS);
  const got = await tree.ask(read, { ...facts, offset: 0n, length: data.length, minimumCount: 0 });
  assert.equal(got.answer?.data, data);
  assert.is(got.isSealed, tree.seals);
  assert.is(got.isSigned, !tree.seals);
  tree.session.client.close();
}

test('every dialect, signed', () =>
  onSmbStage(async (stage) => {
    for (const dialect of DIALECTS) await writesAndReads(stage, { dialects: [dialect] });
    assert.equal(stage.errors, []);
  }));

test('every algorithm of signing', () =>
  onSmbStage(async (stage) => {
    for (const signing of [0, 1, 2] satisfies SigningAlgorithm[]) {
      await writesAndReads(stage, { dialects: [0x0311], signings: [signing] });
    }
  }));

test('every cipher, on an encrypted share', () =>
  onSmbStage(async (stage) => {
    for (const cipher of [1, 2, 3, 4] satisfies CipherId[]) {
      await writesAndReads(stage, { dialects: [0x0311], ciphers: [cipher] }, 'Secret');
    }
    await writesAndReads(stage, { dialects: [0x0300] }, 'Secret');
    const old = await loggedOn(stage, ROOT, { dialects: [0x0210] });
    assert.is(await old.connect('Secret'), status.STATUS_ACCESS_DENIED);
  }));

test('where encryption is required, nothing is said in the clear', () =>
  onSmbStage(
    async (stage) => {
      await writesAndReads(stage, { dialects: [0x0311] });
      await writesAndReads(stage, { dialects: [0x0302] });
      const client = await guest(stage);
      await negotiateWith(client, { dialects: [0x0210] });
      const refused = await logon(client, { user: ANN.name, password: ANN.password });
      assert.is(refused, status.STATUS_ACCESS_DENIED);
      const session = await loggedOn(stage);
      session.seals = false;
      assert.is(await session.connect('Files'), status.STATUS_ACCESS_DENIED);
    },
    { policy: { encryption: 'required' } },
  ));

test('the best dialect in common is taken, and none where there is none', () =>
  onSmbStage(async (stage) => {
    const client = await guest(stage);
    const { answer } = await negotiateWith(client);
    assert.is(answer?.dialect, 0x0311);
    assert.is(answer?.serverGuid.toString('hex'), '000102030405060708090a0b0c0d0e0f');
    assert.is(answer?.maxReadSize, 1024 * 1024);
    const odd = await guest(stage);
    const reply = await negotiateWith(odd, { dialects: [0x0222 as Dialect] });
    assert.is(reply.status, status.STATUS_NOT_SUPPORTED);
  }));

test('wrong passwords, unknown users, disabled ones', () =>
  onSmbStage(async (stage) => {
    const client = await guest(stage);
    await negotiateWith(client);
    const tries = [
      ['Ann', 'wrong', status.STATUS_LOGON_FAILURE],
      ['nobody', 'sesame', status.STATUS_LOGON_FAILURE],
      ['', '', status.STATUS_ACCESS_DENIED],
      [EVE.name, 'wrong', status.STATUS_LOGON_FAILURE],
      [EVE.name, EVE.password, status.STATUS_ACCOUNT_DISABLED],
    ] as const;
    for (const [user, password, refusal] of tries) {
      assert.is(await logon(client, { user, password }), refusal, `${user} ${password}`);
    }
    const session = await logon(client, { user: 'aNN', password: 'sesame', domain: 'ANY' });
    assert.instance(session, ClientSession);
    assert.is(stage.scene.sessions.size, 1);
  }));

test('each wrong password waits longer than the one before', () =>
  onSmbStage(async (stage) => {
    const waits = [1, 2, 3, 4].map(() => stage.scene.failures.add('10.0.0.1'));
    assert.equal(waits, [100, 200, 400, 800]);
    for (let more = 0; more < 20; more += 1) stage.scene.failures.add('10.0.0.1');
    assert.is(stage.scene.failures.add('10.0.0.1'), 5000);
    assert.is(stage.scene.failures.add('10.0.0.2'), 100);
  }));

test('a session authenticates again, but not as somebody else', () =>
  onSmbStage(async (stage) => {
    const session = await loggedOn(stage, ANN);
    const { client } = session;
    const again = { session };
    assert.is(await logon(client, { user: 'ann', password: 'sesame' }, again), session);
    await treeOf(session);
    const other = await logon(client, { user: BOB.name, password: BOB.password }, again);
    assert.is(other, status.STATUS_ACCESS_DENIED);
    assert.is(await session.connect('Files'), status.STATUS_USER_SESSION_DELETED);
  }));

test("PreviousSessionId ends the old session of the same user, and nobody else's", () =>
  onSmbStage(async (stage) => {
    const old = await loggedOn(stage, ANN);
    const client = await guest(stage);
    await negotiateWith(client);
    const previous = { previousSessionId: old.id };
    await logon(client, { user: BOB.name, password: BOB.password }, previous);
    await treeOf(old);
    await logon(client, { user: ANN.name, password: ANN.password }, previous);
    assert.is(await old.connect('Files'), status.STATUS_USER_SESSION_DELETED);
  }));

test('LOGOFF ends the session, TREE_DISCONNECT the tree', () =>
  onSmbStage(async (stage) => {
    const session = await loggedOn(stage);
    const tree = await treeOf(session);
    await opened(tree, 'x');
    assert.is(stage.scene.table.size, 1);
    assert.is(await tree.disconnect(), status.STATUS_SUCCESS);
    assert.is(await tree.disconnect(), status.STATUS_NETWORK_NAME_DELETED);
    assert.is(stage.scene.table.size, 0);
    await opened(await treeOf(session), 'x');
    assert.is(await session.logoff(), status.STATUS_SUCCESS);
    assert.is(stage.scene.table.size, 0);
    assert.is(await session.connect('Files'), status.STATUS_USER_SESSION_DELETED);
  }));

test('a connection that breaks takes its opens along', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    await opened(tree, 'x');
    tree.session.client.close();
    for (let look = 0; look < 100 && stage.server.connections > 0; look += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.is(stage.scene.table.size, 0);
    assert.is(stage.scene.sessions.size, 0);
  }));

test('shares by name in whatever case, refused by network, or unknown', () =>
  onSmbStage(async (stage) => {
    const session = await loggedOn(stage);
    const tree = await treeOf(session, 'FILES');
    assert.is(tree.facts.maximalAccess, 0x001f_01ff);
    assert.is((await treeOf(session, 'readonly')).facts.maximalAccess, 0x0012_00a9);
    assert.is((await treeOf(session, 'ipc$')).facts.shareType, 2);
    assert.is(await session.connect('nothing'), status.STATUS_BAD_NETWORK_NAME);
    assert.is(await session.connect('away'), status.STATUS_ACCESS_DENIED);
  }));

test('binding a second connection to a session is refused', () =>
  onSmbStage(async (stage) => {
    const session = await loggedOn(stage);
    const other = await guest(stage, { clientGuid: session.client.clientGuid });
    await negotiateWith(other);
    const args = {
      flags: 1,
      securityMode: 1,
      capabilities: 0,
      previousSessionId: 0n,
      token: Buffer.alloc(9),
    };
    const { reply } = other.send(request(sessionSetup, args, { sessionId: session.id }));
    assert.is((await reply).status, status.STATUS_REQUEST_NOT_ACCEPTED);
  }));

test('ECHO needs no session', () =>
  onSmbStage(async (stage) => {
    const client = await guest(stage);
    await negotiateWith(client);
    assert.is((await client.send(request(echo, null)).reply).status, status.STATUS_SUCCESS);
  }));

test('a planned move holds requests, and the end of serving closes connections', () =>
  onSmbStage(async (stage) => {
    const client = await guest(stage);
    await negotiateWith(client);
    stage.group.accepting = false;
    const { reply } = client.send(request(echo, null));
    await new Promise((resolve) => setTimeout(resolve, 30));
    stage.group.accepting = true;
    assert.is((await reply).status, status.STATUS_SUCCESS);
    stage.group.serve(false);
    await client.closedBy;
  }));

test('what changes is answered when it is committed', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    stage.group.holding = true;
    let isAnswered = false;
    const made = opened(tree, 'held').then((id) => {
      isAnswered = true;
      return id;
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.is(isAnswered, false);
    stage.group.release();
    await made;
  }));
