import * as assert from 'uvu/assert';
import { DecodeError } from '#core/wire/reader.ts';
import { breakBody, readBreak } from '#plugins/protocol/smb/break-notice.ts';
import { close } from '#plugins/protocol/smb/commands/close.ts';
import { create } from '#plugins/protocol/smb/commands/create.ts';
import { flush } from '#plugins/protocol/smb/commands/flush.ts';
import { lock } from '#plugins/protocol/smb/commands/lock.ts';
import { oplockBreak } from '#plugins/protocol/smb/commands/oplock-break.ts';
import { read } from '#plugins/protocol/smb/commands/read.ts';
import { write } from '#plugins/protocol/smb/commands/write.ts';
import { goldenPacket } from '../../../../support/golden-packet.ts';
import { suite } from '../../../../support/suite.ts';
import { agrees, readerOf } from '../agrees.ts';

const test = suite('smb/packets of files');

const id = { persistent: 0x1122_3344_5566_7788n, volatile: 7n };
const GUID = '000102030405060708090a0b0c0d0e0f';
const TIME = 0x01da_d2c9_a0c4_8000n;

test('CREATE with contexts', () => {
  const request = {
    oplockLevel: 9,
    impersonationLevel: 2,
    desiredAccess: 0x0012_019f,
    attributes: 0x20,
    shareAccess: 7,
    disposition: 3,
    options: 0x40,
    name: 'a\\b.c',
    contexts: {
      maximalAccess: { since: 0n },
      durableV2: { timeoutMs: 60_000, flags: 0, createGuid: GUID },
    },
  };
  agrees(create, 'create', request, {
    oplockLevel: 9,
    action: 2,
    creationTime: TIME,
    lastAccessTime: TIME,
    lastWriteTime: TIME,
    changeTime: TIME,
    allocationSize: 4096,
    endOfFile: 1,
    attributes: 0x20,
    id,
    contexts: {
      maximalAccess: { status: 0, access: 0x001f_01ff },
      durableV2: { timeoutMs: 60_000, flags: 0 },
    },
  });
});

test('CREATE whose context list points outside is refused', () => {
  const packet = goldenPacket('smb/create', 'request');
  packet.writeUInt32LE(0x1000, 52);
  assert.throws(
    () => create.decode(readerOf(packet)),
    (error: Error) => error instanceof DecodeError,
  );
});

test('CREATE whose contexts would be read for ever is refused', () => {
  const packet = goldenPacket('smb/create', 'request');
  packet.writeUInt32LE(4, 72);
  assert.throws(
    () => create.decode(readerOf(packet)),
    (error: Error) => error instanceof DecodeError,
  );
});

test('CLOSE with attributes', () => {
  const response = {
    flags: 1,
    creationTime: TIME,
    lastAccessTime: TIME + 1n,
    lastWriteTime: TIME + 2n,
    changeTime: TIME + 3n,
    allocationSize: 4096,
    endOfFile: 5,
    attributes: 0x20,
  };
  agrees(close, 'close', { flags: 1, id }, response);
});

test('FLUSH', () => {
  agrees(flush, 'flush', { id }, null);
});

test('READ', () => {
  const request = { id, offset: 65_536n, length: 65_536, minimumCount: 1, flags: 0, channel: 0 };
  agrees(read, 'read', request, { data: Buffer.from('abc') });
});

test('WRITE', () => {
  const request = { id, offset: 65_536n, flags: 1, channel: 0, data: Buffer.from('abc') };
  agrees(write, 'write', request, { count: 3 });
});

test('WRITE whose data lies outside of the message is refused', () => {
  const packet = goldenPacket('smb/write', 'request');
  packet.writeUInt32LE(4, 4);
  assert.throws(
    () => write.decode(readerOf(packet)),
    (error: Error) => error instanceof DecodeError,
  );
});

test('LOCK of two ranges', () => {
  const locks = [
    { offset: 0n, length: 10n, flags: 0x12 },
    { offset: 0xffff_ffff_ffff_ffffn, length: 1n, flags: 0x11 },
  ];
  agrees(lock, 'lock', { id, sequence: 0x53, locks }, null);
});

test('OPLOCK_BREAK of an oplock, and of a lease', () => {
  const oplock = { kind: 'oplock', level: 1, id } as const;
  agrees(oplockBreak, 'oplock-break', oplock, oplock, ['oplock', 'oplock']);
  const lease = { kind: 'lease', flags: 0, key: GUID, state: 3 } as const;
  agrees(oplockBreak, 'oplock-break', lease, lease, ['lease', 'lease']);
});

test('the notice of a break of a lease', () => {
  const grant = {
    kind: 'lease',
    rights: 7,
    breaking: true,
    breakTo: 3,
    clientGuid: GUID,
    key: GUID,
    parentKey: '',
    version: 2,
    epoch: 5,
  } as const;
  const notice = { open: undefined as never, grant, from: 7, to: 3, acknowledge: true, epoch: 5 };
  const packet = goldenPacket('smb/oplock-break', 'told');
  assert.is(breakBody(notice, id).toString('hex'), packet.toString('hex'));
  assert.equal(readBreak(readerOf(packet)), {
    kind: 'lease',
    epoch: 5,
    flags: 1,
    key: GUID,
    before: 7,
    after: 3,
  });
});
