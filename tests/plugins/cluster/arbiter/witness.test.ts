import * as assert from 'uvu/assert';
import type { Arbiter } from '#core/group/arbiter.ts';
import type { BoxId } from '#core/group/entry.ts';
import { CHANNEL, type Link } from '#core/group/link.ts';
import { SILENT } from '#core/log-line.ts';
import { WitnessServer } from '#plugins/cluster/arbiter/witness/server.ts';
import { Witness } from '#plugins/cluster/arbiter/witness/witness.ts';
import { arbiterContract, configuration } from '../../../contract/arbiter.ts';
import { suite } from '../../../support/suite.ts';
import { Machines } from '../support/boxes.ts';

const test = suite('cluster/arbiter/witness');
const A = 'a' as BoxId;
const B = 'b' as BoxId;
/** Sorts between boxes' names on purpose nowhere: the witness listens to both. */
const W = 'witness' as BoxId;

interface World {
  readonly machines: Machines;
  readonly arbiters: Map<BoxId, Arbiter>;
  readonly links: Map<BoxId, Link>;
}

function declare(adopts = false): World {
  const machines = new Machines();
  const arbiters = new Map<BoxId, Arbiter>();
  const links = new Map<BoxId, Link>();
  for (const name of [A, B]) {
    machines.add(name, (link) => {
      links.set(name, link);
      const options = { peer: W, group: 'main', answerMsMax: 500 };
      arbiters.set(name, new Witness(link, machines.clock, options));
    });
  }
  machines.add(W, (link, disk) => {
    new WitnessServer(link, disk, SILENT, { adopts });
  });
  return { machines, arbiters, links };
}

async function world(adopts = false): Promise<World> {
  const it = declare(adopts);
  await it.machines.start(A, B, W);
  return it;
}

function arbiterOf({ arbiters }: World, name: BoxId): Arbiter {
  const arbiter = arbiters.get(name);
  if (arbiter === undefined) throw new Error(`no arbiter ${name}`);
  return arbiter;
}

arbiterContract({
  mode: 'witness',
  async create() {
    const { machines, arbiters } = await world();
    return {
      boxes: () => [...arbiters],
      wait: (answer) => machines.wait(answer),
      async restart() {
        await machines.stop(A, B, W);
        await machines.start(A, B, W);
      },
      async cutOff() {
        machines.net.cut = true;
      },
      fillDisk() {
        machines.disk(W).isFull = true;
      },
    };
  },
});

test('without a witness the answer comes at once and names it', async () => {
  const it = await world();
  await it.machines.stop(W);
  const answer = await arbiterOf(it, A).read();
  assert.is(answer.kind, 'unreachable');
  if (answer.kind === 'unreachable') assert.match(answer.reason, 'witness is not connected');
  assert.match(arbiterOf(it, A).condition, 'nobody can take over');
});

test('a witness that falls silent is unreachable after half a second', async () => {
  const it = await world();
  it.machines.net.cut = true;
  let answered = false;
  const answer = arbiterOf(it, A)
    .read()
    .then((given) => {
      answered = true;
      return given;
    });
  await it.machines.clock.pass(490);
  assert.not.ok(answered);
  await it.machines.clock.pass(20);
  assert.ok(answered);
  assert.is((await answer).kind, 'unreachable');
});

test('an empty register of a group that has run takes nothing, unless the owner says so', async () => {
  const next = configuration(8, A, [A, B]);
  const strict = await world();
  const refused = await strict.machines.wait(arbiterOf(strict, A).propose(next));
  assert.is(refused.kind, 'unreachable');
  if (refused.kind === 'unreachable') assert.match(refused.reason, 'adopt = true');
  const adopting = await world(true);
  const accepted = await adopting.machines.wait(arbiterOf(adopting, A).propose(next));
  assert.is(accepted.kind, 'accepted');
});

test('a proposal is on disk before its answer leaves', async () => {
  const it = await world();
  const accepted = it.machines.wait(arbiterOf(it, A).propose(configuration(1, A, [A, B])));
  assert.is((await accepted).kind, 'accepted');
  const text = it.machines.disk(W).files.get('witness/main.json')?.toString();
  assert.equal(JSON.parse(text ?? ''), {
    format: 1,
    group: 'main',
    configuration: { view: 1, primary: 'a', inSync: ['a', 'b'] },
  });
});

test('a damaged register stops the witness from starting', async () => {
  for (const text of ['', '{', '{"format":1}', '{"format":2}', '{"format":1,"group":"other"}']) {
    const it = declare();
    it.machines.disk(W).files.set('witness/main.json', Buffer.from(text));
    try {
      await it.machines.start(W);
      assert.unreachable(`took ${text}`);
    } catch (error) {
      assert.match(String(error), /witness\/main.json: the register .* cannot be read/);
    }
  }
});

test('nonsense on the channel is dropped and the next question answered', async () => {
  const it = await world();
  const link = it.links.get(A);
  for (const text of [
    '',
    'null',
    '[]',
    '{"kind":"read"}',
    '{"kind":"read","id":1,"group":"../../etc/passwd"}',
    '{"kind":"propose","id":1,"group":"main","configuration":{"view":0,"primary":"a","inSync":["a"]}}',
    '{"kind":"propose","id":1,"group":"main","configuration":{"view":1,"primary":"c","inSync":["a"]}}',
    '{"kind":"propose","id":1,"group":"main","configuration":{"view":1,"primary":"a","inSync":["b","a"]}}',
    `{"kind":"read","id":1,"group":"${'x'.repeat(5_000)}"}`,
  ]) {
    link?.send(W, CHANNEL.witness, [Buffer.from(text)]);
  }
  await it.machines.clock.pass(10);
  assert.equal(await it.machines.wait(arbiterOf(it, A).read()), { kind: 'empty' });
  assert.is(it.machines.disk(W).replaces, 0);
});
