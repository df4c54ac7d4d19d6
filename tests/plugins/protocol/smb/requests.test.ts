import * as assert from 'uvu/assert';
import { negotiateWith } from '#plugins/protocol/smb/client/logon.ts';
import { request } from '#plugins/protocol/smb/client/reply.ts';
import type { ClientSession } from '#plugins/protocol/smb/client/session.ts';
import type { AnyCommand } from '#plugins/protocol/smb/command.ts';
import { cancel } from '#plugins/protocol/smb/commands/cancel.ts';
import { changeNotify } from '#plugins/protocol/smb/commands/change-notify.ts';
import { close } from '#plugins/protocol/smb/commands/close.ts';
import { create } from '#plugins/protocol/smb/commands/create.ts';
import { echo } from '#plugins/protocol/smb/commands/echo.ts';
import { ioctl } from '#plugins/protocol/smb/commands/ioctl.ts';
import { negotiate } from '#plugins/protocol/smb/commands/negotiate.ts';
import { read } from '#plugins/protocol/smb/commands/read.ts';
import { write } from '#plugins/protocol/smb/commands/write.ts';
import { CREDITS_MAX } from '#plugins/protocol/smb/dispatch/window.ts';
import * as status from '#plugins/protocol/smb/status.ts';
import { HEADER_SIZE, SMB2_FLAGS_ASYNC_COMMAND } from '#plugins/protocol/smb/wire/header.ts';
import { messageOf } from '../../../fuzz/smb-samples.ts';
import { suite } from '../../../support/suite.ts';
import {
  connected,
  createRequest,
  FILE_OPEN,
  guest,
  LAST_OPEN,
  loggedOn,
  opened,
  treeOf,
} from './guest.ts';
import { onSmbStage } from './stage.ts';

const test = suite('smb/requests');

const plain = { flags: 0, channel: 0 };
const reading = (id = LAST_OPEN, length = 100) =>
  ({ id, offset: 0n, length, minimumCount: 0, ...plain }) as const;

function cancelOf(session: ClientSession, asyncId: bigint, messageId: bigint): Buffer {
  return messageOf(cancel as AnyCommand, null, { asyncId, messageId, sessionId: session.id });
}

function sendCancel(session: ClientSession, asyncId: bigint, messageId: bigint): void {
  const message = cancelOf(session, asyncId, messageId);
  session.client.keys.get(session.id)?.signer.sign(message);
  session.client.sendRaw(message);
}

async function statuses(
  tickets: readonly { readonly reply: Promise<{ readonly status: number }> }[],
) {
  return Promise.all(tickets.map(async ({ reply }) => (await reply).status));
}

test('related requests share the open of the first', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    const related = { isRelated: true };
    const tickets = tree.compound([
      tree.request(create, createRequest('x')),
      tree.request(
        write,
        { id: LAST_OPEN, offset: 0n, data: Buffer.from('five!'), ...plain },
        related,
      ),
      tree.request(read, reading(), related),
      tree.request(close, { id: LAST_OPEN, flags: 0 }, related),
    ]);
    assert.equal(await statuses(tickets), [0, 0, 0, 0]);
    const { answer } = await (tickets[2] as NonNullable<(typeof tickets)[2]>).reply;
    assert.is(String((answer as { data: Buffer }).data), 'five!');
    assert.is(stage.scene.table.size, 0);
  }));

test('what a failed CREATE leaves its related requests is its status', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    const related = { isRelated: true };
    const missing = status.STATUS_OBJECT_NAME_NOT_FOUND;
    const tickets = tree.compound([
      tree.request(create, createRequest('nothing', { disposition: FILE_OPEN })),
      tree.request(read, reading(), related),
      tree.request(close, { id: LAST_OPEN, flags: 0 }, related),
    ]);
    assert.equal(await statuses(tickets), [missing, missing, missing]);
  }));

test('unrelated requests of one message fail one by one', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    const id = await opened(tree, 'x');
    const tickets = tree.compound([
      tree.request(close, { id: { persistent: 1n, volatile: 2n }, flags: 0 }),
      tree.request(close, { id, flags: 0 }),
      tree.request(echo, null),
    ]);
    assert.equal(await statuses(tickets), [status.STATUS_FILE_CLOSED, 0, 0]);
  }));

test('a message cannot begin with a related request', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    const { client } = tree.session;
    const { reply } = client.send(request(echo, null, { isRelated: true }));
    assert.is((await reply).status, status.STATUS_INVALID_PARAMETER);
  }));

test('CHANGE_NOTIFY waits: an interim response, CANCEL by AsyncId', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    const { session } = tree;
    const id = await opened(tree, '', { disposition: FILE_OPEN });
    const ticket = tree.begin(changeNotify, { id, flags: 0, outputSizeMax: 1000, filter: 0xfff });
    const asyncId = await ticket.interim;
    sendCancel(session, asyncId, ticket.messageId);
    const { status: end, header: last } = await ticket.reply;
    assert.is(end, status.STATUS_CANCELLED);
    assert.is(last.flags & SMB2_FLAGS_ASYNC_COMMAND, SMB2_FLAGS_ASYNC_COMMAND);
    assert.is(last.asyncId, asyncId);
    assert.is(last.credits, 0);
  }));

test('CANCEL by MessageId, and of nothing', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    const { session } = tree;
    const id = await opened(tree, '', { disposition: FILE_OPEN });
    const ticket = tree.begin(changeNotify, { id, flags: 0, outputSizeMax: 1000, filter: 0xfff });
    await ticket.interim;
    sendCancel(session, 999n, 3n);
    sendCancel(session, 0n, ticket.messageId);
    assert.is((await ticket.reply).status, status.STATUS_CANCELLED);
  }));

test("an unsigned CANCEL is nobody's", () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    const id = await opened(tree, '', { disposition: FILE_OPEN });
    const ticket = tree.begin(changeNotify, { id, flags: 0, outputSizeMax: 1000, filter: 0xfff });
    const asyncId = await ticket.interim;
    tree.session.client.sendRaw(cancelOf(tree.session, asyncId, 0n));
    await opened(tree, 'made');
    assert.is((await ticket.reply).status, status.STATUS_SUCCESS);
  }));

test('a request in the middle of a message cannot wait', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    const id = await opened(tree, '', { disposition: FILE_OPEN });
    const tickets = tree.compound([
      tree.request(changeNotify, { id, flags: 0, outputSizeMax: 1000, filter: 0xfff }),
      tree.request(echo, null),
    ]);
    assert.equal(await statuses(tickets), [status.STATUS_INTERNAL_ERROR, 0]);
  }));

test('no more requests wait than are allowed to', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    const ids = await Promise.all(
      Array.from({ length: 9 }, () => opened(tree, '', { disposition: FILE_OPEN })),
    );
    const tickets = ids.flatMap((id) =>
      Array.from({ length: 60 }, () =>
        tree.begin(changeNotify, { id, flags: 0, outputSizeMax: 1000, filter: 0xfff }),
      ),
    );
    const refused = await Promise.all(
      tickets.slice(512).map(async ({ reply }) => (await reply).status),
    );
    assert.ok(refused.every((one) => one === status.STATUS_INSUFFICIENT_RESOURCES));
    tree.session.client.close();
  }));

test('a request that is larger than its credits is refused', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage, { signings: [] });
    const { client } = tree.session;
    const id = await opened(tree, 'x');
    const { reply } = tree.begin(read, reading(id, 65_537));
    await reply;
    const small = tree.begin(read, reading(id, 65_536));
    await small.reply;
    const facts = { messageId: client.nextMessageId, sessionId: tree.session.id, treeId: tree.id };
    const message = messageOf(read as AnyCommand, reading(id, 65_537), facts);
    client.keys.get(tree.session.id)?.signer.sign(message);
    const answer = await client.exchange(message);
    assert.is(answer.readUInt32LE(8), status.STATUS_INVALID_PARAMETER);
  }));

test('credits are granted as they are asked for, up to a limit', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage);
    const { client } = tree.session;
    await client.send(request(echo, null, { credits: 65_535 })).reply;
    assert.is(client.credits, CREDITS_MAX);
    await client.send(request(echo, null, { credits: 65_535 })).reply;
    assert.is(client.credits, CREDITS_MAX);
    const stranger = await guest(stage);
    await negotiateWith(stranger);
    assert.is(stranger.credits, 1);
  }));

const sessionFacts = (session: ClientSession) =>
  ({ messageId: session.client.nextMessageId, sessionId: session.id }) as const;
const AT_STATUS = 8;

test('unsigned, tampered with, or of no session: refused one by one', () =>
  onSmbStage(async (stage) => {
    const session = await loggedOn(stage);
    const { client } = session;
    const unsigned = await client.exchange(
      messageOf(echo as AnyCommand, null, sessionFacts(session)),
    );
    assert.is(unsigned.readUInt32LE(AT_STATUS), status.STATUS_ACCESS_DENIED);
    const tampered = messageOf(echo as AnyCommand, null, sessionFacts(session));
    client.keys.get(session.id)?.signer.sign(tampered);
    tampered[66] = 1;
    const refused = await client.exchange(tampered);
    assert.is(refused.readUInt32LE(AT_STATUS), status.STATUS_ACCESS_DENIED);
    const facts = { messageId: client.nextMessageId, sessionId: 77n };
    const unknown = messageOf(close as AnyCommand, { id: LAST_OPEN, flags: 0 }, facts);
    const reply = await client.exchange(unknown);
    assert.is(reply.readUInt32LE(AT_STATUS), status.STATUS_USER_SESSION_DELETED);
  }));

test('a sealed message that was tampered with ends the connection', () =>
  onSmbStage(async (stage) => {
    const tree = await connected(stage, {}, 'Secret');
    const { client } = tree.session;
    const sealer = client.keys.get(tree.session.id)?.sealer;
    assert.ok(sealer);
    const sealed = Buffer.concat(
      sealer.seal(messageOf(echo as AnyCommand, null, sessionFacts(tree.session))),
    );
    sealed[60] = (sealed[60] as number) ^ 1;
    client.sendRaw(sealed);
    await client.closedBy;
  }));

const ENDS: readonly (readonly [
  string,
  (client: Awaited<ReturnType<typeof loggedOn>>['client']) => Buffer,
])[] = [
  ['a MessageId used before', () => messageOf(echo as AnyCommand, null, { messageId: 0n })],
  [
    'a MessageId out of the window',
    () => messageOf(echo as AnyCommand, null, { messageId: 1_000_000n }),
  ],
  ['a MessageId beyond 2^53', () => messageOf(echo as AnyCommand, null, { messageId: 1n << 60n })],
  [
    'a second NEGOTIATE',
    ({ nextMessageId: messageId }) =>
      messageOf(
        negotiate as AnyCommand,
        {
          securityMode: 1,
          capabilities: 0,
          clientGuid: Buffer.alloc(16),
          dialects: [0x0210],
          contexts: [],
        },
        { messageId },
      ),
  ],
  [
    'a response',
    ({ nextMessageId: messageId }) => messageOf(echo as AnyCommand, null, { messageId, flags: 1 }),
  ],
  [
    'NextCommand outside of the message',
    ({ nextMessageId: messageId }) =>
      messageOf(echo as AnyCommand, null, { messageId, nextCommand: 4096 }),
  ],
  [
    'NextCommand not a multiple of eight',
    ({ nextMessageId: messageId }) =>
      messageOf(echo as AnyCommand, null, { messageId, nextCommand: 68 }),
  ],
  ['half a header', () => Buffer.from('fe534d42400000', 'hex')],
  ['another protocol', () => Buffer.from('GET / HTTP/1.1\r\n')],
  [
    'SMB1 after NEGOTIATE',
    () => Buffer.concat([Buffer.from('ff534d4272', 'hex'), Buffer.alloc(60)]),
  ],
  ['a compressed message', () => Buffer.concat([Buffer.from('fc534d42', 'hex'), Buffer.alloc(60)])],
  [
    'a sealed message of no session',
    () => Buffer.concat([Buffer.from('fd534d42', 'hex'), Buffer.alloc(100)]),
  ],
];

for (const [what, message] of ENDS) {
  test(`${what} ends the connection`, () =>
    onSmbStage(async (stage) => {
      const client = await guest(stage);
      await negotiateWith(client);
      client.sendRaw(message(client));
      await client.closedBy;
      assert.is(stage.complaints.length, 1);
    }));
}

test('anything before NEGOTIATE ends the connection', () =>
  onSmbStage(async (stage) => {
    const client = await guest(stage);
    client.sendRaw(messageOf(echo as AnyCommand, null, { messageId: 0n }));
    await client.closedBy;
  }));

test('a chain without end ends the connection', () =>
  onSmbStage(async (stage) => {
    const session = await loggedOn(stage);
    const { client } = session;
    const link = Buffer.alloc(72);
    messageOf(echo as AnyCommand, null, { messageId: 0n, nextCommand: 72 }).copy(link);
    link.writeUInt16LE(12, 12); // CANCEL: asks for no MessageId and is not answered
    client.sendRaw(Buffer.concat(Array.from({ length: 300 }, () => link)));
    await client.closedBy;
  }));

test('a message longer than the longest ends the connection', () =>
  onSmbStage(async (stage) => {
    const client = await guest(stage);
    await negotiateWith(client);
    client.sendRaw(Buffer.alloc(100_000));
    await client.closedBy;
  }));

/** SMB_COM_NEGOTIATE with these dialects. */
function smb1(...dialects: readonly string[]): Buffer {
  const names = Buffer.from(dialects.map((name) => `\x02${name}\0`).join(''), 'latin1');
  const head = Buffer.alloc(35);
  Buffer.from('ff534d4272', 'hex').copy(head);
  head.writeUInt16LE(names.length, 33);
  return Buffer.concat([head, names]);
}

test('SMB1 that offers SMB2 is asked again, or answered', () =>
  onSmbStage(async (stage) => {
    const client = await guest(stage);
    const asked = await client.exchange(smb1('NT LM 0.12', 'SMB 2.002', 'SMB 2.???'));
    assert.is(asked.readUInt16LE(HEADER_SIZE + 4), 0x02ff);
    const { answer } = await negotiateWith(client);
    assert.is(answer?.dialect, 0x0311);
    const old = await guest(stage);
    const answered = await old.exchange(smb1('SMB 2.002'));
    assert.is(answered.readUInt16LE(HEADER_SIZE + 4), 0x0202);
    const older = await guest(stage);
    older.sendRaw(smb1('NT LM 0.12'));
    await older.closedBy;
  }));

test('responses of one message are padded', () =>
  onSmbStage(async (stage) => {
    const session = await loggedOn(stage);
    const tree = await treeOf(session);
    const tickets = tree.compound([tree.request(echo, null), tree.request(echo, null)]);
    const [first, last] = await Promise.all(tickets.map(({ reply }) => reply));
    assert.is(first?.header.nextCommand, 72);
    assert.is(last?.header.nextCommand, 0);
    assert.is(session.client.lastResponse.length, 72);
  }));

/** VALIDATE_NEGOTIATE_INFO as the client said it at the beginning, but for what is changed. */
function negotiated(
  clientGuid: string,
  more: { readonly capabilities?: number; readonly dialects?: readonly number[] },
): Buffer {
  const { capabilities = 0x67, dialects = [0x0202, 0x0210, 0x0300, 0x0302] } = more;
  const input = Buffer.alloc(24 + 2 * dialects.length);
  input.writeUInt32LE(capabilities, 0);
  input.write(clientGuid, 4, 'hex');
  input.writeUInt16LE(1, 20);
  input.writeUInt16LE(dialects.length, 22);
  for (const [index, dialect] of dialects.entries()) input.writeUInt16LE(dialect, 24 + 2 * index);
  return input;
}

const VALIDATE = {
  code: 0x0014_0204,
  id: LAST_OPEN,
  inputSizeMax: 0,
  outputSizeMax: 24,
  flags: 1,
} as const;

test('VALIDATE_NEGOTIATE_INFO tells the same again, and a lie ends the connection', () =>
  onSmbStage(async (stage) => {
    const dialects = [0x0202, 0x0210, 0x0300, 0x0302] as const;
    const tree = await connected(stage, { dialects }, 'IPC$');
    const { clientGuid } = tree.session.client;
    const { answer } = await tree.ask(ioctl, { ...VALIDATE, input: negotiated(clientGuid, {}) });
    const guid = '000102030405060708090a0b0c0d0e0f';
    assert.is(answer?.output.toString('hex'), `46000000${guid}03000203`);
    const lies = [
      negotiated(clientGuid, { capabilities: 1 }),
      negotiated(clientGuid, { dialects: [0x0300] }),
      negotiated('ff'.repeat(16), {}),
    ];
    for (const input of lies) {
      const other = await connected(stage, { dialects }, 'IPC$');
      const { client } = other.session;
      other.begin(ioctl, { ...VALIDATE, input });
      await client.closedBy;
    }
    const newest = await connected(stage, {}, 'IPC$');
    newest.begin(ioctl, { ...VALIDATE, input: negotiated(newest.session.client.clientGuid, {}) });
    await newest.session.client.closedBy;
  }));
