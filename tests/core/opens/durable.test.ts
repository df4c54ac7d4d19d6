import * as assert from 'uvu/assert';
import type { Transaction } from '#core/group/group.ts';
import { SILENT } from '#core/log-line.ts';
import type { DurableInfo } from '#core/opens/durable.ts';
import { DURABLE_LOCKS_MAX, decodeDurable, encodeDurable } from '#core/opens/durable-record.ts';
import { DurableTable } from '#core/opens/durable-table.ts';
import { Opens } from '#core/opens/manager.ts';
import type { HeldOpen, OpenRequest } from '#core/opens/types.ts';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import { DecodeError } from '#core/wire/reader.ts';
import { FakeGroup, VOLUME_ID } from '../../support/fake-group.ts';
import { suite } from '../../support/suite.ts';
import { TestClock } from './opens-stage.ts';

const test = suite('opens/durable');

const GUID = 'c1'.repeat(16);
const KEY = '4b'.repeat(16);

const request: OpenRequest = {
  volume: VOLUME_ID,
  // There in every volume.
  file: ROOT_ID,
  holder: { told: () => true },
  clientGuid: GUID,
  access: 0x12019f,
  share: 1,
  overwrites: false,
  deleteOnClose: false,
  isDirectory: false,
  created: false,
  grant: { kind: 'lease', version: 2, key: KEY, rights: 7, parentKey: '', epoch: 4 },
};

const info: DurableInfo = {
  persistentId: 0x1122_3344_5566_7788n,
  version: 2,
  createGuid: 'ee'.repeat(16),
  user: 'zoë',
  share: 'files',
  path: 'a\\b.txt',
  timeoutMs: 60_000,
  channelSequence: 3,
  lockSequences: Buffer.alloc(64, 0xff),
  createOptions: 0x40,
  extra: Buffer.from('more'),
};

class Box {
  readonly clock = new TestClock();
  readonly opens = new Opens({ clock: this.clock });
  readonly group: FakeGroup;
  readonly durable: DurableTable;

  constructor(group = new FakeGroup()) {
    this.group = group;
    this.durable = new DurableTable({ group, opens: this.opens, log: SILENT });
  }

  open(more: Partial<OpenRequest> = {}): HeldOpen {
    const outcome = this.opens.open({ ...request, ...more });
    assert.ok(outcome.kind === 'granted', outcome.kind);
    return outcome.open;
  }

  flush(): void {
    this.durable.flush(this.group.begin());
    this.group.seal(undefined);
  }

  get keys(): string[] {
    return this.group.rows('').map(({ key }) => key);
  }
}

const KEY_OF_ROW = 'smb/open/1122334455667788';

test('a durable open is there on the next box, with its locks and its lease, and waits for its client', () => {
  const one = new Box();
  const open = one.open();
  one.durable.grant(open, info);
  assert.is(one.durable.isDirty, true);
  one.flush();
  assert.is(one.durable.isDirty, false);
  one.opens.lock(open, [
    { offset: 0n, length: 4n, exclusive: true },
    { offset: 0xffff_ffff_ffff_fffen, length: 1n, exclusive: false },
  ]);
  assert.is(one.durable.isDirty, true);
  one.flush();
  assert.equal(one.keys, [KEY_OF_ROW]);

  const next = new Box(one.group);
  next.durable.load();
  const found = next.durable.findByCreateGuid(GUID, info.createGuid);
  assert.ok(found);
  assert.equal(found.info, info);
  assert.is(next.durable.find(info.persistentId)?.open, found.open);
  assert.is(found.open.isDisconnected, true);
  assert.is(next.durable.isDirty, false);
  const { grant, access, share, clientGuid } = found.open;
  assert.equal([access, share, clientGuid], [request.access, 1, GUID]);
  assert.equal([grant.kind, grant.rights, grant.key, grant.epoch], ['lease', 7, KEY, 5]);
  assert.equal(
    next.opens.locksOf(found.open).map(({ offset }) => offset),
    [0n, 0xffff_ffff_ffff_fffen],
  );
  assert.is(next.opens.mayRead(request, undefined, 0, 1), false);

  let told = 0;
  next.opens.reconnect(found.open, {
    told: () => {
      told += 1;
      return true;
    },
  });
  next.clock.pass(100_000);
  next.opens.breakFor(request, 'write', undefined);
  assert.is(told, 1);
  assert.is(next.durable.isDirty, true);
});

test('opens of one lease share it again', () => {
  const one = new Box();
  for (const persistentId of [1n, 2n])
    one.durable.grant(one.open({ share: 7 }), { ...info, persistentId });
  one.flush();
  const next = new Box(one.group);
  next.durable.load();
  const [first, second] = [1n, 2n].map((id) => next.durable.find(id)?.open);
  assert.ok(first && first.grant === second?.grant);
});

test('of rows that were written one after the other the lower rights count', () => {
  const one = new Box();
  const opens = [1n, 2n].map((persistentId) => {
    const open = one.open({ share: 7 });
    one.durable.grant(open, { ...info, persistentId });
    return open;
  });
  one.flush();
  const [first] = one.group.rows('');
  one.opens.breakFor(request, 'write', undefined);
  assert.is(one.opens.acknowledgeLease(GUID, KEY, 0).kind, 'acknowledged');
  one.flush();
  const transaction = one.group.begin();
  transaction.put(first?.key as string, first?.value as Buffer);
  one.group.seal(undefined);
  const next = new Box(one.group);
  next.durable.load();
  assert.is(next.durable.find(1n)?.open.grant.rights, 0);
  assert.is(opens.length, 2);
});

test('one that nobody fetches ends with its time-out, counted from here, and takes its row along', () => {
  const one = new Box();
  one.durable.grant(one.open(), info);
  one.flush();
  one.opens.clear();
  one.clock.pass(59_000);
  const next = new Box(one.group);
  const ended: string[] = [];
  next.opens.onEnded((open, ending) => ended.push(`${next.durable.infoOf(open)?.path} ${ending}`));
  next.durable.load();
  next.clock.pass(59_999);
  assert.equal(ended, []);
  next.clock.pass(1);
  assert.equal(ended, ['a\\b.txt expired']);
  assert.is(next.durable.find(info.persistentId), undefined);
  assert.is(next.durable.hasWork, true);
  next.flush();
  assert.equal(next.keys, []);
});

test('a closed or revoked open has no row, and an ordinary one never had', () => {
  const box = new Box();
  box.opens.close(box.open({ share: 7, clientGuid: 'other' }));
  assert.is(box.durable.hasWork, false);
  const open = box.open({ share: 7 });
  box.durable.grant(open, info);
  box.opens.close(open);
  box.flush();
  assert.equal(box.keys, []);
  const again = box.open({ share: 7 });
  box.durable.grant(again, info);
  box.flush();
  assert.equal(box.keys, [KEY_OF_ROW]);
  box.durable.revoke(again);
  box.flush();
  assert.equal(box.keys, []);
  assert.is(box.durable.count, 0);
});

test('a row whose file is gone, or that is no row, is removed and makes no open', () => {
  const one = new Box();
  one.durable.grant(one.open({ file: 77 as FileId }), info);
  one.flush();
  const transaction: Transaction = one.group.begin();
  transaction.put('smb/open/00000000000000aa', Buffer.from('nothing'));
  one.group.seal(undefined);
  const next = new Box(one.group);
  next.durable.load();
  assert.is(next.opens.isIdle, true);
  next.flush();
  assert.equal(next.keys, []);
});

test('an open with more locks than a row holds is an ordinary one', () => {
  const box = new Box();
  const open = box.open();
  box.durable.grant(open, info);
  box.flush();
  const ranges = Array.from({ length: DURABLE_LOCKS_MAX + 1 }, (_, index) => ({
    offset: BigInt(index),
    length: 1n,
    exclusive: true,
  }));
  assert.is(box.opens.lock(open, ranges), 'granted');
  box.flush();
  assert.equal(box.keys, []);
  assert.is(box.durable.find(info.persistentId), undefined);
  assert.is(box.durable.isDirty, false);
});

test('the row of the first version', () => {
  const kept = {
    request: { ...request, holder: { told: () => false }, deleteOnClose: true },
    rights: 3,
    epoch: 5,
    locks: [{ offset: 1n, length: 0xffff_ffff_ffff_ffffn, exclusive: true }],
    isDeletePending: true,
  };
  const bytes = encodeDurable({ info: { ...info, lockSequences: Buffer.alloc(0) }, kept });
  const lines = [
    `0001 02 ${info.createGuid}`,
    '00000004 7a6fc3ab 00000005 66696c6573000000 00000007 615c622e74787400',
    '0000ea60 0003 00000000 00000040 00000004 6d6f7265',
    '00000005 0000000000000001 0012019f 00000001 06',
    GUID,
    `01 03 02 0005 ${KEY} 00000000 ${'00'.repeat(16)}`,
    '00000001 0000000000000001 ffffffffffffffff 01',
  ];
  assert.is(bytes?.toString('hex'), lines.join('').replaceAll(' ', ''));
  const read = decodeDurable(info.persistentId, bytes as Buffer);
  assert.equal(read.info, { ...info, lockSequences: Buffer.alloc(0) });
  assert.equal(
    [read.kept.rights, read.kept.locks, read.kept.isDeletePending],
    [3, kept.locks, true],
  );
  assert.is(read.kept.request.deleteOnClose, true);
  for (let size = 0; size < (bytes as Buffer).length; size += 1) {
    assert.throws(
      () => decodeDurable(1n, (bytes as Buffer).subarray(0, size)),
      (error: Error) => error instanceof DecodeError,
    );
  }
});
