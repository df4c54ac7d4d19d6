/** Orders of an owner that meet others, or a takeover, on their way. */
import * as assert from 'uvu/assert';
import type { BoxId } from '#core/group/entry.ts';
import type { VolumeLimits } from '#core/volume/backend.ts';
import { commands } from '#plugins/cluster/replication/commands.ts';
import { Bench, BOX } from '../../../core/group/bench.ts';
import { LIMITS } from '../../../core/volume/fake-backend.ts';
import { suite } from '../../../support/suite.ts';

const test = suite('cluster/replication/commands');
const OTHER = 'b' as BoxId;

interface Table {
  readonly bench: Bench;
  readonly create: (name: string) => Promise<string>;
  /** Lets the other box answer whether it can hold a volume. */
  readonly answer: (limits: VolumeLimits | string) => void;
}

function tableOf(): Table {
  const bench = new Bench();
  const asked: ((answer: unknown) => void)[] = [];
  const table = commands({
    self: BOX,
    members: [BOX, OTHER],
    group: bench.group,
    member: undefined as never,
    state: bench.state,
    requests: { ask: () => new Promise((resolve) => asked.push(resolve)) } as never,
    random: { bytes: (size) => Buffer.alloc(size), u32: () => 7 },
    key: undefined as never,
    handKey: () => Promise.resolve(),
    prepare: () => LIMITS,
    checkAddress: async () => undefined,
  });
  return {
    bench,
    create: async (name) => {
      const params = { name, backends: { [BOX]: 'fake', [OTHER]: 'fake' } };
      try {
        await table['volume.create']?.(params);
        return 'made';
      } catch (error) {
        return (error as Error).message;
      }
    },
    answer: (limits) => {
      for (const resolve of asked.splice(0)) resolve(limits);
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

test('of two volumes made at once one is made and the other refused', async () => {
  const { bench, create, answer } = tableOf();
  const one = create('one');
  const two = create('two');
  answer(LIMITS);
  await turn();
  bench.commit();
  assert.is(await one, 'made');
  assert.match(await two, /at the same time; try again/);
  assert.equal(
    bench.state.registry.volumes.map(({ id, name }) => [id, name]),
    [[1, 'one']],
  );
});

test('a volume that another box cannot hold is made on none', async () => {
  const { bench, create, answer } = tableOf();
  const one = create('one');
  answer('no such folder');
  assert.match(await one, /box b: no such folder/);
  assert.is(bench.entries.length, 0);
});

test('an order that outlasts the part of the primary is refused, and one under way says that it is not known', async () => {
  const { bench, create, answer } = tableOf();
  const one = create('one');
  answer(LIMITS);
  await turn();
  bench.replace();
  assert.match(await one, /serves no longer/);
  bench.serving = true;
  const two = create('two');
  bench.replace();
  answer(LIMITS);
  assert.match(await two, /does not serve now; try again/);
});

test('a volume that cannot be opened is refused, and the next order goes on', async () => {
  const { bench, create, answer } = tableOf();
  bench.opens = false;
  const one = create('one');
  answer(LIMITS);
  assert.match(await one, /cannot be opened/);
  bench.opens = true;
  const two = create('two');
  answer(LIMITS);
  await turn();
  bench.commit();
  assert.is(await two, 'made');
});
