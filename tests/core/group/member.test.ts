import * as assert from 'uvu/assert';
import type { Position } from '#core/group/entry.ts';
import type { LogOptions } from '#core/group/log.ts';
import { Member } from '#core/group/member.ts';
import { State } from '#core/group/state.ts';
import { SILENT } from '#core/log-line.ts';
import { type AppendFile, DiskError } from '#core/ports/disk.ts';
import { Backends } from '#core/volume/backends.ts';
import { MemoryStore } from '#core/volume/memory-store.ts';
import { Alone } from '#plugins/cluster/arbiter/alone/alone.ts';
import { FakeClock } from '../../plugins/cluster/support/fake-clock.ts';
import { SimDisk } from '../../sim/disk.ts';
import { suite } from '../../support/suite.ts';
import { BOX } from './bench.ts';

const test = suite('core/group/member');

class FailingDisk extends SimDisk {
  /** Whether syncs are refused from now on. */
  failing = false;

  /** Bytes that it says it has. */
  room = 1e9;

  override free(): number {
    return this.room;
  }

  override open(path: string): AppendFile {
    const file = super.open(path);
    const sync = file.sync.bind(file);
    file.sync = () =>
      this.failing ? Promise.reject(new DiskError(`${path}: cannot sync`, false)) : sync();
    return file;
  }
}

interface Stage {
  readonly member: Member;
  readonly state: State;
  readonly disk: FailingDisk;
  readonly clock: FakeClock;
}

/** A box alone in its group, over a disk in memory. */
function alone(log: LogOptions = {}): Stage {
  const disk = new FailingDisk((done) => setImmediate(done));
  const clock = new FakeClock();
  const state = new State(
    { self: BOX, rebooted: false },
    {
      store: new MemoryStore(),
      backends: new Backends(),
      syncLog: () => member.syncLog(),
      log: SILENT,
    },
  );
  const member: Member = new Member(
    {
      self: BOX,
      members: [BOX],
      founder: true,
      mayHaveLostTail: false,
      mayHaveLostContent: false,
      log,
    },
    {
      arbiter: new Alone(disk, BOX, 'g'),
      clock,
      disk,
      report: SILENT,
      state,
      random: { bytes: (size) => Buffer.alloc(size), u32: () => 7 },
      transport: { send() {} },
      defer: (run) => setImmediate(run),
    },
  );
  return { member, state, disk, clock };
}

/** Neither a change nor a reply. */
function propose({ member, state }: Pick<Stage, 'member' | 'state'>): void {
  const position = (state.staged + 1) as Position;
  const time = { seconds: 1, nanoseconds: 0 };
  state.stagedByTransaction(position, time, member.view);
  member.propose({ position, time, stable: false, body: Buffer.from([0, 0]), data: undefined });
}

test('a box that has stopped makes its last checkpoint: its log was synced before it was closed', async () => {
  const { member, state, clock } = alone();
  await member.start();
  await clock.pass(100);
  assert.ok(member.serving);
  await member.stop();
  await state.checkpoint();
});

test('a box whose log could not be synced as it stopped makes no checkpoint ahead of that log', async () => {
  const { member, state, disk, clock } = alone();
  await member.start();
  await clock.pass(100);
  assert.ok(member.serving);
  propose({ member, state });
  disk.failing = true;
  await member.stop();
  const refusal = await state.checkpoint().then(
    () => 'made',
    (error: Error) => error.message,
  );
  assert.match(refusal, /cannot sync/);
});

test('a box on a small disk gives up log that only others might want, soon after room got short', async () => {
  const stage = alone({ segmentSize: 1024, freeMin: 1000 });
  const { member, state, disk, clock } = stage;
  await member.start();
  await clock.pass(100);
  for (let count = 0; count < 200; count += 1) propose(stage);
  await clock.pass(20);
  await state.checkpoint();
  propose(stage);
  await clock.pass(20);
  const before = disk.list('log').length;
  assert.ok(before > 5, `${before} segments`);
  disk.room = 999;
  await clock.pass(1000);
  propose(stage);
  await clock.pass(20);
  assert.is(disk.list('log').length, 2);
  await member.stop();
});
