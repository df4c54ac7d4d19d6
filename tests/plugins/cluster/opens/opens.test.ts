import * as assert from 'uvu/assert';
import { SILENT } from '#core/log-line.ts';
import { DurableTable } from '#core/opens/durable-table.ts';
import { OPLOCK_NONE } from '#core/opens/grants.ts';
import { Opens } from '#core/opens/manager.ts';
import type { HeldOpen } from '#core/opens/types.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import { type FileId, ROOT_ID } from '#core/vfs/inode.ts';
import { create, remove } from '#core/volume/operations.ts';
import { flushLater } from '#plugins/cluster/opens/flush.ts';
import { Orphans } from '#plugins/cluster/opens/orphans.ts';
import { createArgs } from '../../../core/volume/fixture.ts';
import { FakeGroup, VOLUME_ID } from '../../../support/fake-group.ts';
import { suite } from '../../../support/suite.ts';
import { FakeClock } from '../support/fake-clock.ts';

const test = suite('cluster/opens');

function stage() {
  const clock = new FakeClock();
  const group = new FakeGroup();
  const opens = new Opens({ clock });
  const durable = new DurableTable({ group, opens, log: SILENT });
  group.onRemoval((volume, file) => opens.hasOpens({ volume, file }));
  group.serve(true);
  return { clock, group, opens, durable };
}

function make(group: FakeGroup, name: string): FileId {
  const made = group.begin().change(create, group.served, ROOT_CALLER, createArgs(name));
  group.seal(undefined);
  assert.ok(made.ok);
  return made.value.inode.id;
}

function unlink(group: FakeGroup, name: string): void {
  const args = { directory: ROOT_ID, name };
  assert.ok(group.begin().change(remove, group.served, ROOT_CALLER, args).ok);
  group.seal(undefined);
}

function open(opens: Opens, file: FileId): HeldOpen {
  const outcome = opens.open({
    volume: VOLUME_ID,
    file,
    holder: { told: () => true },
    clientGuid: '',
    access: 1,
    share: 7,
    overwrites: false,
    deleteOnClose: false,
    isDirectory: false,
    created: false,
    grant: { kind: 'oplock', level: OPLOCK_NONE },
  });
  assert.ok(outcome.kind === 'granted');
  return outcome.open;
}

test('a file without a name goes with its last open, whatever ended that', async () => {
  const { clock, group, opens } = stage();
  const orphans = new Orphans(group, opens, clock);
  const file = make(group, 'a');
  const [one, two] = [open(opens, file), open(opens, file)];
  unlink(group, 'a');
  assert.is(group.served.tree.inode(file)?.nlink, 0);
  opens.close(one);
  await clock.pass(1);
  assert.ok(group.served.tree.inode(file));
  opens.disconnect(two, 50);
  group.accepting = false;
  await clock.pass(60);
  assert.ok(group.served.tree.inode(file), 'a planned move is under way');
  group.accepting = true;
  await clock.pass(30);
  assert.is(group.served.tree.inode(file), undefined);
  assert.ok(orphans);
});

test('what the box before left without a name and an open is released', async () => {
  const { clock, group, opens } = stage();
  for (let index = 0; index < 100; index += 1) {
    const file = make(group, `f${index}`);
    open(opens, file);
    unlink(group, `f${index}`);
  }
  const kept = make(group, 'kept');
  const files = group.served.tree.orphans();
  assert.is(files.length, 100);
  opens.clear();
  open(opens, kept);
  open(opens, files[7] as FileId);
  new Orphans(group, opens, clock).releaseLater();
  await clock.pass(1);
  assert.equal(group.served.tree.orphans(), [files[7]]);
});

test('rows that change outside a command have an entry of their own, when calls are let in', async () => {
  const { clock, group, opens, durable } = stage();
  flushLater(durable, group, clock);
  const held = open(opens, make(group, 'a'));
  const info = {
    persistentId: 1n,
    version: 1,
    createGuid: '',
    user: 'u',
    share: 's',
    path: 'a',
    timeoutMs: 1000,
    channelSequence: 0,
    lockSequences: Buffer.alloc(0),
    createOptions: 0,
    extra: Buffer.alloc(0),
  } as const;
  durable.grant(held, info);
  const before = group.staged;
  group.accepting = false;
  await clock.pass(100);
  assert.is(group.staged, before);
  group.accepting = true;
  await clock.pass(20);
  assert.is(group.staged, before + 1);
  assert.is(group.rows('smb/open/').length, 1);
  // A command that puts its rows itself leaves nothing to do.
  opens.lock(held, [{ offset: 0n, length: 1n, exclusive: true }]);
  durable.flush(group.begin());
  group.seal(undefined);
  await clock.pass(20);
  assert.is(group.staged, before + 2);
  opens.close(held);
  await clock.pass(1);
  assert.is(group.rows('smb/open/').length, 0);
});
