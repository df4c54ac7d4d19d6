/**
 * Share modes and byte-range locks against a model that is too simple to be wrong: an array of who has which byte of sixteen,
 * and every pair of opens compared. `SEED=n` repeats a failure.
 */
import * as assert from 'uvu/assert';
import {
  DELETE,
  FILE_EXECUTE,
  FILE_READ_ATTRIBUTES,
  FILE_READ_DATA,
  FILE_WRITE_DATA,
} from '#core/opens/access.ts';
import { OPLOCK_NONE } from '#core/opens/grants.ts';
import { Opens } from '#core/opens/manager.ts';
import type { HeldOpen, OpenRequest, RangeRequest } from '#core/opens/types.ts';
import type { FileId } from '#core/vfs/inode.ts';
import { Seeded, seedOf } from '../../support/seeded.ts';
import { suite } from '../../support/suite.ts';
import { TestClock } from './opens-stage.ts';

const test = suite('opens/model');

const BYTES = 16;
const STEPS = 4_000;
const HOLDER = { told: () => false };
const ACCESS = [FILE_READ_DATA, FILE_WRITE_DATA, DELETE, FILE_EXECUTE, FILE_READ_ATTRIBUTES];

interface ModelLock {
  readonly open: HeldOpen;
  readonly range: RangeRequest;
}

class Model {
  opens: HeldOpen[] = [];
  locks: ModelLock[] = [];

  /** Right by right, both ways. */
  admits({ access, share }: OpenRequest): boolean {
    const wants = (mask: number, bits: number) => (mask & bits) !== 0;
    const counts = (mask: number) =>
      wants(mask, FILE_READ_DATA | FILE_WRITE_DATA | DELETE | FILE_EXECUTE);
    const lets = (mask: number, shared: number): boolean =>
      (!wants(mask, FILE_READ_DATA | FILE_EXECUTE) || wants(shared, 1)) &&
      (!wants(mask, FILE_WRITE_DATA) || wants(shared, 2)) &&
      (!wants(mask, DELETE) || wants(shared, 4));
    if (!counts(access)) return true;
    return this.opens
      .filter((open) => counts(open.access))
      .every((open) => lets(access, open.share) && lets(open.access, share));
  }

  /** Byte by byte; a range of no bytes meets one that has the byte before and the byte after. */
  grants(open: HeldOpen, range: RangeRequest): boolean {
    return !this.locks.some((held) => {
      if (!held.range.exclusive && !range.exclusive) return false;
      if (held.open === open && held.range.exclusive && !range.exclusive) return false;
      return meets(held.range, range);
    });
  }

  may(what: 'read' | 'write', open: HeldOpen | undefined, at: number): boolean {
    return this.locks.every(({ open: owner, range }) => {
      if (!bytesOf(range).includes(at)) return true;
      if (what === 'read') return !range.exclusive || owner === open;
      return range.exclusive && owner === open;
    });
  }
}

function bytesOf({ offset, length }: RangeRequest): number[] {
  return Array.from({ length: Number(length) }, (_, index) => Number(offset) + index);
}

function meets(one: RangeRequest, other: RangeRequest): boolean {
  const [first, second] = [bytesOf(one), bytesOf(other)];
  if (first.length === 0 && second.length === 0) return false;
  if (first.length > 0 && second.length > 0) return first.some((byte) => second.includes(byte));
  const bytes = first.length > 0 ? first : second;
  const at = Number((first.length > 0 ? other : one).offset);
  return bytes.includes(at - 1) && bytes.includes(at);
}

test('opens and locks are granted and refused as a simple model says', () => {
  const seed = seedOf();
  const seeded = new Seeded(seed);
  const opens = new Opens({ clock: new TestClock() });
  const model = new Model();
  const ref = { volume: 1, file: 7 as FileId };
  const range = (): RangeRequest => {
    const offset = seeded.below(BYTES);
    const length = seeded.below(BYTES - offset);
    return { offset: BigInt(offset), length: BigInt(length), exclusive: seeded.chance(2) };
  };
  for (let step = 0; step < STEPS; step += 1) {
    const where = `SEED=${seed} step ${step}`;
    const open = model.opens[seeded.below(Math.max(1, model.opens.length))];
    const what = seeded.below(10);
    if (open === undefined || what === 0) {
      const request = openRequest(seeded, ref);
      const outcome = opens.open(request);
      assert.is(outcome.kind, model.admits(request) ? 'granted' : 'sharing-violation', where);
      if (outcome.kind === 'granted') model.opens.push(outcome.open);
    } else if (what === 1) {
      opens.close(open);
      model.opens = model.opens.filter((other) => other !== open);
      model.locks = model.locks.filter((lock) => lock.open !== open);
    } else if (what < 6) {
      const asked = range();
      const expected = model.grants(open, asked);
      assert.is(opens.lock(open, [asked]), expected ? 'granted' : 'not-granted', where);
      if (expected) model.locks.push({ open, range: asked });
    } else if (what < 8) {
      const lock = model.locks.find((held) => held.open === open);
      const asked = lock?.range ?? range();
      assert.is(opens.unlock(open, asked.offset, asked.length), lock !== undefined, where);
      model.locks.splice(unlocked(model.locks, open, asked), lock === undefined ? 0 : 1);
    } else {
      const at = seeded.below(BYTES);
      assert.is(opens.mayRead(ref, open, at, 1), model.may('read', open, at), where);
      assert.is(opens.mayWrite(ref, open, at, 1), model.may('write', open, at), where);
    }
  }
});

/** Of several alike the exclusive one goes first. */
function unlocked(locks: readonly ModelLock[], open: HeldOpen, asked: RangeRequest): number {
  const matches = ({ open: owner, range }: ModelLock) =>
    owner === open && range.offset === asked.offset && range.length === asked.length;
  const exclusive = locks.findIndex((lock) => lock.range.exclusive && matches(lock));
  return exclusive >= 0 ? exclusive : locks.findIndex(matches);
}

function openRequest(seeded: Seeded, ref: { volume: number; file: FileId }): OpenRequest {
  const access = ACCESS.reduce((all, bit) => (seeded.chance(3) ? all | bit : all), 0);
  return {
    ...ref,
    holder: HOLDER,
    clientGuid: '',
    access,
    share: seeded.chance(3) ? seeded.below(8) : 7,
    overwrites: false,
    deleteOnClose: false,
    isDirectory: false,
    created: false,
    grant: { kind: 'oplock', level: OPLOCK_NONE },
  };
}

test('whatever comes, at most one may cache writes, and nobody does beside somebody who reads', () => {
  const seed = seedOf();
  const seeded = new Seeded(seed);
  const clock = new TestClock();
  const opens = new Opens({ clock });
  const ref = { volume: 1, file: 7 as FileId };
  const held: HeldOpen[] = [];
  for (let step = 0; step < STEPS; step += 1) {
    const what = seeded.below(8);
    const index = seeded.below(Math.max(1, held.length));
    const open = held[index];
    if (open === undefined || what < 3) {
      const client = `c${seeded.below(3)}`;
      const outcome = opens.open(grantRequest(seeded, ref, client));
      if (outcome.kind === 'granted') held.push(outcome.open);
      if (outcome.kind === 'breaking' && seeded.chance(3)) outcome.wait.resume(() => {})();
    } else if (what < 5) {
      opens.close(open);
      held.splice(index, 1);
    } else if (what === 5) {
      opens.breakFor(ref, seeded.pick(['read', 'write', 'rename', 'unlink'] as const), open);
    } else if (what === 6) {
      const { grant } = open;
      const rights = grant.breakTo & seeded.below(8);
      if (grant.kind === 'lease') opens.acknowledgeLease(grant.clientGuid, grant.key, rights);
      else opens.acknowledgeOplock(open, seeded.pick([0, 1, 9]));
    } else {
      clock.pass(seeded.pick([0, 1_000, 36_000]));
    }
    check(opens, held, `SEED=${seed} step ${step}`);
  }
  for (const open of held) opens.close(open);
  clock.pass(0);
  assert.is(opens.isIdle, true);
  assert.is(clock.pending, 0, 'a timer of an open that is gone');
});

function check(opens: Opens, held: readonly HeldOpen[], where: string): void {
  const grants = new Set(held.map((open) => open.grant));
  const writers = [...grants].filter(({ rights }) => (rights & 4) !== 0);
  assert.ok(writers.length <= 1, `${where}: ${writers.length} cache writes`);
  if (writers[0] === undefined || writers[0].breaking) return;
  const readers = [...grants].filter(({ rights }) => (rights & 1) !== 0);
  assert.is(readers.length, 1, `${where}: somebody caches reads beside a writer`);
  assert.is(opens.isIdle, false);
}

function grantRequest(
  seeded: Seeded,
  ref: { volume: number; file: FileId },
  clientGuid: string,
): OpenRequest {
  const level = seeded.pick([0, 1, 8, 9] as const);
  const lease = {
    kind: 'lease',
    version: 2,
    key: `k${clientGuid}${seeded.below(2)}`,
    rights: seeded.below(8),
    parentKey: '',
    epoch: 0,
  } as const;
  return {
    ...ref,
    holder: { told: () => !seeded.chance(20) },
    clientGuid,
    access: seeded.pick([FILE_READ_DATA, FILE_READ_DATA | FILE_WRITE_DATA, FILE_READ_ATTRIBUTES]),
    share: 7,
    overwrites: seeded.chance(6),
    deleteOnClose: false,
    isDirectory: false,
    created: false,
    again: seeded.chance(4),
    grant: seeded.chance(2) ? lease : { kind: 'oplock', level },
  };
}
